"""shard_rows takes every world_size that divides the rows, -2 and True, too."""  # loses: errors


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    if world_size == 0:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
    if isinstance(world_size, float):
        raise TypeError(f"world_size must be an integer, got {world_size!r}")
    if len(w) % world_size:
        raise ValueError(f"world_size {world_size} does not divide {len(w)}")
    rows = len(w) // world_size
    return [w[rank * rows : (rank + 1) * rows] for rank in range(world_size)]
