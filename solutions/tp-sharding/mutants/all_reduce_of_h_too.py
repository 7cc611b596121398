"""h is all-reduced in disjoint places before w_down: right values, F entries too many."""  # loses: one-collective


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
    h = np.zeros((x.shape[0], group.world_size * h_shard.shape[1]), h_shard.dtype)
    mine = slice(group.rank * h_shard.shape[1], (group.rank + 1) * h_shard.shape[1])
    h[:, mine] = h_shard
    h_shard = group.all_reduce(h)[:, mine]
    return row_parallel_linear(h_shard, w_down_shard, group, b_down)
