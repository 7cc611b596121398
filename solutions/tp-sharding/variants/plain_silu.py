"""silu as x / (1 + exp(-x)), one product for gate and up, the embedding by np.where."""


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    _check_matrices(x=x, w_gate_up_shard=w_gate_up_shard)
    gate, up = np.hsplit(x @ w_gate_up_shard, 2)
    h_shard = _silu(gate) * up
    return row_parallel_linear(h_shard, w_down_shard, group)


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, _ = table_shard.shape
    _check_token_ids(token_ids, rows * group.world_size)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(int) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    found = table_shard[np.where(mine, local_ids, 0)]
    partial = np.where(mine[:, None], found, table_shard.dtype.type(0))
    return group.all_reduce(partial)


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))
