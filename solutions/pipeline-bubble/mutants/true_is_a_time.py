"""simulate takes True for the time 1."""  # loses: bad-values


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _exact(name: str, value: Any) -> int | Fraction:
    return value if isinstance(value, (Fraction, bool)) else _integer(name, value)
