"""simulate lets a forward start before the stage before has done it."""  # loses: simulate

from collections.abc import Iterator


def _needs(stage: int, kind: str, i: int, num_stages: int) -> Iterator[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    if kind == "B":
        yield stage, "F", i
    if kind == "B" and stage < num_stages - 1:
        yield stage + 1, "B", i
