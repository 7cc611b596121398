"""A barrier in every step."""  # loses: ring-traffic


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    to, back = (rank + 1) % world_size, (rank - 1) % world_size
    chunks = np.array_split(x.copy(), world_size)
    for step in range(world_size - 1):  # chunk -1 is the last one
        out, into = rank - step, rank - step - 1
        group.barrier()
        chunks[into] += group.send_recv(chunks[out], to, back)
    for step in range(world_size - 1):  # chunk rank + 1 is complete here by now
        out, into = (rank + 1 - step) % world_size, rank - step
        chunks[into] = group.send_recv(chunks[out], to, back)
    return np.concatenate(chunks)
