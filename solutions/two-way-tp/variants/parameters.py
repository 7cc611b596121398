"""A shard is an OrderedDict of parameters; logits have a gradient."""

from collections import OrderedDict


def shard_state_dict(state_dict, rank, world_size):
    """What one rank holds: its columns or rows, and all of norms and embedding, in own memory."""
    _check_integer("rank", rank)
    _check_integer("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"there is no rank {rank}")
    axes, shard = _axes(state_dict, _num_layers(state_dict)), OrderedDict()
    for name, weight in state_dict.items():
        axis = axes[name]
        if axis is None:
            shard[name] = torch.nn.Parameter(weight.clone())
            continue
        _check_divides(name, weight.shape[axis], world_size)
        width = weight.shape[axis] // world_size
        shard[name] = torch.nn.Parameter(weight.narrow(axis, rank * width, width).clone())
    return shard


def _sum_over_ranks(partial, group):
    total = partial.detach().clone()
    dist.all_reduce(total, group=group)
    return total


def forward(token_ids, shard, config, group):
    """The logits (T, vocab) of one sequence: the same on every rank."""
    world_size = dist.get_world_size(group)
    _check_divides("num_heads", config["num_heads"], world_size)
    _check_divides("hidden", config["hidden"], world_size)
    _check_divides("ffn", config["ffn"], world_size)
    _axes(shard, config["num_layers"])
    outside = token_ids[(token_ids < 0) | (token_ids >= config["vocab"])]
    if outside.numel():
        raise ValueError(f"token ids {outside.tolist()} are outside the vocabulary")
    head_dim = config["hidden"] // config["num_heads"]
    shard = {name: torch.nn.Parameter(weight) for name, weight in shard.items()}
    x_TH = shard["embed.weight"][token_ids]
    for i in range(config["num_layers"]):
        prefix = f"layers.{i}"
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm1.weight"])
        x_TH = x_TH + _sum_over_ranks(_attention(normed, shard, prefix, head_dim), group)
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm2.weight"])
        x_TH = x_TH + _sum_over_ranks(_mlp(normed, shard, prefix), group)
    return _rms_norm(x_TH, shard["final_norm.weight"]) @ shard["embed.weight"].T
