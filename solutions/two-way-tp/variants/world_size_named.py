"""Messages name world_size, and numbers as floats."""


def _check_divides(name, length, world_size):
    if length % world_size:
        raise ValueError(
            f"{name} of {float(length)} does not divide by the world size, {world_size}"
        )


def shard_state_dict(state_dict, rank, world_size):
    """What one rank holds: its columns or rows, and all of norms and embedding, in own memory."""
    _check_integer("rank", rank)
    _check_integer("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"there is no rank={float(rank)}")
    axes, shard = _axes(state_dict, _num_layers(state_dict)), {}
    for name, weight in state_dict.items():
        axis = axes[name]
        if axis is None:
            shard[name] = weight.clone()
            continue
        _check_divides(name, weight.shape[axis], world_size)
        width = weight.shape[axis] // world_size
        shard[name] = weight.narrow(axis, rank * width, width).clone()
    return shard
