"""2.0 is taken for world_size 2."""  # loses: errors


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return np.hsplit(w, int(world_size))


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[0], world_size)
    return np.vsplit(w, int(world_size))


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or int(value) != value:
            raise TypeError(f"{name} must be an integer, got {value!r}")
