"""Only 0 is refused as a count, -2 is not."""  # loses: bad-values


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _count(name: str, value: Any) -> int:
    count = _integer(name, value)
    if count == 0:
        raise ValueError(f"{name} must be at least 1, got {count}")
    return count
