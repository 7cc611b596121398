"""expected_rank_bytes divides everything by world_size."""  # loses: rank-bytes


def _entries(name, shape, axis, world_size):
    if axis is None:
        return math.prod(shape) // world_size
    _check_divides(name, shape[axis], world_size)
    return math.prod(shape) // world_size
