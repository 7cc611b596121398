"""Rank r gets every world_size-th column, so w_up no longer fits w_down."""  # loses: columns


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return [w[:, rank::world_size] for rank in range(world_size)]
