"""One rank has a crossover."""  # loses: crossover


def crossover_bytes(world_size, latency_s, bandwidth):
    """Return S*, where both terms of the time are equal: 2(n-1)a = 2(n-1)/n * S/B."""
    return _integer("world_size", world_size, at_least=1) * math.prod(_link(latency_s, bandwidth))
