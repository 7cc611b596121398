"""Answers to two-way-tp that its suite's author never saw: written from hand-out and stub alone.

`PLAIN` is right, and so is each of `RIGHT`: a source of its own, or `PLAIN` with some texts replaced.
Each of `WRONG` is `PLAIN` with one mistake, and names the rubric item that it must lose.
"""

PLAIN = """\
import math
import re
import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

CUT = {"attn.q.weight": 1, "attn.k.weight": 1, "attn.v.weight": 1, "attn.o.weight": 0, "mlp.up.weight": 1, "mlp.down.weight": 0}
WHOLE = ["norm1.weight", "norm2.weight"]

def integer(name, v):
    if isinstance(v, (bool, np.bool_)) or not isinstance(v, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, not {v!r}")
    return int(v)

def names_of(layers):
    names = {"embed.weight", "final_norm.weight"}
    for i in range(layers):
        names |= {f"layers.{i}.{k}" for k in [*CUT, *WHOLE]}
    return names

def check_names(have, layers=None):
    if layers is None:
        layers = 0
        for n in have:
            m = re.fullmatch(r"layers\\.(\\d+)\\..*", n)
            if m:
                layers = max(layers, int(m[1]) + 1)
    want = names_of(layers)
    for n in have:
        if n not in want:
            raise ValueError(f"unknown name {n}")
    for n in want:
        if n not in have:
            raise ValueError(f"missing name {n}")

def axis_of(name):
    return CUT.get(name.split(".", 2)[2]) if name.startswith("layers.") else None

def shard_state_dict(state_dict, rank, world_size):
    rank = integer("rank", rank)
    n = integer("world_size", world_size)
    if not 0 <= rank < n:
        raise ValueError(f"rank {rank} is outside 0 … {n - 1}")
    check_names(state_dict)
    out = {}
    for name, t in state_dict.items():
        axis = axis_of(name)
        if axis is None:
            out[name] = t.clone()
            continue
        size = t.shape[axis]
        if size % n:
            raise ValueError(f"{name}: {size} does not divide by world_size {n}")
        out[name] = t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)
    return out

def norm(x, w):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * w

def forward(token_ids, shard, config, group):
    n = dist.get_world_size(group)
    for name in ("num_heads", "hidden", "ffn"):
        if config[name] % n:
            raise ValueError(f"{name} {config[name]} does not divide by world_size {n}")
    check_names(shard, config["num_layers"])
    for t in token_ids.tolist():
        if not 0 <= t < config["vocab"]:
            raise ValueError(f"token id {t} outside [0, {config['vocab']})")
    heads = config["num_heads"] // n
    d = config["hidden"] // config["num_heads"]
    T = len(token_ids)
    x = shard["embed.weight"][token_ids]
    mask = torch.full((T, T), float("-inf"), dtype=x.dtype).triu(1)
    for i in range(config["num_layers"]):
        W = lambda k: shard[f"layers.{i}.{k}.weight"]
        h = norm(x, W("norm1"))
        q, k, v = ((h @ W(f"attn.{c}")).view(T, heads, d).transpose(0, 1) for c in "qkv")
        p = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(d) + mask, -1)
        part = (p @ v).transpose(0, 1).reshape(T, heads * d) @ W("attn.o")
        part = part.contiguous()
        if n > 1:
            dist.all_reduce(part, group=group)
        x = x + part
        h = norm(x, W("norm2"))
        part = torch.relu(h @ W("mlp.up")) @ W("mlp.down")
        if n > 1:
            dist.all_reduce(part, group=group)
        x = x + part
    return norm(x, shard["final_norm.weight"]) @ shard["embed.weight"].T

def weight_bytes(state_dict):
    return sum(t.numel() * t.element_size() for t in state_dict.values())

def expected_rank_bytes(shapes, dtype_bytes, world_size):
    b = integer("dtype_bytes", dtype_bytes)
    n = integer("world_size", world_size)
    check_names(shapes)
    total = 0
    for name, shape in shapes.items():
        axis = axis_of(name)
        if axis is not None and shape[axis] % n:
            raise ValueError(f"{name}: {shape[axis]} does not divide by {n}")
        total += math.prod(shape) // (1 if axis is None else n)
    return total * b
"""

