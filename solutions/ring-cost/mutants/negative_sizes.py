"""A message of fewer than 0 bytes."""  # loses: refusals


def _not_negative(name, value):
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value
