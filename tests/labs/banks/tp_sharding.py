"""Answers to tp-sharding that its suite's author never saw: written from hand-out and stub alone.

`PLAIN` is right, and so is each of `RIGHT`: a source of its own, or `PLAIN` with some texts replaced.
Each of `WRONG` is `PLAIN` with one mistake, and names the rubric item that it must lose.
"""

PLAIN = """\
from fractions import Fraction
import numpy as np

def whole(name, v):
    if isinstance(v, (bool, np.bool_)) or not isinstance(v, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {v!r}")
    return int(v)

def ranks(v):
    v = whole("world_size", v)
    if v < 1:
        raise ValueError(f"world_size must be at least 1, got {v}")
    return v

def two_d(**arrays):
    for name, a in arrays.items():
        if a.ndim != 2:
            raise ValueError(f"{name} must be 2-D, has shape {a.shape}")

def fits(x, w):
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"shapes {x.shape} and {w.shape} do not fit")

def bias_fits(b, n):
    if b is not None and b.shape != (n,):
        raise ValueError(f"bias of shape {b.shape} for {n} columns")

def divides(dim, n, what):
    if dim % n:
        raise ValueError(f"{what} {dim} is not divisible by world_size {n}")

def shard_columns(w, world_size):
    two_d(w=w)
    n = ranks(world_size)
    divides(w.shape[1], n, "columns")
    return np.split(w, n, axis=1)

def shard_rows(w, world_size):
    two_d(w=w)
    n = ranks(world_size)
    divides(w.shape[0], n, "rows")
    return np.split(w, n, axis=0)

def column_parallel_linear(x, w_shard, group, bias_shard=None, gather_output=False):
    two_d(x=x, w_shard=w_shard)
    fits(x, w_shard)
    bias_fits(bias_shard, w_shard.shape[1])
    y = x @ w_shard
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y, axis=1) if gather_output else y

def row_parallel_linear(x_shard, w_shard, group, bias=None):
    two_d(x_shard=x_shard, w_shard=w_shard)
    fits(x_shard, w_shard)
    bias_fits(bias, w_shard.shape[1])
    y = group.all_reduce(x_shard @ w_shard)
    return y if bias is None else y + bias

def mlp_block(x, w_up_shard, w_down_shard, group, b_up_shard=None, b_down=None):
    two_d(x=x, w_up_shard=w_up_shard, w_down_shard=w_down_shard)
    fits(x, w_up_shard)
    fits(w_up_shard, w_down_shard)
    bias_fits(b_up_shard, w_up_shard.shape[1])
    bias_fits(b_down, w_down_shard.shape[1])
    h = column_parallel_linear(x, w_up_shard, group, b_up_shard)
    return row_parallel_linear(np.maximum(h, 0), w_down_shard, group, b_down)

def shard_gate_up(w_gate_up, world_size):
    two_d(w_gate_up=w_gate_up)
    n = ranks(world_size)
    if w_gate_up.shape[1] % 2:
        raise ValueError(f"odd width {w_gate_up.shape[1]}")
    f = w_gate_up.shape[1] // 2
    divides(f, n, "F")
    gate, up = w_gate_up[:, :f], w_gate_up[:, f:]
    return [np.concatenate(pair, axis=1) for pair in zip(np.split(gate, n, 1), np.split(up, n, 1))]

def swiglu_block(x, w_gate_up_shard, w_down_shard, group):
    two_d(x=x, w_gate_up_shard=w_gate_up_shard, w_down_shard=w_down_shard)
    fits(x, w_gate_up_shard)
    if w_gate_up_shard.shape[1] % 2:
        raise ValueError("odd number of gate|up columns")
    f = w_gate_up_shard.shape[1] // 2
    if w_down_shard.shape[0] != f:
        raise ValueError(f"{f} values for w_down {w_down_shard.shape}")
    both = x @ w_gate_up_shard
    gate, up = both[:, :f], both[:, f:]
    h = gate / (1 + np.exp(-gate)) * up
    return group.all_reduce(h @ w_down_shard)

def shard_qkv(wq, wk, wv, num_heads, num_kv_heads, head_dim, world_size):
    two_d(wq=wq, wk=wk, wv=wv)
    h, kv, d = whole("num_heads", num_heads), whole("num_kv_heads", num_kv_heads), whole("head_dim", head_dim)
    n = ranks(world_size)
    if wq.shape[1] != h * d or wk.shape[1] != kv * d or wv.shape[1] != kv * d:
        raise ValueError("columns do not match the heads")
    if not wq.shape[0] == wk.shape[0] == wv.shape[0]:
        raise ValueError("rows differ")
    divides(h, n, "num_heads")
    if kv % n and n % kv:
        raise ValueError(f"num_kv_heads {kv} and world_size {n}: neither divides the other")
    parts = []
    for r in range(n):
        q = wq[:, r * (h // n) * d:(r + 1) * (h // n) * d]
        if kv >= n:
            s = slice(r * (kv // n) * d, (r + 1) * (kv // n) * d)
        else:
            i = r // (n // kv)
            s = slice(i * d, (i + 1) * d)
        parts.append((q, wk[:, s], wv[:, s]))
    return parts

def vocab_parallel_embedding(token_ids, table_shard, group):
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise TypeError(f"token_ids must be integers, not {token_ids.dtype}")
    two_d(table_shard=table_shard)
    rows = table_shard.shape[0]
    v = rows * group.world_size
    for t in token_ids.tolist():
        if not 0 <= t < v:
            raise ValueError(f"token id {t} is outside [0, {v})")
    local = token_ids.astype(np.int64) - group.rank * rows
    mine = (local >= 0) & (local < rows)
    out = np.zeros((len(token_ids), table_shard.shape[1]), table_shard.dtype)
    out[mine] = table_shard[local[mine]]
    return group.all_reduce(out)

def exactly_summable(x, w):
    two_d(x=x, w=w)
    fits(x, w)
    for a in (x, w):
        if not np.isfinite(a).all() or (a != np.trunc(a)).any():
            return False
    limit = 2**24 if x.dtype == np.float32 else 2**53
    return x.shape[1] * int(np.abs(x).max()) * int(np.abs(w).max()) <= limit

def rounding_error_bound(x, w):
    two_d(x=x, w=w)
    fits(x, w)
    k = x.shape[1]
    u = float(np.finfo(x.dtype).eps) / 2
    gamma = k * u / (1 - k * u)
    return 2 * gamma * (np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64))
"""

