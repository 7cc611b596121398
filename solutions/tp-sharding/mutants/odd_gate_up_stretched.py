"""One gate is stretched over two ups."""  # loses: errors


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    _check_matrices(w_gate_up_shard=w_gate_up_shard)
    half = w_gate_up_shard.shape[1] // 2
    gate_shard, up_shard = w_gate_up_shard[:, :half], w_gate_up_shard[:, half:]
    # Of what is no matrix comes an h that is none, and is refused below.
    h_shard = _silu(x @ gate_shard) * (x @ up_shard)
    return row_parallel_linear(h_shard, w_down_shard, group)
