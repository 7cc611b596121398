"""Gate|up is cut like any matrix: rank 0 gets gates only."""  # loses: gate-up


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    _check_matrices(w_gate_up=w_gate_up)
    gate, _ = np.hsplit(w_gate_up, 2)  # refuses an odd width
    _check_cut(gate.shape[1], world_size)
    return np.hsplit(w_gate_up, world_size)
