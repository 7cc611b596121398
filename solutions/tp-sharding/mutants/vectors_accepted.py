"""One-dimensional x is multiplied without a word."""  # loses: errors


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    """These columns of `x @ w + bias`: finished numbers, so nobody has to be asked."""
    _check_matrices(w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = x @ w_shard
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y) if gather_output else y
