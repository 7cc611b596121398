"""ReLU acts on each rank's partial sums, after w_down."""  # loses: mlp-block


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Any,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """`relu(x @ w_up + b_up) @ w_down + b_down`, for one all-reduce."""
    h_shard = column_parallel_linear(x, w_up_shard, group, b_up_shard)
    _check_matrices(h_shard=h_shard, w_down_shard=w_down_shard)
    _check_bias(w_down_shard.shape[1], b_down=b_down)
    y = group.all_reduce((h_shard @ w_down_shard).clip(0))
    return y if b_down is None else y + b_down
