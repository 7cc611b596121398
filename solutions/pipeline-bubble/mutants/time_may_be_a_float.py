"""simulate takes floats as times."""  # loses: bad-values

from numbers import Rational


def _exact(name: str, value: Any) -> Fraction:
    if name == "max_bubble" and not isinstance(value, Rational):
        raise TypeError(f"{name} must be exact (an int or a Fraction), got {value!r}")
    return Fraction(value)
