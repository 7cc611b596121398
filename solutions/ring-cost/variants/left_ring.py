"""The ring runs the other way: every rank sends to the one on its left."""


def ring_all_reduce(x, group):
    """Return the sum of every rank's x: reduce-scatter once around, then all-gather."""
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, got shape {x.shape}")
    rank, world_size = group.rank, group.world_size
    left, right = (rank - 1) % world_size, (rank + 1) % world_size
    chunks = [chunk.copy() for chunk in np.array_split(x, world_size)]
    for step in range(world_size - 1):
        out, into = (rank + step) % world_size, (rank + step + 1) % world_size
        chunks[into] += group.send_recv(chunks[out], left, right)
    for step in range(world_size - 1):
        out, into = (rank + step - 1) % world_size, (rank + step) % world_size
        chunks[into] = group.send_recv(chunks[out], left, right)
    return np.concatenate(chunks)


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds).

    In exact arithmetic: squares of gigabytes don't fit into the 53 bits of a float.
    """
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if len(set(sizes)) < 2:
        raise ValueError(f"samples must have two distinct sizes, got {samples}")
    mean_size, mean_time = sum(sizes) / len(sizes), sum(times) / len(times)
    covariance = sum((s - mean_size) * (t - mean_time) for s, t in zip(sizes, times, strict=True))
    variance = sum((size - mean_size) ** 2 for size in sizes)
    if covariance <= 0:
        raise ValueError(f"samples must take longer for more bytes, got {samples}")
    seconds_per_byte = covariance / variance
    at_zero = mean_time - seconds_per_byte * mean_size
    steps = ring_steps(ranks)
    return float(at_zero / steps), float(steps / (ranks * seconds_per_byte))
