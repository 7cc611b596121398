"""A backward waits for its own forward only, not for the stage after it."""  # loses: simulate


def _needs(stage: int, kind: str, i: int, num_stages: int) -> set[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    needs = {(stage, "F", i)} if kind == "B" else set()
    return needs if kind == "B" or stage == 0 else {(stage - 1, kind, i)}
