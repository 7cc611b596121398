"""A negative latency has a crossover."""  # loses: refusals


def crossover_bytes(world_size, latency_s, bandwidth):
    """Return S*, where both terms of the time are equal: 2(n-1)a = 2(n-1)/n * S/B."""
    if not math.isfinite(latency_s):
        raise ValueError(f"latency_s is {latency_s}")
    ranks = _integer("world_size", world_size, at_least=2)
    return ranks * latency_s * _positive("bandwidth", bandwidth)
