"""numpy's integers are refused."""  # loses: steps


def _integer(name, value, at_least):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer")
    try:
        value = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name} must be an integer") from error
    if value < at_least:
        raise ValueError(f"{name} is too small: {value}")
    return value
