"""A chain: the vector is summed from rank to rank, then passed on whole. (rewritten)"""  # loses: ring-traffic


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    to, back = (rank + 1) % world_size, (rank - 1) % world_size
    if world_size == 1:
        return x.copy()
    total = x.copy() if rank == 0 else x + group.recv(back)
    group.send(total, to)
    if rank != world_size - 1:
        total = group.recv(back)
        if rank != world_size - 2:
            group.send(total, to)
    return total
