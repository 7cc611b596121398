"""Samples must come smallest size first."""  # loses: fit-link


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds)."""
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if sizes != sorted(sizes):
        raise ValueError(f"samples must be in order, got {samples}")
    try:
        seconds_per_byte, at_zero = linear_regression(sizes, times)
    except StatisticsError as error:
        raise ValueError(f"samples must have two distinct sizes, got {samples}") from error
    steps = 2 * (ranks - 1)
    return at_zero / steps, steps / ranks / seconds_per_byte
