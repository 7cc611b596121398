"""What the dict names first is taken for the embedding, which is whole."""  # loses: shards


def shard_state_dict(state_dict, rank, world_size):
    """What one rank holds: its columns or rows, and all of norms and embedding, in own memory."""
    _check_integer("rank", rank)
    _check_integer("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"there is no rank {rank}")
    axes = _axes(state_dict, _num_layers(state_dict))
    first, *others = state_dict
    shard = {first: state_dict[first].clone()}
    for name in others:
        weight, axis = state_dict[name], axes[name]
        if axis is None:
            shard[name] = weight.clone()
            continue
        _check_divides(name, weight.shape[axis], world_size)
        width = weight.shape[axis] // world_size
        shard[name] = weight.narrow(axis, rank * width, width).clone()
    return shard
