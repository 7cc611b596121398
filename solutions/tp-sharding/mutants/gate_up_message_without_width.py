"""shard_gate_up names world_size, but not the width that it does not divide."""  # loses: errors


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    _check_matrices(w_gate_up=w_gate_up)
    gate, up = np.hsplit(w_gate_up, 2)  # refuses an odd width
    _check_cut(0, world_size)
    if gate.shape[1] % world_size:
        raise ValueError(f"gate and up can't be shared by {world_size} ranks")
    gates, ups = np.hsplit(gate, world_size), np.hsplit(up, world_size)
    return [np.hstack([gates[rank], ups[rank]]) for rank in range(world_size)]
