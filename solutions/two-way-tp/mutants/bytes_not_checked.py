"""expected_rank_bytes rounds what does not divide."""  # loses: errors


def _entries(name, shape, axis, world_size):
    if axis is None:
        return math.prod(shape)
    return math.prod(shape) // world_size
