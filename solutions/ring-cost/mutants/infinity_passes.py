"""An infinite size or latency passes."""  # loses: refusals


def _not_negative(name, value):
    if not value >= 0:
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value
