"""A bad count ends in AssertionError."""  # loses: bad-values

from numbers import Integral


def _count(name: str, value: Any) -> int:
    """`value` as an int of at least 1; `bool` is no count, numpy's integers are."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {value!r}")
    assert value >= 1, f"{name} must be at least 1, got {value}"
    return int(value)
