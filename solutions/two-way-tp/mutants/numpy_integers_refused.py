"""Only int is an integer, numpy's are not."""  # loses: errors


def _check_integer(name, value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer")
