"""2.0 counts as an integer."""  # loses: refusals


def _integer(name, value, at_least):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer")
    try:
        value = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name} must be an integer") from error
    if value < at_least:
        raise ValueError(f"{name} is too small: {value}")
    return value
