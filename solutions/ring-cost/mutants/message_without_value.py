"""The message does not say which value."""  # loses: refusals


def _not_negative(name, value):
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative")
    return value
