"""Uneven cuts end in an AssertionError."""  # loses: errors


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size < 1:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
    assert size % world_size == 0, f"world_size {world_size} does not divide {size}"
