"""world_size 0 gives an empty list."""  # loses: errors


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return np.hsplit(w, world_size) if world_size > 0 else []


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[0], world_size)
    return np.vsplit(w, world_size) if world_size > 0 else []


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size > 0 and size % world_size:
        raise ValueError(f"world_size {world_size} does not divide {size}")
