"""simulate cuts Fractions down to whole numbers of time."""  # loses: any-ratio


def _duration(name: str, value: Any) -> Fraction:
    if (exact := _exact(name, value)) <= 0:
        raise ValueError(f"{name} must be above 0, got {value}")
    return Fraction(max(1, int(exact)))
