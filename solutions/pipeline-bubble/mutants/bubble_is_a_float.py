"""bubble_fraction divides in floats."""  # loses: algebra


def bubble_fraction(num_stages: int, num_microbatches: int) -> Fraction:
    """(p - 1) / (p + m - 1): of p + m - 1 slots, each stage works in m."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return (p - 1) / (p + m - 1)  # type: ignore[return-value]
