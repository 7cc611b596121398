"""2.0 is taken for the count 2."""  # loses: bad-values


def _count(name: str, value: Any) -> int:
    """`value` as an int of at least 1; `bool` is no count, numpy's integers are."""
    if isinstance(value, bool) or value != int(value):
        raise TypeError(f"{name} must be an int, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return int(value)