RIGHT: dict[str, str | list[tuple[str, str]]] = {
    "sdpa_rms_norm_async": [
        (
            """\
        p = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(d) + mask, -1)
        part = (p @ v)""",
            """\
        part = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
        part = part""",
        ),
        (
            "    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * w",
            "    return F.rms_norm(x, w.shape, w, 1e-6)",
        ),
        (
            "dist.all_reduce(part, group=group)",
            "dist.all_reduce(part, group=group, async_op=True).wait()",
        ),
    ],
    "chunk_attributes_always_reduces": [
        (
            "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
            "torch.chunk(t, n, dim=axis)[rank].clone()",
        ),
        ('config["vocab"]', "config.vocab"),
        ("config['vocab']", "config.vocab"),
        ('config["num_layers"]', "config.num_layers"),
        (
            """\
        if n > 1:
            dist.all_reduce""",
            """\
        if True:
            dist.all_reduce""",
        ),
    ],
    "per_head_loops_float64_norm": [
        (
            """\
        p = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(d) + mask, -1)
        part = (p @ v).transpose(0, 1).reshape(T, heads * d) @ W("attn.o")
""",
            """\
        outs = []
        for j in range(heads):
            rows = []
            for t in range(T):
                s = (k[j, :t + 1] @ q[j, t]) * d ** -0.5
                e = torch.exp(s - s.max())
                rows.append((e / e.sum()) @ v[j, :t + 1])
            outs.append(torch.stack(rows))
        part = torch.cat(outs, dim=1) @ W("attn.o")
""",
        ),
        (
            "    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * w",
            """\
    y = x.double()
    return (y * torch.rsqrt(y.pow(2).mean(dim=-1, keepdim=True) + 1e-6) * w.double()).to(x.dtype)""",
        ),
    ],
    "einsum_no_grad_in_place": [
        (
            """\
        p = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(d) + mask, -1)
        part = (p @ v).transpose(0, 1).reshape(T, heads * d) @ W("attn.o")
""",
            """\
        s = torch.einsum("hqd,hkd->hqk", q, k).div_(d ** 0.5)
        s.masked_fill_(torch.ones(T, T, dtype=torch.bool).triu_(1), -torch.inf)
        part = torch.einsum("hqk,hkd->qhd", s.softmax(-1), v).reshape(T, -1) @ W("attn.o")
""",
        ),
        (
            """\
        x = x + part
        h = norm""",
            """\
        x = part.add_(x)
        h = norm""",
        ),
        (
            "def forward(",
            """\
@torch.no_grad()
def forward(""",
        ),
    ],
    "tensor_split_own_errors_closed_form": [
        (
            "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
            "torch.tensor_split(t, n, dim=axis)[rank].detach().clone()",
        ),
        ("raise ValueError(", "raise Wrong("),
        (
            "CUT = {",
            """\
class Wrong(ValueError):
    pass

CUT = {""",
        ),
        ("t.numel() * t.element_size()", "t.nbytes"),
    ],
    "empty_copy_linear": [
        (
            "        out[name] = t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
            """\
        shape = list(t.shape)
        shape[axis] = size // n
        out[name] = torch.empty(shape, dtype=t.dtype)
        out[name].copy_(t[(slice(None),) * axis + (slice(rank * (size // n), (rank + 1) * (size // n)),)])""",
        ),
        (
            'torch.relu(h @ W("mlp.up")) @ W("mlp.down")',
            'F.linear(F.relu(F.linear(h, W("mlp.up").T)), W("mlp.down").T)',
        ),
        ('@ shard["embed.weight"].T', '@ shard["embed.weight"].t()'),
        ('shard["embed.weight"][token_ids]', 'F.embedding(token_ids, shard["embed.weight"])'),
    ],
}

