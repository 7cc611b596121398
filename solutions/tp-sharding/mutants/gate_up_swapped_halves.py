"""Shards are [up_r | gate_r]."""  # loses: gate-up


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    _check_matrices(w_gate_up=w_gate_up)
    gate, up = np.hsplit(w_gate_up, 2)  # refuses an odd width
    _check_cut(gate.shape[1], world_size)
    gates, ups = np.hsplit(gate, world_size), np.hsplit(up, world_size)
    return [np.hstack([ups[rank], gates[rank]]) for rank in range(world_size)]
