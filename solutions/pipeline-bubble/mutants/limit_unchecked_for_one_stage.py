"""min_microbatches gives 1 for one stage before it looks at max_bubble."""  # loses: bad-values


def min_microbatches(num_stages: int, max_bubble: Fraction) -> int:
    """The smallest m with (p - 1) / (p + m - 1) <= max_bubble, solved for m without rounding."""
    p = _count("num_stages", num_stages)
    if p == 1:
        return 1
    limit = _exact("max_bubble", max_bubble)
    if not 0 < limit < 1:
        raise ValueError(f"max_bubble must lie between 0 and 1, got {limit}")
    return ceil((p - 1) * (1 - limit) / limit) or 1


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]
