"""An int as max_bubble is refused as the wrong kind, not as out of range."""  # loses: bad-values


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m with (p - 1) / (p + m - 1) <= max_bubble, solved for m without rounding."""
    p = _count("num_stages", num_stages)
    limit = max_bubble
    if not isinstance(limit, Fraction):
        raise TypeError(f"max_bubble must be a Fraction, not {limit!r}")
    if not 0 < limit < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {limit}")
    return ceil((p - 1) * (1 - limit) / limit) or 1


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
