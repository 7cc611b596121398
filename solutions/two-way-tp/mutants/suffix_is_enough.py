"""A name is known by its end."""  # loses: errors


def _axes(names, num_layers):
    """The axis along which ranks share each parameter; None where each holds all of it.

    The names must be those of a model of that many layers.
    """
    axes = {"embed.weight": None, "final_norm.weight": None}
    for i in range(num_layers):
        axes |= {f"layers.{i}.{part}.weight": axis for part, axis in _CUT_AXIS.items()}
    if odd := {n for n in names if not n.endswith(tuple(axes))} | set(axes) - set(names):
        raise ValueError(f"unknown or missing: {', '.join(sorted(odd))}")
    return axes


def shard_state_dict(state_dict, rank, world_size):
    """What one rank holds: its columns or rows, and all of norms and embedding, in own memory."""
    _check_integer("rank", rank)
    _check_integer("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"there is no rank {rank}")
    axes, shard = _axes(state_dict, _num_layers(state_dict)), {}
    for name, weight in state_dict.items():
        axis = axes.get(name)
        if axis is None:
            shard[name] = weight.clone()
            continue
        _check_divides(name, weight.shape[axis], world_size)
        width = weight.shape[axis] // world_size
        shard[name] = weight.narrow(axis, rank * width, width).clone()
    return shard


def expected_rank_bytes(shapes, dtype_bytes, world_size):
    """Bytes one rank holds: what is cut counts a world_size-th, the rest in full."""
    _check_integer("dtype_bytes", dtype_bytes)
    _check_integer("world_size", world_size)
    axes = _axes(shapes, _num_layers(shapes))
    return dtype_bytes * sum(
        _entries(name, shape, axes.get(name), world_size) for name, shape in shapes.items()
    )
