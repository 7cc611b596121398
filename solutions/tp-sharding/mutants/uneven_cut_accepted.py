"""A dimension that world_size does not divide is cut unevenly."""  # loses: errors


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return np.array_split(w, world_size, axis=1)


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[0], world_size)
    return np.array_split(w, world_size)


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size < 1:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
