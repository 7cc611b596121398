"""Squares of sizes in 64-bit integers."""  # loses: fit-link


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds)."""
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    try:
        seconds_per_byte, at_zero = linear_regression(sizes, times)
        whole = np.array([int(size) for size in sizes], np.int64)
        mean_size, mean_time = sum(sizes) / len(sizes), sum(times) / len(times)
        with np.errstate(all="ignore"):
            products = sum((whole - mean_size) * times)
            squares = int((whole * whole).sum()) - len(sizes) * mean_size**2
        seconds_per_byte = products / squares
        at_zero = mean_time - seconds_per_byte * mean_size
    except StatisticsError as error:
        raise ValueError(f"samples must have two distinct sizes, got {samples}") from error
    steps = 2 * (ranks - 1)
    return at_zero / steps, steps / ranks / seconds_per_byte
