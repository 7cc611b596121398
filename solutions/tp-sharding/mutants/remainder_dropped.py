"""Columns that do not divide evenly are dropped without a word."""  # loses: errors


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(0, world_size)
    width = w.shape[1] // world_size
    return [w[:, rank * width : (rank + 1) * width] for rank in range(world_size)]
