"""simulate lets a backward start before its own forward."""  # loses: illegal-orders


def _needs(stage: int, kind: str, i: int, num_stages: int) -> set[tuple[int, str, int]]:
    """The ops that must have ended before this one starts, besides those before it on its stage."""
    neighbour = stage - 1 if kind == "F" else stage + 1
    return {(neighbour, kind, i)} if neighbour in range(num_stages) else set()
