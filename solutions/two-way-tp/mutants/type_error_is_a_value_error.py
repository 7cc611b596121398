"""What is no integer raises ValueError."""  # loses: errors


def _check_integer(name, value):
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} must be an integer")
