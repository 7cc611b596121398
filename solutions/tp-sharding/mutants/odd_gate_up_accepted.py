"""An odd fused width is rounded down."""  # loses: errors


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    _check_matrices(w_gate_up=w_gate_up)
    half = w_gate_up.shape[1] // 2
    gate, up = w_gate_up[:, :half], w_gate_up[:, half : 2 * half]
    _check_cut(gate.shape[1], world_size)
    gates, ups = np.hsplit(gate, world_size), np.hsplit(up, world_size)
    return [np.hstack([gates[rank], ups[rank]]) for rank in range(world_size)]
