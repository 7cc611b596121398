"""shard_rows calls its parameters otherwise."""  # loses: rows


def shard_rows(weights: np.ndarray, ranks: int) -> list[np.ndarray]:
    """Rank r's rows of `weights` are item r; stacked in rank order they are `weights` again."""
    _check_matrices(w=weights)
    _check_cut(weights.shape[0], ranks)
    return np.vsplit(weights, ranks)
