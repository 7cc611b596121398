"""Sums the inner dimension backwards, in strides, and the ranks' shares as they come."""


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    """These columns of `x @ w + bias`: finished numbers, so nobody has to be asked."""
    _check_matrices(x=x, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = _backwards(x, w_shard)
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y) if gather_output else y


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = group.all_reduce(_backwards(x_shard, w_shard))
    # Added once the sum is complete: before it, every rank would add its own copy.
    return y if bias is None else y + bias


def _backwards(x, w):
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"{x.shape} does not meet {w.shape}")
    order = [k for start in (2, 1, 0) for k in range(start, x.shape[1], 3)][::-1]
    y = np.zeros((x.shape[0], w.shape[1]), x.dtype)
    for k in order:
        y = x[:, k : k + 1] * w[k] + y
    return y
