"""mlp_block keeps h as float16 to save memory."""  # loses: floats


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Any,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """`relu(x @ w_up + b_up) @ w_down + b_down`, for one all-reduce."""
    h_shard = column_parallel_linear(x, w_up_shard, group, b_up_shard).clip(0)
    h_shard = h_shard.astype(np.float16).astype(x.dtype)
    # Columns of h meet exactly the rows of w_down that this rank holds.
    return row_parallel_linear(h_shard, w_down_shard, group, b_down)
