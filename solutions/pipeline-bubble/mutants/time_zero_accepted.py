"""simulate accepts ops that take no time."""  # loses: bad-values


def _duration(name: str, value: Any) -> Fraction:
    if (exact := _exact(name, value)) < 0:
        raise ValueError(f"{name} must be above 0, got {value}")
    return exact
