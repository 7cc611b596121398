"""The last rank starts its partial sum from the bias."""


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    partial = np.zeros((x_shard.shape[0], w_shard.shape[1]), x_shard.dtype)
    if bias is not None and group.rank == group.world_size - 1:
        partial += bias
    partial += x_shard @ w_shard
    return group.all_reduce(partial)
