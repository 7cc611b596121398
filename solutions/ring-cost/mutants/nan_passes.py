"""NaN is not below 0, so it passes."""  # loses: refusals


def _not_negative(name, value):
    if value < 0 or value in (math.inf, -math.inf):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value