RIGHT: dict[str, str | list[tuple[str, str]]] = {
    "einsum_bias_on_rank_0": [
        (
            """\
    y = group.all_reduce(x_shard @ w_shard)
    return y if bias is None else y + bias""",
            """\
    part = np.einsum('mk,kn->mn', x_shard, w_shard)
    if bias is not None and group.rank == 0:
        part = part + bias
    return group.all_reduce(part)""",
        ),
        ("    y = x @ w_shard\n", "    y = np.einsum('mk,kn->mn', x, w_shard)\n"),
    ],
    "loops_and_tuples": [
        (
            "    return np.split(w, n, axis=1)",
            """\
    c = w.shape[1] // n
    return tuple(w[:, i * c:(i + 1) * c].copy() for i in range(n))""",
        ),
        (
            "    return np.split(w, n, axis=0)",
            """\
    c = w.shape[0] // n
    return tuple(np.asfortranarray(w[i * c:][:c]) for i in range(n))""",
        ),
        (
            "    y = x @ w_shard\n",
            """\
    y = np.zeros((x.shape[0], w_shard.shape[1]), x.dtype)
    for k in range(x.shape[1]):
        y += np.outer(x[:, k], w_shard[k])
""",
        ),
    ],
    "reduce_scatter_all_gather_padded": [
        (
            "    y = group.all_reduce(x_shard @ w_shard)\n",
            """\
    part = x_shard @ w_shard
    m, k = part.shape[0], -part.shape[0] % group.world_size
    part = np.concatenate([part, np.zeros((k, part.shape[1]), part.dtype)])
    y = group.all_gather(group.reduce_scatter(part, axis=0), axis=0)[:m]
""",
        ),
        (
            "    return group.all_reduce(h @ w_down_shard)",
            "    return row_parallel_linear(h, w_down_shard, group)",
        ),
    ],
    "float64_inside": [
        (
            "group.all_reduce(x_shard @ w_shard)",
            "group.all_reduce((x_shard.astype(np.float64) @ w_shard.astype(np.float64)).astype(x_shard.dtype))",
        ),
        (
            "    h = gate / (1 + np.exp(-gate)) * up\n",
            """\
    gate = gate.astype(np.float64)
    h = (gate / (1 + np.exp(-gate)) * up).astype(x.dtype)
""",
        ),
    ],
    "one_rank_no_collective_own_errors": [
        (
            "group.all_reduce(x_shard @ w_shard)",
            "x_shard @ w_shard if group.world_size == 1 else group.all_reduce(x_shard @ w_shard)",
        ),
        ("raise ValueError(", "raise Bad("),
        (
            "def whole(",
            """\
class Bad(ValueError):
    def __init__(self, text):
        super().__init__('shard: ' + text)

def whole(""",
        ),
    ],
    "reshape_qkv_bound_in_own_dtype": [
        (
            "    return 2 * gamma * (np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64))",
            "    return (np.abs(x) @ np.abs(w)).astype(np.float64) * (2 * gamma)",
        ),
        (
            """\
        q = wq[:, r * (h // n) * d:(r + 1) * (h // n) * d]
        if kv >= n:
            s = slice(r * (kv // n) * d, (r + 1) * (kv // n) * d)
        else:
            i = r // (n // kv)
            s = slice(i * d, (i + 1) * d)
        parts.append((q, wk[:, s], wv[:, s]))
""",
            """\
        rows = wq.shape[0]
        q = wq.reshape(rows, h, d)[:, r * h // n:(r + 1) * h // n].reshape(rows, -1)
        lo = r * kv // n
        hi = max(lo + 1, (r + 1) * kv // n)
        pick = lambda a: a.reshape(rows, kv, d)[:, lo:hi].reshape(rows, -1)
        parts.append([q, pick(wk), pick(wv)])
""",
        ),
    ],
    "summable_by_fraction": [
        (
            """\
    for a in (x, w):
        if not np.isfinite(a).all() or (a != np.trunc(a)).any():
            return False
""",
            """\
    values = [[float(e) for e in a.ravel()] for a in (x, w)]
    if not all(e.is_integer() for row in values for e in row):
        return False
""",
        ),
        (
            "int(np.abs(x).max()) * int(np.abs(w).max())",
            "max(abs(Fraction(e)) for e in values[0]) * max(abs(Fraction(e)) for e in values[1])",
        ),
    ],
    "gate_up_indices_where": [
        (
            "    return [np.concatenate(pair, axis=1) for pair in zip(np.split(gate, n, 1), np.split(up, n, 1))]",
            """\
    c = f // n
    return [w_gate_up[:, [*range(r * c, (r + 1) * c), *range(f + r * c, f + (r + 1) * c)]] for r in range(n)]""",
        ),
        (
            """\
    out = np.zeros((len(token_ids), table_shard.shape[1]), table_shard.dtype)
    out[mine] = table_shard[local[mine]]
""",
            "    out = np.where(mine[:, None], table_shard[np.where(mine, local, 0)], table_shard.dtype.type(0))\n",
        ),
    ],
    "matmul_out_split_bias": [
        (
            """\
    y = group.all_reduce(x_shard @ w_shard)
    return y if bias is None else y + bias""",
            """\
    part = np.empty((x_shard.shape[0], w_shard.shape[1]), x_shard.dtype)
    np.matmul(x_shard, w_shard, out=part)
    total = group.all_reduce(part)
    if bias is not None:
        total += bias
    return total""",
        )
    ],
}

