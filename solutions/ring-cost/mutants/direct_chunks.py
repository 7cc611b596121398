"""Chunks go straight to their owners and back, not around the ring. (rewritten)"""  # loses: ring-traffic


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    to, back = (rank + 1) % world_size, (rank - 1) % world_size
    chunks = np.array_split(x.copy(), world_size)
    for distance in range(1, world_size):
        to, back = (rank + distance) % world_size, (rank - distance) % world_size
        chunks[rank] += group.send_recv(chunks[to], to, back)
    for distance in range(1, world_size):
        to, back = (rank + distance) % world_size, (rank - distance) % world_size
        chunks[back] = group.send_recv(chunks[rank], to, back)
    return np.concatenate(chunks)
