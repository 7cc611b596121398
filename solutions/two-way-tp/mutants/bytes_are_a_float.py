"""Bytes are divided by /, which gives a float."""  # loses: rank-bytes


def _entries(name, shape, axis, world_size):
    if axis is None:
        return math.prod(shape)
    _check_divides(name, shape[axis], world_size)
    return math.prod(shape) / world_size
