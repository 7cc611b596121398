"""bubble_fraction looks for a short Fraction near a float: wrong where there is a shorter one."""  # loses: algebra


def bubble_fraction(num_stages: int, num_microbatches: int) -> Fraction:
    """(p - 1) / (p + m - 1): of p + m - 1 slots, each stage works in m."""
    p, m = _count("num_stages", num_stages), _count("num_microbatches", num_microbatches)
    return Fraction((p - 1) / (p + m - 1)).limit_denominator()


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
