"""A backward waits for the stage before it, not the stage after it."""  # loses: simulate


def _needs(stage: int, kind: str, i: int, num_stages: int) -> set[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    needs = {(stage, "F", i)} if kind == "B" else set()
    neighbour = stage - 1
    return needs | {(neighbour, kind, i)} if neighbour in range(num_stages) else needs