WRONG: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "views": (
        "own-bytes",
        [
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "t.narrow(axis, rank * (size // n), size // n)",
            )
        ],
    ),
    "contiguous_only": (
        "own-bytes",
        [
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "t.narrow(axis, rank * (size // n), size // n).contiguous()",
            )
        ],
    ),
    "whole_not_cloned": ("own-bytes", [("out[name] = t.clone()", "out[name] = t")]),
    "world_1_not_cloned": (
        "own-bytes",
        [
            (
                "    out = {}\n",
                """\
    out = {}
    if n == 1:
        return dict(state_dict)
""",
            )
        ],
    ),
    "interleaved": (
        "shards",
        [
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "t.index_select(axis, torch.arange(rank, size, n)).clone()",
            )
        ],
    ),
    "reversed_ranks": (
        "shards",
        [
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "t.narrow(axis, (n - 1 - rank) * (size // n), size // n).clone()",
            )
        ],
    ),
    "down_by_columns": ("shards", [('"mlp.down.weight": 0', '"mlp.down.weight": 1')]),
    "o_by_columns": ("shards", [('"attn.o.weight": 0', '"attn.o.weight": 1')]),
    "q_by_rows": ("shards", [('"attn.q.weight": 1', '"attn.q.weight": 0')]),
    "norms_halved": (
        "replicated",
        [
            (
                """\
        if axis is None:
            out[name] = t.clone()
            continue
""",
                """\
        if axis is None and name.startswith('layers.'):
            out[name] = t[: t.shape[0] // n].clone()
            continue
        if axis is None:
            out[name] = t.clone()
            continue
""",
            )
        ],
    ),
    "embed_cut": (
        "replicated",
        [
            (
                """\
        if axis is None:
            out[name] = t.clone()""",
                """\
        if axis is None:
            out[name] = t.clone() if name != 'embed.weight' else t[rank::n].clone()""",
            )
        ],
    ),
    "pops_state_dict": (
        "shards",
        [
            (
                """\
    for name, t in state_dict.items():
        axis""",
                """\
    for name in list(state_dict):
        t = state_dict.pop(name)
        axis""",
            )
        ],
    ),
    "uneven_ok": (
        "errors",
        [
            (
                """\
        if size % n:
            raise ValueError(f"{name}: {size} does not divide by world_size {n}")
""",
                "",
            ),
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "torch.tensor_split(t, n, dim=axis)[rank].clone()",
            ),
        ],
    ),
    "rank_equal_world": (
        "errors",
        [
            ("if not 0 <= rank < n", "if not 0 <= rank <= n"),
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "torch.tensor_split(t, n, dim=axis)[min(rank, n - 1)].clone()",
            ),
        ],
    ),
    "rank_negative": (
        "errors",
        [
            ("if not 0 <= rank < n", "if not rank < n"),
            (
                "t.narrow(axis, rank * (size // n), size // n).clone(memory_format=torch.contiguous_format)",
                "torch.tensor_split(t, n, dim=axis)[rank].clone()",
            ),
        ],
    ),
    "rank_bool": ("errors", [('    rank = integer("rank", rank)\n', "")]),
    "world_float": (
        "errors",
        [
            (
                """\
    n = integer("world_size", world_size)
    if not""",
                """\
    n = int(world_size)
    if not""",
            )
        ],
    ),
    "numpy_refused": ("errors", [("isinstance(v, (int, np.integer))", "isinstance(v, int)")]),
    "names_unknown_ok": (
        "errors",
        [
            (
                """\
        if n not in want:
            raise ValueError(f"unknown name {n}")
""",
                "        pass\n",
            ),
            (
                'return CUT.get(name.split(".", 2)[2]) if name',
                "return CUT.get((name + '...').split(\".\", 2)[2].rstrip('.')) if name",
            ),
        ],
    ),
    "names_missing_ok": ("errors", [("        if n not in have:", "        if False:")]),
    "names_missing_key_error": (
        "errors",
        [('raise ValueError(f"missing name {n}")', "raise KeyError(n)")],
    ),
    "names_layers_by_digit": ("shards", [("(\\d+)", "(\\d)")]),
    "names_message_without": (
        "errors",
        [('raise ValueError(f"missing name {n}")', 'raise ValueError("a name is missing")')],
    ),
    "expected_divides_all": (
        "rank-bytes",
        [("math.prod(shape) // (1 if axis is None else n)", "math.prod(shape) // n")],
    ),
    "expected_divides_none": (
        "rank-bytes",
        [("math.prod(shape) // (1 if axis is None else n)", "math.prod(shape)")],
    ),
    "expected_four_bytes": ("rank-bytes", [("    return total * b\n", "    return total * 4\n")]),
    "expected_float": ("rank-bytes", [("    return total * b\n", "    return total * b / 1\n")]),
    "expected_uneven_ok": (
        "errors",
        [("        if axis is not None and shape[axis] % n:", "        if False:")],
    ),
    "expected_names_unchecked": ("errors", [("    check_names(shapes)\n", "")]),
    "expected_dtype_bool": (
        "errors",
        [('b = integer("dtype_bytes", dtype_bytes)', "b = dtype_bytes")],
    ),
    "expected_empties_shapes": (
        "rank-bytes",
        [
            (
                """\
    total = 0
    for name, shape in shapes.items():""",
                """\
    total = 0
    mine = dict(shapes)
    shapes.clear()
    for name, shape in mine.items():""",
            )
        ],
    ),
    "weight_counts_entries": ("weight-bytes", [("t.numel() * t.element_size()", "t.numel()")]),
    "weight_four_bytes": ("weight-bytes", [("t.numel() * t.element_size()", "t.numel() * 4")]),
    "fwd_residual_in_sum": (
        "all-reduces",
        [
            ("        part = part.contiguous()\n", "        part = part.contiguous() + x / n\n"),
            (
                """\
        x = x + part
        h""",
                """\
        x = part
        h""",
            ),
        ],
    ),
    "fwd_one_reduce": (
        "logits",
        [
            (
                """\
        if n > 1:
            dist.all_reduce(part, group=group)
        x = x + part
        h = norm""",
                """\
        x = x + part
        h = norm""",
            )
        ],
    ),
    "fwd_world_group": (
        "all-reduces",
        [("dist.all_reduce(part, group=group)", "dist.all_reduce(part)")],
    ),
    "fwd_async_no_wait": (
        "logits",
        [
            (
                """\
dist.all_reduce(part, group=group)
        x = x + part
    return""",
                """\
dist.all_reduce(part, group=group, async_op=True)
        x = x + part
    return""",
            )
        ],
    ),
    "fwd_gather_heads": (
        "all-reduces",
        [
            (
                "        part = part.contiguous()\n",
                """\
        part = part.contiguous()
        if n > 1:
            dist.barrier(group=group)
""",
            )
        ],
    ),
    "fwd_reduces_twice": (
        "all-reduces",
        [
            (
                """\
        x = x + part
    return""",
                """\
        if n > 1:
            dist.all_reduce(part.clone(), group=group)
        x = x + part
    return""",
            )
        ],
    ),
    "fwd_mean": (
        "logits",
        [
            (
                """\
        x = x + part
    return""",
                """\
        x = x + part / n * 2 if n > 1 else x + part
    return""",
            )
        ],
    ),
    "fwd_not_causal": ("logits", [(".triu(1)", ".triu(T)")]),
    "fwd_strictly_causal": (
        "logits",
        [(".triu(1)", ".triu(0).fill_diagonal_(0 if T == 1 else -1e9)")],
    ),
    "fwd_scale_hidden": ("logits", [("math.sqrt(d)", "math.sqrt(config['hidden'])")]),
    "fwd_scale_shard": ("logits", [("math.sqrt(d)", "math.sqrt(config['hidden'] / heads)")]),
    "fwd_no_scale": ("logits", [(" / math.sqrt(d)", "")]),
    "fwd_eps_1e5": ("logits", [("+ 1e-6", "+ 1e-5")]),
    "fwd_no_eps": ("logits", [("+ 1e-6", "+ 0")]),
    "fwd_layer_norm": (
        "logits",
        [
            (
                "    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * w",
                """\
    x = x - x.mean(-1, keepdim=True)
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * w""",
            )
        ],
    ),
    "fwd_gelu": ("logits", [("torch.relu(h", "F.gelu(h")]),
    "fwd_post_norm": ("logits", [('h = norm(x, W("norm2"))', 'x = norm(x, W("norm2")); h = x')]),
    "fwd_norm1_twice": ("logits", [('W("norm2")', 'W("norm1")')]),
    "fwd_no_final_norm": (
        "logits",
        [('return norm(x, shard["final_norm.weight"]) @', "return x @")],
    ),
    "fwd_first_layer_only": (
        "logits",
        [
            (
                '    for i in range(config["num_layers"]):',
                '    for i in range(min(config["num_layers"], 2)):',
            )
        ],
    ),
    "fwd_float32": (
        "logits",
        [
            (
                '    x = shard["embed.weight"][token_ids]\n',
                """\
    shard = {k: v.float() for k, v in shard.items()}
    x = shard["embed.weight"][token_ids]
""",
            )
        ],
    ),
    "fwd_bf16_matmul": (
        "logits",
        [
            (
                'torch.relu(h @ W("mlp.up"))',
                'torch.relu((h.bfloat16() @ W("mlp.up").bfloat16()).to(h.dtype))',
            )
        ],
    ),
    "fwd_half_partials": (
        "logits",
        [
            (
                "        part = part.contiguous()\n",
                "        part = part.half().to(part.dtype).contiguous()\n",
            )
        ],
    ),
    "fwd_ids_negative": ("errors", [("if not 0 <= t <", "if not t <")]),
    "fwd_ids_vocab": (
        "errors",
        [('if not 0 <= t < config["vocab"]', 'if not 0 <= t <= config["vocab"]')],
    ),
    "fwd_ids_rank_0": (
        "errors",
        [
            (
                "    for t in token_ids.tolist():",
                "    for t in token_ids.tolist() if dist.get_rank(group) == 0 else []:",
            )
        ],
    ),
    "fwd_ids_last_only": (
        "errors",
        [("    for t in token_ids.tolist():", "    for t in token_ids.tolist()[-1:]:")],
    ),
    "fwd_ids_no_value": (
        "errors",
        [
            (
                "f\"token id {t} outside [0, {config['vocab']})\"",
                '"a token id is outside the vocabulary"',
            )
        ],
    ),
    "fwd_heads_unchecked": (
        "errors",
        [
            ('for name in ("num_heads", "hidden", "ffn")', 'for name in ("hidden", "ffn")'),
            (
                '    heads = config["num_heads"] // n',
                '    heads = max(1, config["num_heads"] // n)',
            ),
        ],
    ),
    "fwd_ffn_unchecked": (
        "errors",
        [('for name in ("num_heads", "hidden", "ffn")', 'for name in ("num_heads", "hidden")')],
    ),
    "fwd_names_unchecked": ("errors", [('    check_names(shard, config["num_layers"])\n', "")]),
    "fwd_extra_layers_ok": (
        "errors",
        [('check_names(shard, config["num_layers"])', "check_names(shard)")],
    ),
    "fwd_heads_interleaved": (
        "logits",
        [(".view(T, heads, d).transpose(0, 1)", ".view(T, d, heads).permute(2, 0, 1)")],
    ),
    "fwd_scales_shard_in_place": (
        "logits",
        [
            (
                '    heads = config["num_heads"] // n\n',
                """\
    heads = config["num_heads"] // n
    shard['final_norm.weight'].mul_(1.0).add_(1.0).sub_(1.0)
    shard['final_norm.weight'][0] += 1
""",
            ),
            (
                'norm(x, shard["final_norm.weight"]) @',
                'norm(x, shard["final_norm.weight"] - torch.eye(1, len(shard["final_norm.weight"]), dtype=x.dtype)[0]) @',
            ),
        ],
    ),
    "fwd_untied_logits": (
        "logits",
        [('@ shard["embed.weight"].T', '@ shard["embed.weight"].T.abs()')],
    ),
    "fwd_global_rank": (
        "all-reduces",
        [("    n = dist.get_world_size(group)\n", "    n = dist.get_world_size()\n")],
    ),
    "fwd_max_reduce": (
        "logits",
        [
            (
                """\
dist.all_reduce(part, group=group)
        x = x + part
    return""",
                """\
dist.all_reduce(part, op=dist.ReduceOp.MAX, group=group)
        x = x + part
    return""",
            )
        ],
    ),
}
