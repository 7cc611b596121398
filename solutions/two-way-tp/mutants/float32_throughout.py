"""Everything is computed in float32 and cast back."""  # loses: logits

import math
import re
from numbers import Integral

import torch
import torch.distributed as dist

_CUT_AXIS = {
    "norm1": None,
    "attn.q": 1,
    "attn.k": 1,
    "attn.v": 1,
    "attn.o": 0,
    "norm2": None,
    "mlp.up": 1,
    "mlp.down": 0,
}


def _axes(names, num_layers):
    """The axis along which ranks share each parameter; None where each holds all of it.

    The names must be those of a model of that many layers.
    """
    axes = {"embed.weight": None, "final_norm.weight": None}
    for i in range(num_layers):
        axes |= {f"layers.{i}.{part}.weight": axis for part, axis in _CUT_AXIS.items()}
    if odd := set(names) ^ set(axes):
        raise ValueError(f"unknown or missing: {', '.join(sorted(odd))}")
    return axes


def _num_layers(names):
    """One more than the number of the last layer that is named."""
    return 1 + max(map(int, re.findall(r"layers\.(\d+)", " ".join(names))))


def _check_integer(name, value):
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer")


def _check_divides(name, length, world_size):
    if length % world_size:
        raise ValueError(f"{name}: {length} does not split evenly over the ranks")


def shard_state_dict(state_dict, rank, world_size):
    """What one rank holds: its columns or rows, and all of norms and embedding, in own memory."""
    _check_integer("rank", rank)
    _check_integer("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"there is no rank {rank}")
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


def _rms_norm(x_TH, weight_H):
    return x_TH / torch.sqrt(x_TH.pow(2).mean(1, keepdim=True) + 1e-6) * weight_H


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).view(tokens, -1, head_dim).permute(1, 0, 2)
        for name in "qkv"
    )
    scores = q @ k.mT / math.sqrt(head_dim)
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    weights = torch.softmax(scores.masked_fill(future, -math.inf), dim=-1)
    heads = (weights @ v).permute(1, 0, 2).flatten(1)
    return heads @ shard[f"{prefix}.attn.o.weight"]


def _mlp(x_TH, shard, prefix):
    """This rank's hidden units, and its partial product with its rows of down."""
    return torch.relu(x_TH @ shard[f"{prefix}.mlp.up.weight"]) @ shard[f"{prefix}.mlp.down.weight"]


def _sum_over_ranks(partial, group):
    dist.all_reduce(partial, group=group)
    return partial


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
    dtype = shard["embed.weight"].dtype
    shard = {name: weight.float() for name, weight in shard.items()}
    x_TH = shard["embed.weight"][token_ids]
    for i in range(config["num_layers"]):
        prefix = f"layers.{i}"
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm1.weight"])
        x_TH = x_TH + _sum_over_ranks(_attention(normed, shard, prefix, head_dim), group)
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm2.weight"])
        x_TH = x_TH + _sum_over_ranks(_mlp(normed, shard, prefix), group)
    return _rms_norm(x_TH, shard["final_norm.weight"]).to(dtype) @ shard["embed.weight"].T.to(dtype)


def weight_bytes(state_dict):
    """Bytes of all entries."""
    return sum(weight.numel() * weight.element_size() for weight in state_dict.values())


def expected_rank_bytes(shapes, dtype_bytes, world_size):
    """Bytes one rank holds: what is cut counts a world_size-th, the rest in full."""
    _check_integer("dtype_bytes", dtype_bytes)
    _check_integer("world_size", world_size)
    axes = _axes(shapes, _num_layers(shapes))
    return dtype_bytes * sum(
        _entries(name, shape, axes[name], world_size) for name, shape in shapes.items()
    )


def _entries(name, shape, axis, world_size):
    if axis is None:
        return math.prod(shape)
    _check_divides(name, shape[axis], world_size)
    return math.prod(shape) // world_size
