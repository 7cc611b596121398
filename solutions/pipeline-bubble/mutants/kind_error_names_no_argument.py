"""The TypeError doesn't say which argument is bad."""  # loses: bad-values


def _one_f_one_b(ahead: int, m: int) -> Order:
    """`ahead` forwards, if there are so many, then one of each in turns, then the backwards left."""
    forwards, backwards = ([(kind, i) for i in range(m)] for kind in "FB")
    turns = chain(*zip(forwards[ahead:], backwards, strict=False))
    return [*forwards[:ahead], *turns, *backwards[len(forwards[ahead:]) :]]


def _integer(name: str, value: Any) -> int:
    """`value` as an int; `bool` is none, numpy's integers are."""
    if isinstance(value, bool):
        raise TypeError("a bool is no integer")
    return index(value)
