"""S against latency times bandwidth, without n."""  # loses: regime


def regime(nbytes, world_size, latency_s, bandwidth):
    """Return the name of the larger term."""
    size = _not_negative("nbytes", nbytes)
    smaller = size < crossover_bytes(world_size, latency_s, bandwidth) / world_size
    return "latency" if smaller else "bandwidth"
