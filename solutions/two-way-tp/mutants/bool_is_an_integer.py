"""True is taken for rank, world_size and dtype_bytes."""  # loses: errors


def _check_integer(name, value):
    if not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer")
