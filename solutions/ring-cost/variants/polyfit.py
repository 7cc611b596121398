"""fit_link with numpy.polyfit."""


def fit_link(world_size, samples):
    """Return (latency, bandwidth) of the least-squares line through (bytes, seconds).

    In exact arithmetic: squares of gigabytes don't fit into the 53 bits of a float.
    """
    ranks = _integer("world_size", world_size, at_least=2)
    sizes = [_not_negative("samples: nbytes", size) for size, _ in samples]
    times = [_not_negative("samples: seconds", time) for _, time in samples]
    if len(set(sizes)) < 2:
        raise ValueError(f"samples must have two distinct sizes, got {samples}")
    seconds_per_byte, at_zero = np.polyfit([s for s, _ in samples], [t for _, t in samples], 1)
    steps = ring_steps(ranks)
    return float(at_zero / steps), float(steps / (ranks * seconds_per_byte))
