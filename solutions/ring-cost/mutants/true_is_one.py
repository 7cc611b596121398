"""True counts as one rank."""  # loses: refusals


def _integer(name, value, at_least):
    try:
        value = operator.index(value)
    except TypeError as error:
        raise TypeError(f"{name} must be an integer") from error
    if value < at_least:
        raise ValueError(f"{name} is too small: {value}")
    return value
