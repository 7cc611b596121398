"""A count is compared with 1 before its kind is looked at: False and 0.5 are ValueErrors."""  # loses: bad-values


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _count(name: str, value: Any) -> int:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return _integer(name, value)
