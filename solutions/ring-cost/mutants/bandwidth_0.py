"""A bandwidth of 0 is a division error."""  # loses: refusals


def _positive(name, value):
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and positive, got {value}")
    return value
