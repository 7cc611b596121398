"""expected_rank_bytes empties the shapes."""  # loses: rank-bytes


def expected_rank_bytes(shapes, dtype_bytes, world_size):
    """Bytes one rank holds: what is cut counts a world_size-th, the rest in full."""
    _check_integer("dtype_bytes", dtype_bytes)
    _check_integer("world_size", world_size)
    axes = _axes(shapes, _num_layers(shapes))
    total = 0
    while shapes:
        name, shape = shapes.popitem()
        total += dtype_bytes * _entries(name, shape, axes[name], world_size)
    return total
