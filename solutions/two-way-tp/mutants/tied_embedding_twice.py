"""expected_rank_bytes counts the embedding twice, as input and as output."""  # loses: rank-bytes


def _entries(name, shape, axis, world_size):
    if name == "embed.weight":
        return 2 * math.prod(shape)
    if axis is None:
        return math.prod(shape)
    _check_divides(name, shape[axis], world_size)
    return math.prod(shape) // world_size
