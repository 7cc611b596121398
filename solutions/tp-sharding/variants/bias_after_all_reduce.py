"""Each block written out by itself, its bias added to the finished sum, in the new array."""


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = group.all_reduce(x_shard @ w_shard)
    if bias is not None:
        y += bias
    return y


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Any,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """`relu(x @ w_up + b_up) @ w_down + b_down`, for one all-reduce."""
    _check_matrices(x=x, w_up_shard=w_up_shard, w_down_shard=w_down_shard)
    _check_bias(w_up_shard.shape[1], b_up_shard=b_up_shard)
    _check_bias(w_down_shard.shape[1], b_down=b_down)
    h_shard = x @ w_up_shard
    if b_up_shard is not None:
        h_shard += b_up_shard
    h_shard[h_shard < 0] = 0
    y = group.all_reduce(h_shard @ w_down_shard)
    if b_down is not None:
        y += b_down
    return y
