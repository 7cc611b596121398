"""Every rank adds its share of the bias, which three shares of a float need not make up."""  # loses: row-linear


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = x_shard @ w_shard
    if bias is not None:
        y = y + bias / y.dtype.type(group.world_size)
    return group.all_reduce(y)
