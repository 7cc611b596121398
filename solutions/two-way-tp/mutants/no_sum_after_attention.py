"""One all-reduce a layer: attention is not summed."""  # loses: logits

import math
import re

import torch
import torch.distributed as dist

_LAYER = re.compile(r"layers\.(0|[1-9]\d*)\.(.+)")
_COLUMNS = ("attn.q.weight", "attn.k.weight", "attn.v.weight", "mlp.up.weight")
_ROWS = ("attn.o.weight", "mlp.down.weight")
_NORMS = ("norm1.weight", "norm2.weight")
_OUTSIDE = ("embed.weight", "final_norm.weight")


def _axis_of(name):
    """The axis along which a parameter is cut; None where every rank holds all of it."""
    layer = _LAYER.fullmatch(name)
    part = layer[2] if layer else name
    if layer and part in _COLUMNS:
        return 1
    if layer and part in _ROWS:
        return 0
    if (layer and part in _NORMS) or name in _OUTSIDE:
        return None
    raise ValueError(f"unknown parameter {name}")


def _check_names(names):
    """Unknown names and missing ones are refused; the number of layers follows from the names."""
    for name in names:
        _axis_of(name)
    found = {int(match[1]) for name in names if (match := _LAYER.fullmatch(name))}
    layers = range(max(found, default=-1) + 1)
    wanted = [f"layers.{i}.{part}" for i in layers for part in (*_COLUMNS, *_ROWS, *_NORMS)]
    for name in (*_OUTSIDE, *wanted):
        if name not in names:
            raise ValueError(f"missing parameter {name}")


def _check_divides(name, length, world_size):
    if length % world_size:
        raise ValueError(f"{name}: dimension {length} is not divisible by world_size {world_size}")


def shard_state_dict(state_dict, rank, world_size):
    """What one rank holds: its columns or rows, and all of norms and embedding, in own memory."""
    if world_size < 1 or not 0 <= rank < world_size:
        raise ValueError(f"rank {rank} is outside 0 … {world_size - 1} for world_size {world_size}")
    _check_names(state_dict)
    shard = {}
    for name, weight in state_dict.items():
        axis = _axis_of(name)
        if axis is None:
            shard[name] = weight.clone()
            continue
        _check_divides(name, weight.shape[axis], world_size)
        width = weight.shape[axis] // world_size
        shard[name] = weight.narrow(axis, rank * width, width).clone(
            memory_format=torch.contiguous_format
        )
    return shard


def _rms_norm(x_TH, weight_H):
    return x_TH / torch.sqrt(x_TH.pow(2).mean(-1, keepdim=True) + 1e-6) * weight_H


def _attention(x_TH, shard, prefix, head_dim):
    """This rank's heads, and its partial product with its rows of o."""
    tokens = x_TH.shape[0]
    q, k, v = (
        (x_TH @ shard[f"{prefix}.attn.{name}.weight"]).view(tokens, -1, head_dim).transpose(0, 1)
        for name in "qkv"
    )
    scores = q @ k.transpose(1, 2) / math.sqrt(head_dim)
    future = torch.ones(tokens, tokens, dtype=torch.bool, device=x_TH.device).triu(1)
    weights = torch.softmax(scores.masked_fill(future, -math.inf), dim=-1)
    heads = (weights @ v).transpose(0, 1).reshape(tokens, -1)
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
    _check_divides("hidden", config["hidden"], config["num_heads"])
    _check_divides("ffn", config["ffn"], world_size)
    _check_names(shard)
    for name in shard:
        layer = _LAYER.fullmatch(name)
        if layer and int(layer[1]) >= config["num_layers"]:
            raise ValueError(f"unknown parameter {name}: num_layers is {config['num_layers']}")
    if f"layers.{config['num_layers'] - 1}.norm1.weight" not in shard and config["num_layers"]:
        raise ValueError(f"missing parameters of layer {config['num_layers'] - 1}")
    outside = (token_ids < 0) | (token_ids >= config["vocab"])
    if outside.any():
        bad = token_ids[outside][0].item()
        raise ValueError(f"token id {bad} is outside 0 … {config['vocab'] - 1}")
    head_dim = config["hidden"] // config["num_heads"]
    x_TH = shard["embed.weight"][token_ids]
    for i in range(config["num_layers"]):
        prefix = f"layers.{i}"
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm1.weight"])
        x_TH = x_TH + _attention(normed, shard, prefix, head_dim)
        normed = _rms_norm(x_TH, shard[f"{prefix}.norm2.weight"])
        x_TH = x_TH + _sum_over_ranks(_mlp(normed, shard, prefix), group)
    return _rms_norm(x_TH, shard["final_norm.weight"]) @ shard["embed.weight"].T


def weight_bytes(state_dict):
    """Bytes of all entries."""
    return sum(weight.numel() * weight.element_size() for weight in state_dict.values())


def expected_rank_bytes(shapes, dtype_bytes, world_size):
    """Bytes one rank holds: what is cut counts a world_size-th, the rest in full."""
    if world_size < 1:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
    _check_names(shapes)
    total = 0
    for name, shape in shapes.items():
        axis = _axis_of(name)
        entries = math.prod(shape)
        if axis is not None:
            _check_divides(name, shape[axis], world_size)
            entries //= world_size
        total += entries * dtype_bytes
    return total