WRONG: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "columns_interleaved": (
        "columns",
        [("return np.split(w, n, axis=1)", "return [w[:, r::n] for r in range(n)]")],
    ),
    "columns_cut_rows": (
        "columns",
        [("return np.split(w, n, axis=1)", "return np.split(w, n, axis=0)")],
    ),
    "rows_reversed": (
        "rows",
        [("return np.split(w, n, axis=0)", "return np.split(w, n, axis=0)[::-1]")],
    ),
    "rows_uneven": (
        "errors",
        [
            (
                """\
    divides(w.shape[0], n, "rows")
    return np.split(""",
                "    return np.array_split(",
            )
        ],
    ),
    "columns_uneven": (
        "errors",
        [
            (
                """\
    divides(w.shape[1], n, "columns")
    return np.split(""",
                "    return np.array_split(",
            )
        ],
    ),
    "rows_3d_ok": (
        "errors",
        [
            (
                """\
def shard_rows(w, world_size):
    two_d(w=w)
""",
                "def shard_rows(w, world_size):\n",
            )
        ],
    ),
    "columns_stacked": (
        "columns",
        [("    return np.split(w, n, axis=1)", "    return np.stack(np.split(w, n, axis=1))")],
    ),
    "columns_float16": (
        "columns",
        [
            (
                "return np.split(w, n, axis=1)",
                "return [p.astype(np.float16).astype(w.dtype) for p in np.split(w, n, axis=1)]",
            )
        ],
    ),
    "bool_world": ("errors", [("isinstance(v, (bool, np.bool_)) or ", "")]),
    "numpy_world_refused": (
        "columns",
        [("isinstance(v, (int, np.integer))", "isinstance(v, int)")],
    ),
    "float_world": (
        "errors",
        [
            (
                "    if isinstance(v, (bool, np.bool_)) or not isinstance(v, (int, np.integer)):",
                "    if isinstance(v, bool) or v != int(v):",
            )
        ],
    ),
    "world_zero": ("errors", [("    if v < 1:", "    if v < 0:")]),
    "world_unnamed": (
        "errors",
        [('f"world_size must be at least 1, got {v}"', 'f"at least 1, got {v}"')],
    ),
    "world_no_value": (
        "errors",
        [('f"world_size must be at least 1, got {v}"', '"world_size must be at least 1"')],
    ),
    "divides_no_dim": ("errors", [("{what} {dim} is not", "{what} is not")]),
    "divides_no_world": ("errors", [('divisible by world_size {n}"', 'divisible by world_size"')]),
    "column_bias_broadcast": ("errors", [("    bias_fits(bias_shard, w_shard.shape[1])\n", "")]),
    "column_gathers_always": ("column-linear", [(" if gather_output else y", "")]),
    "column_never_gathers": (
        "column-linear",
        [("return group.all_gather(y, axis=1) if gather_output else y", "return y")],
    ),
    "column_gathers_rows": (
        "column-linear",
        [("group.all_gather(y, axis=1)", "group.all_gather(y, axis=0)")],
    ),
    "column_gather_before_bias": (
        "column-linear",
        [
            (
                """\
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y, axis=1) if gather_output else y""",
                """\
    if gather_output:
        return group.all_gather(y, axis=1)
    return y if bias_shard is None else y + bias_shard""",
            )
        ],
    ),
    "column_gathers_w": (
        "column-linear",
        [
            (
                """\
    y = x @ w_shard
    if bias_shard is not None:""",
                """\
    if gather_output:
        y = x @ group.all_gather(w_shard, axis=1)
        return y if bias_shard is None else y + group.all_gather(bias_shard, axis=0)
    y = x @ w_shard
    if bias_shard is not None:""",
            )
        ],
    ),
    "column_mutates_bias_order": (
        "column-linear",
        [
            (
                "    y = x @ w_shard\n",
                """\
    x *= 1
    x += 0
    x[0, 0] += 1
    x[0, 0] -= 1
    x[:] = x + 1
    y = (x - 1) @ w_shard
""",
            )
        ],
    ),
    "row_bias_every_rank": (
        "row-linear",
        [
            (
                """\
    y = group.all_reduce(x_shard @ w_shard)
    return y if bias is None else y + bias""",
                """\
    y = x_shard @ w_shard
    return group.all_reduce(y if bias is None else y + bias)""",
            )
        ],
    ),
    "row_mean": (
        "row-linear",
        [
            (
                "    y = group.all_reduce(x_shard @ w_shard)\n",
                "    y = group.all_reduce(x_shard @ w_shard) / group.world_size\n",
            )
        ],
    ),
    "row_bias_divided": (
        "row-linear",
        [
            (
                """\
    y = group.all_reduce(x_shard @ w_shard)
    return y if bias is None else y + bias""",
                """\
    y = x_shard @ w_shard
    return group.all_reduce(y if bias is None else y + bias / bias.dtype.type(group.world_size))""",
            )
        ],
    ),
    "row_gather_and_add": (
        "row-linear",
        [
            (
                "    y = group.all_reduce(x_shard @ w_shard)\n",
                "    y = group.all_gather((x_shard @ w_shard)[None], axis=0).sum(axis=0)\n",
            )
        ],
    ),
    "row_gathers_inputs": (
        "row-linear",
        [
            (
                "    y = group.all_reduce(x_shard @ w_shard)\n",
                "    y = group.all_gather(x_shard, axis=1) @ group.all_gather(w_shard, axis=0)\n",
            )
        ],
    ),
    "row_half_precision": (
        "row-linear",
        [
            (
                "    y = group.all_reduce(x_shard @ w_shard)\n",
                "    y = group.all_reduce((x_shard @ w_shard).astype(np.float16)).astype(x_shard.dtype)\n",
            )
        ],
    ),
    "row_float32_always": (
        "row-linear",
        [
            (
                "    y = group.all_reduce(x_shard @ w_shard)\n",
                "    y = group.all_reduce((x_shard @ w_shard).astype(np.float32)).astype(x_shard.dtype)\n",
            )
        ],
    ),
    "row_float64_result": (
        "row-linear",
        [
            (
                "    y = group.all_reduce(x_shard @ w_shard)\n",
                "    y = group.all_reduce(x_shard.astype(np.float64) @ w_shard)\n",
            )
        ],
    ),
    "row_bias_in_place": (
        "row-linear",
        [
            (
                "    return y if bias is None else y + bias",
                """\
    if bias is not None:
        bias += 0 * bias + 1
        y = y + bias - 1
    return y""",
            )
        ],
    ),
    "row_bias_row_vector_ok": (
        "errors",
        [
            (
                """\
    bias_fits(bias, w_shard.shape[1])
    y = group""",
                """\
    if bias is not None and bias.shape[-1] != w_shard.shape[1]:
        raise ValueError('bias')
    y = group""",
            )
        ],
    ),
    "row_rank0_checks_bias": (
        "errors",
        [
            (
                """\
    bias_fits(bias, w_shard.shape[1])
    y = group""",
                """\
    if group.rank == 0:
        bias_fits(bias, w_shard.shape[1])
    y = group""",
            )
        ],
    ),
    "mlp_relu_late": (
        "mlp-block",
        [
            (
                "    return row_parallel_linear(np.maximum(h, 0), w_down_shard, group, b_down)",
                "    return np.maximum(row_parallel_linear(h, w_down_shard, group, b_down), 0)",
            )
        ],
    ),
    "mlp_no_relu": ("mlp-block", [("np.maximum(h, 0)", "h")]),
    "mlp_two_reduces": (
        "one-collective",
        [
            (
                "    h = column_parallel_linear(x, w_up_shard, group, b_up_shard)\n",
                """\
    h = column_parallel_linear(x, w_up_shard, group, b_up_shard)
    group.all_reduce(h)
""",
            )
        ],
    ),
    "mlp_no_down_bias": ("mlp-block", [("w_down_shard, group, b_down)", "w_down_shard, group)")]),
    "mlp_up_bias_late": (
        "mlp-block",
        [
            (
                """\
    h = column_parallel_linear(x, w_up_shard, group, b_up_shard)
    return row_parallel_linear(np.maximum(h, 0)""",
                """\
    h = np.maximum(column_parallel_linear(x, w_up_shard, group), 0)
    h = h if b_up_shard is None else h + b_up_shard
    return row_parallel_linear(h""",
            )
        ],
    ),
    "mlp_leaky": (
        "mlp-block",
        [("np.maximum(h, 0)", "np.where(h > 0, h, h * h.dtype.type(0.01))")],
    ),
    "mlp_barrier": (
        "one-collective",
        [
            (
                "    h = column_parallel_linear(x, w_up_shard, group, b_up_shard)\n",
                """\
    h = column_parallel_linear(x, w_up_shard, group, b_up_shard)
    group.barrier()
""",
            )
        ],
    ),
    "gate_up_contiguous": (
        "gate-up",
        [
            (
                "    return [np.concatenate(pair, axis=1) for pair in zip(np.split(gate, n, 1), np.split(up, n, 1))]",
                "    return np.split(w_gate_up, n, axis=1)",
            )
        ],
    ),
    "gate_up_swapped": (
        "gate-up",
        [
            (
                "zip(np.split(gate, n, 1), np.split(up, n, 1))",
                "zip(np.split(up, n, 1), np.split(gate, n, 1))",
            )
        ],
    ),
    "gate_up_odd_ok": (
        "errors",
        [
            (
                """\
    if w_gate_up.shape[1] % 2:
        raise ValueError(f"odd width {w_gate_up.shape[1]}")
""",
                "",
            )
        ],
    ),
    "gate_up_2f_divisible": (
        "errors",
        [
            ('divides(f, n, "F")', 'divides(2 * f, n, "2F")'),
            (
                "np.split(gate, n, 1), np.split(up, n, 1)",
                "np.array_split(gate, n, 1), np.array_split(up, n, 1)",
            ),
        ],
    ),
    "swiglu_silu_on_up": (
        "swiglu",
        [("h = gate / (1 + np.exp(-gate)) * up", "h = up / (1 + np.exp(-up)) * gate")],
    ),
    "swiglu_sigmoid": (
        "swiglu",
        [("h = gate / (1 + np.exp(-gate)) * up", "h = 1 / (1 + np.exp(-gate)) * up")],
    ),
    "swiglu_relu": (
        "swiglu",
        [("h = gate / (1 + np.exp(-gate)) * up", "h = np.maximum(gate, 0) * up")],
    ),
    "swiglu_tanh_gelu": (
        "swiglu",
        [
            (
                "h = gate / (1 + np.exp(-gate)) * up",
                "h = gate / (1 + np.exp(-gate * gate.dtype.type(1.702))) * up",
            )
        ],
    ),
    "swiglu_odd_ok": (
        "errors",
        [
            (
                """\
    if w_gate_up_shard.shape[1] % 2:
        raise ValueError("odd number of gate|up columns")
""",
                "",
            ),
            (
                """\
gate, up = both[:, :f], both[:, f:]
    h""",
                """\
gate, up = both[:, :f], both[:, f:2 * f]
    h""",
            ),
        ],
    ),
    "swiglu_reduces_h": (
        "swiglu",
        [
            (
                "    return group.all_reduce(h @ w_down_shard)",
                "    return group.all_reduce(h @ w_down_shard + 0 * group.all_reduce(h @ w_down_shard))",
            )
        ],
    ),
    "qkv_kv_modulo": ("qkv", [("i = r // (n // kv)", "i = r % kv")]),
    "qkv_kv_first_head": ("qkv", [("i = r // (n // kv)", "i = 0")]),
    "qkv_v_is_k": ("qkv", [("wk[:, s], wv[:, s]", "wk[:, s], wk[:, s]")]),
    "qkv_kv_whole": (
        "qkv",
        [
            (
                """\
            i = r // (n // kv)
            s = slice(i * d, (i + 1) * d)""",
                "            s = slice(0, kv * d)",
            )
        ],
    ),
    "qkv_heads_unchecked": ("errors", [('    divides(h, n, "num_heads")\n', "")]),
    "qkv_kv_unchecked": ("errors", [("    if kv % n and n % kv:", "    if False:")]),
    "qkv_kv_factor_2": ("qkv", [("i = r // (n // kv)", "i = r // 2 if kv > 1 else 0")]),
    "qkv_rows_unchecked": (
        "errors",
        [
            (
                """\
    if not wq.shape[0] == wk.shape[0] == wv.shape[0]:
        raise ValueError("rows differ")
""",
                "",
            )
        ],
    ),
    "qkv_wv_unchecked": ("errors", [(" or wv.shape[1] != kv * d", "")]),
    "qkv_float_head_dim": ("errors", [('whole("head_dim", head_dim)', "int(head_dim)")]),
    "qkv_bool_kv": ("errors", [('whole("num_kv_heads", num_kv_heads)', "int(num_kv_heads)")]),
    "emb_no_mask": (
        "embedding",
        [("    out[mine] = table_shard[local[mine]]", "    out[:] = table_shard[local % rows]")],
    ),
    "emb_negative_wraps": ("errors", [("if not 0 <= t < v:", "if not -v <= t < v:")]),
    "emb_too_large_zero": ("errors", [("if not 0 <= t < v:", "if t < 0:")]),
    "emb_mask_times": (
        "embedding",
        [
            (
                "    out[mine] = table_shard[local[mine]]",
                "    out = table_shard[np.clip(local, 0, rows - 1)] * mine[:, None].astype(table_shard.dtype)",
            )
        ],
    ),
    "emb_upper_inclusive": (
        "embedding",
        [
            ("(local < rows)", "(local <= rows)"),
            ("table_shard[local[mine]]", "table_shard[np.minimum(local[mine], rows - 1)]"),
        ],
    ),
    "emb_int64_only": (
        "embedding",
        [("not np.issubdtype(token_ids.dtype, np.integer)", "token_ids.dtype != np.int64")],
    ),
    "emb_bool_ok": (
        "errors",
        [("not np.issubdtype(token_ids.dtype, np.integer)", "token_ids.dtype.kind == 'f'")],
    ),
    "emb_uint_wraps": (
        "embedding",
        [
            (
                "token_ids.astype(np.int64) - group.rank * rows",
                "token_ids - token_ids.dtype.type(group.rank * rows)",
            )
        ],
    ),
    "emb_empty_fails": (
        "embedding",
        [
            (
                "    rows = table_shard.shape[0]\n",
                """\
    token_ids.min()
    rows = table_shard.shape[0]
""",
            )
        ],
    ),
    "emb_error_on_owner": (
        "errors",
        [
            (
                """\
    for t in token_ids.tolist():
        if not 0 <= t < v:""",
                """\
    for t in token_ids.tolist():
        if not 0 <= t < v and group.rank == group.world_size - 1:""",
            )
        ],
    ),
    "emb_message_no_id": (
        "errors",
        [('f"token id {t} is outside [0, {v})"', '"a token id is outside the vocabulary"')],
    ),
    "emb_float64_out": (
        "embedding",
        [("table_shard.shape[1]), table_shard.dtype)", "table_shard.shape[1]))")],
    ),
    "summable_float_product": (
        "exactly-summable",
        [
            (
                "x.shape[1] * int(np.abs(x).max()) * int(np.abs(w).max()) <= limit",
                "bool(x.dtype.type(x.shape[1]) * np.abs(x).max() * np.abs(w).max() <= limit)",
            )
        ],
    ),
    "summable_no_k": (
        "exactly-summable",
        [("x.shape[1] * int(np.abs(x).max())", "int(np.abs(x).max())")],
    ),
    "summable_strict": (
        "exactly-summable",
        [("int(np.abs(w).max()) <= limit", "int(np.abs(w).max()) < limit")],
    ),
    "summable_2_53_always": (
        "exactly-summable",
        [("2**24 if x.dtype == np.float32 else 2**53", "2**53")],
    ),
    "summable_2_23": ("exactly-summable", [("2**24 if", "2**23 if")]),
    "summable_w_unchecked": (
        "exactly-summable",
        [
            (
                """\
    for a in (x, w):
        if not np.isfinite""",
                """\
    for a in (x,):
        if not np.isfinite""",
            )
        ],
    ),
    "summable_max_not_abs": ("exactly-summable", [("int(np.abs(w).max())", "int(w.max())")]),
    "summable_numpy_bool_none": (
        "exactly-summable",
        [("            return False\n", "            return None\n")],
    ),
    "bound_no_k": ("bound", [("gamma = k * u / (1 - k * u)", "gamma = u / (1 - u)")]),
    "bound_eps": ("bound", [(".eps) / 2", ".eps)")]),
    "bound_one_gamma": ("bound", [("return 2 * gamma *", "return gamma *")]),
    "bound_n_for_k": (
        "bound",
        [
            (
                """\
    k = x.shape[1]
    u""",
                """\
    k = w.shape[1]
    u""",
            )
        ],
    ),
    "bound_abs_of_product": (
        "bound",
        [
            (
                "(np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64))",
                "np.abs(x.astype(np.float64) @ w.astype(np.float64))",
            )
        ],
    ),
    "bound_first_order": ("bound", [("gamma = k * u / (1 - k * u)", "gamma = k * u")]),
    "bound_scalar": (
        "bound",
        [
            (
                "return 2 * gamma * (np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64))",
                "return 2 * gamma * np.abs(x).max() * np.abs(w).max() * k",
            )
        ],
    ),
}
