"""numpy's integers are refused, as counts and as times."""  # loses: bad-values


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _integer(name: str, value: Any) -> int:
    """`value` as an int; `bool` is none, numpy's integers are."""
    if type(value) is not int:
        raise TypeError(f"{name} must be an int, not {value!r}")
    return value
