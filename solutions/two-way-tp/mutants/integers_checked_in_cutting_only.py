"""expected_rank_bytes takes any number."""  # loses: errors


def expected_rank_bytes(shapes, dtype_bytes, world_size):
    """Bytes one rank holds: what is cut counts a world_size-th, the rest in full."""
    axes = _axes(shapes, _num_layers(shapes))
    return dtype_bytes * sum(
        _entries(name, shape, axes[name], world_size) for name, shape in shapes.items()
    )
