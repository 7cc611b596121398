"""silu as x / (1 + exp(-x)), one product for gate and up, the embedding by np.where."""


def _halves(name: str, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _check_matrix(name, w)
    if w.shape[1] % 2:
        raise ValueError(f"{name} holds gate and up side by side, got {w.shape[1]} columns")
    gate, up = np.split(w, 2, axis=1)
    return gate, up


def _check_matrix(name: str, array: np.ndarray) -> None:
    if array.ndim != 2:
        raise ValueError(f"{name} must have 2 dimensions, got shape {array.shape}")


def _check_product(left: str, x: np.ndarray, right: str, w: np.ndarray) -> None:
    _check_matrix(left, x)
    _check_matrix(right, w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"{left} {x.shape} has other columns than {right} {w.shape} has rows")


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    _check_product("x", x, "w_gate_up_shard", w_gate_up_shard)
    gate, up = _halves("x @ w_gate_up_shard", x @ w_gate_up_shard)
    h_shard = _silu(gate) * up
    return row_parallel_linear(h_shard, w_down_shard, group)


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrix("table_shard", table_shard)
    rows, _ = table_shard.shape
    _check_token_ids(token_ids, rows * group.world_size)
    # Signed before the subtraction: unsigned ids would wrap round below zero.
    local_ids = token_ids.astype(np.int64) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    found = table_shard[np.where(mine, local_ids, 0)]
    partial = np.where(mine[:, None], found, table_shard.dtype.type(0))
    return group.all_reduce(partial)


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))
