"""Everything below 1 MB is latency."""  # loses: regime


def regime(nbytes, world_size, latency_s, bandwidth):
    """Return the name of the larger term."""
    size = _not_negative("nbytes", nbytes)
    smaller = size < min(10**6, 10**6 * crossover_bytes(world_size, latency_s, bandwidth))
    return "latency" if smaller else "bandwidth"
