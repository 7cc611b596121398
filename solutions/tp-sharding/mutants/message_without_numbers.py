"""The message does not say which numbers do not fit."""  # loses: errors


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size < 1:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
    if size % world_size:
        raise ValueError("it can not be cut evenly")
