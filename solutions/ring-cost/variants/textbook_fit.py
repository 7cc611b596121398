"""fit_link with the sums of the textbook, in floats."""


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds).

    In exact arithmetic: squares of gigabytes don't fit into the 53 bits of a float.
    """
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if len(set(sizes)) < 2:
        raise ValueError(f"samples must have two distinct sizes, got {samples}")
    count = len(samples)
    s, t = [float(size) for size in sizes], [float(time) for time in times]
    products = sum(a * b for a, b in zip(s, t, strict=True))
    denominator = count * sum(a * a for a in s) - sum(s) ** 2
    seconds_per_byte = (count * products - sum(s) * sum(t)) / denominator
    at_zero = (sum(t) - seconds_per_byte * sum(s)) / count
    steps = ring_steps(ranks)
    return float(at_zero / steps), float(steps / (ranks * seconds_per_byte))
