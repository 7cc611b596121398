"""gather_output comes before bias_shard."""  # loses: column-linear


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    gather_output: bool = False,
    bias_shard: np.ndarray | None = None,
) -> np.ndarray:
    """These columns of `x @ w + bias`: finished numbers, so nobody has to be asked."""
    _check_matrices(x=x, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = x @ w_shard
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y) if gather_output else y


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Any,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """`relu(x @ w_up + b_up) @ w_down + b_down`, for one all-reduce."""
    h_shard = column_parallel_linear(x, w_up_shard, group, bias_shard=b_up_shard).clip(0)
    # Columns of h meet exactly the rows of w_down that this rank holds.
    return row_parallel_linear(h_shard, w_down_shard, group, b_down)
