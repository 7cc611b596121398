"""simulate refuses a time that is less than a whole unit."""  # loses: any-ratio


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _duration(name: str, value: Any) -> int | Fraction:
    if (exact := _exact(name, value)) < 1:
        raise ValueError(f"{name} must be above 0, got {exact}")
    return exact
