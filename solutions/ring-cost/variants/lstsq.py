"""fit_link with numpy.linalg.lstsq, columns scaled."""


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds).

    In exact arithmetic: squares of gigabytes don't fit into the 53 bits of a float.
    """
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if len(set(sizes)) < 2:
        raise ValueError(f"samples must have two distinct sizes, got {samples}")
    largest = float(max(sizes))
    columns = np.array([[1.0, float(size) / largest] for size in sizes])
    at_zero, slope = np.linalg.lstsq(columns, np.array([float(t) for t in times]), rcond=None)[0]
    seconds_per_byte = slope / largest
    steps = ring_steps(ranks)
    return float(at_zero / steps), float(steps / (ranks * seconds_per_byte))
