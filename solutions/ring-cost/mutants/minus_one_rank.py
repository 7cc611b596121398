"""A number of ranks below 0 is taken."""  # loses: refusals


def _integer(name, value, at_least):
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer")
    try:
        value = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name} must be an integer") from error
    if value < at_least and value >= 0:
        raise ValueError(f"{name} is too small: {value}")
    return value
