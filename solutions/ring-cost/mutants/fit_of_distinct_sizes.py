"""Of samples of one size only the last one counts."""  # loses: fit-link


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds)."""
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    try:
        seconds_per_byte, at_zero = linear_regression(*zip(*dict(zip(sizes, times)).items()))
    except (StatisticsError, TypeError) as error:
        raise ValueError(f"samples must have two distinct sizes, got {samples}") from error
    steps = 2 * (ranks - 1)
    return at_zero / steps, steps / ranks / seconds_per_byte
