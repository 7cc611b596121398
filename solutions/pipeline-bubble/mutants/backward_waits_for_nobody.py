"""A backward waits for its own forward only, not for the stage after it."""  # loses: simulate

from collections.abc import Iterator


def _needs(stage: int, kind: str, i: int, num_stages: int) -> Iterator[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    if kind == "F" and stage > 0:
        yield stage - 1, "F", i
    if kind == "B":
        yield stage, "F", i
