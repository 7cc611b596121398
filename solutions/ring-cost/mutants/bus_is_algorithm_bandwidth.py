"""Algorithm bandwidth, without the factor."""  # loses: bus-bandwidth


def bus_bandwidth(nbytes, seconds, world_size):
    """Return what each link carried per second (nccl-tests, doc/PERFORMANCE.md)."""
    ranks = _integer("world_size", world_size, at_least=1)
    algorithm_bandwidth = _not_negative("nbytes", nbytes) / _positive("seconds", seconds)
    return algorithm_bandwidth if ranks > 1 else 0.0
