"""SwiGLU gathers its hidden activations and cuts them again."""  # loses: swiglu


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    gate_shard, up_shard = np.hsplit(w_gate_up_shard, 2)  # refuses an odd width
    # Of what is no matrix comes an h that is none, and is refused below.
    h_shard = _silu(x @ gate_shard) * (x @ up_shard)
    h = group.all_gather(h_shard, axis=-1)
    mine = np.split(h, group.world_size, axis=1)[group.rank]
    return row_parallel_linear(mine, w_down_shard, group)
