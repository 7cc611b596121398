"""silu acts on up, not on gate."""  # loses: swiglu


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    gate_shard, up_shard = np.hsplit(w_gate_up_shard, 2)  # refuses an odd width
    # Of what is no matrix comes an h that is none, and is refused below.
    h_shard = (x @ gate_shard) * _silu(x @ up_shard)
    return row_parallel_linear(h_shard, w_down_shard, group)
