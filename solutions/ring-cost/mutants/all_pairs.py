"""Every rank sends its vector to every other. (rewritten)"""  # loses: ring-traffic


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    parts = [x] * world_size
    for distance in range(1, world_size):
        to, back = (rank + distance) % world_size, (rank - distance) % world_size
        parts[back] = group.send_recv(x, to, back)
    return np.sum(parts, axis=0, dtype=x.dtype)
