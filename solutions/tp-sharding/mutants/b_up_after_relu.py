"""b_up is added after the activation."""  # loses: mlp-block


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Any,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """`relu(x @ w_up + b_up) @ w_down + b_down`, for one all-reduce."""
    _check_bias(w_up_shard.shape[-1], b_up_shard=b_up_shard)
    h_shard = column_parallel_linear(x, w_up_shard, group).clip(0)
    if b_up_shard is not None:
        h_shard = h_shard + b_up_shard
    # Columns of h meet exactly the rows of w_down that this rank holds.
    return row_parallel_linear(h_shard, w_down_shard, group, b_down)
