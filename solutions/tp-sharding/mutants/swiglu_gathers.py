"""SwiGLU gathers its hidden activations and cuts them again."""  # loses: swiglu


def _halves(name: str, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _check_matrix(name, w)
    if w.shape[1] % 2:
        raise ValueError(f"{name} holds gate and up side by side, got {w.shape[1]} columns")
    gate, up = np.split(w, 2, axis=1)
    return gate, up


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
    gate_shard, up_shard = _halves("w_gate_up_shard", w_gate_up_shard)
    h_shard = _silu(x @ gate_shard) * (x @ up_shard)
    h = group.all_gather(h_shard, axis=-1)
    mine = np.split(h, group.world_size, axis=1)[group.rank]
    return row_parallel_linear(mine, w_down_shard, group)
