"""2.0 is taken for an integer."""  # loses: errors


def _check_integer(name, value):
    if isinstance(value, (bool, str)) or int(value) != value:
        raise TypeError(f"{name} must be an integer")
