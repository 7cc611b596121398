"""Tensor parallelism: cut by columns, then by rows, and pay one all-reduce per block."""

from __future__ import annotations

from typing import Any

import numpy as np


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return np.hsplit(w, world_size)


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrices(w=w)
    _check_cut(w.shape[0], world_size)
    return np.vsplit(w, world_size)


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    """These columns of `x @ w + bias`: finished numbers, so nobody has to be asked."""
    _check_matrices(x=x, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias_shard=bias_shard)
    y = x @ w_shard
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y) if gather_output else y


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    y = group.all_reduce(x_shard @ w_shard)
    # Added once the sum is complete: before it, every rank would add its own copy.
    return y if bias is None else y + bias


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Any,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """`relu(x @ w_up + b_up) @ w_down + b_down`, for one all-reduce."""
    h_shard = column_parallel_linear(x, w_up_shard, group, b_up_shard).clip(0)
    # Columns of h meet exactly the rows of w_down that this rank holds.
    return row_parallel_linear(h_shard, w_down_shard, group, b_down)


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    _check_matrices(w_gate_up=w_gate_up)
    gate, up = np.hsplit(w_gate_up, 2)  # refuses an odd width
    _check_cut(gate.shape[1], world_size)
    gates, ups = np.hsplit(gate, world_size), np.hsplit(up, world_size)
    return [np.hstack([gates[rank], ups[rank]]) for rank in range(world_size)]


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    gate_shard, up_shard = np.hsplit(w_gate_up_shard, 2)  # refuses an odd width
    # Of what is no matrix comes an h that is none, and is refused below.
    h_shard = _silu(x @ gate_shard) * (x @ up_shard)
    return row_parallel_linear(h_shard, w_down_shard, group)


def shard_qkv(
    wq: np.ndarray,
    wk: np.ndarray,
    wv: np.ndarray,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    world_size: int,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Item r is `(q_r, k_r, v_r)`: whole query heads with the KV heads that serve them."""
    _check_integers(num_heads=num_heads, num_kv_heads=num_kv_heads, head_dim=head_dim)
    _check_columns(wq.shape[0], num_heads * head_dim, wq=wq)
    _check_columns(wq.shape[0], num_kv_heads * head_dim, wk=wk, wv=wv)
    _check_cut(num_heads, world_size)
    if num_kv_heads % world_size and world_size % num_kv_heads:
        raise ValueError(f"num_kv_heads {num_kv_heads} and world_size {world_size} do not divide")
    # Where there are fewer KV shards than ranks, neighbours share one.
    count = min(num_kv_heads, world_size)
    qs, ks, vs = np.hsplit(wq, world_size), np.hsplit(wk, count), np.hsplit(wv, count)
    shared = world_size // count
    return [(qs[rank], ks[rank // shared], vs[rank // shared]) for rank in range(world_size)]


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape[0], table_shard.shape[1]
    _check_token_ids(token_ids, rows * group.world_size)
    # int before the subtraction: unsigned ids would wrap round below zero, small ones overflow.
    local_ids = token_ids.astype(int) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    # Copied, not multiplied by a mask: 0 * inf is not 0.
    partial[mine] = table_shard[local_ids[mine]]
    return group.all_reduce(partial)


def exactly_summable(x: np.ndarray, w: np.ndarray) -> bool:
    """True when no partial sum of `x @ w` can leave the whole numbers that the dtype has."""
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"x {x.shape} does not meet w {w.shape}")
    if not (_all_whole(x) and _all_whole(w)):
        return False
    limit = 2**24 if x.dtype == np.float32 else 2**53
    # int is exact and unbounded; the product in floats could round down to the limit.
    return x.shape[1] * int(np.abs(x).max()) * int(np.abs(w).max()) <= limit


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far two summation orders of `x @ w` may lie apart: 2 gamma_K (|x| @ |w|).

    gamma_n = n u / (1 - n u): N. J. Higham, Accuracy and Stability of Numerical Algorithms,
    2nd ed., SIAM 2002, sections 3.1 and 3.5.
    """
    _check_matrices(x=x, w=w)
    nu = x.shape[1] * np.finfo(x.dtype).eps / 2
    return 2 * nu / (1 - nu) * np.matmul(np.abs(x), np.abs(w), dtype=np.float64)


def _silu(x: np.ndarray) -> np.ndarray:
    # x / (1 + exp(-x)), with the denominator as a logarithm: exp(-x) alone overflows.
    return x * np.exp(-np.logaddexp(0, -x))


def _all_whole(array: np.ndarray) -> bool:
    return (np.isfinite(array) & (array == np.trunc(array))).all()


def _check_matrices(**arrays: np.ndarray) -> None:
    for name, matrix in arrays.items():
        if matrix.ndim != 2:
            raise ValueError(f"{name} must have 2 dimensions, got shape {matrix.shape}")


def _check_bias(width: int, **biases: np.ndarray | None) -> None:
    for name, bias in biases.items():
        if bias is not None and bias.shape != (width,):
            raise ValueError(f"{name} must have {width} entries, got shape {bias.shape}")


def _check_columns(rows: int, columns: int, **arrays: np.ndarray) -> None:
    for name, w in arrays.items():
        if w.shape != (rows, columns):
            raise ValueError(f"{name} must be {rows} by {columns}, got shape {w.shape}")


def _check_integers(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be an integer, got {value!r}")


def _check_cut(size: int, world_size: int) -> None:
    _check_integers(world_size=world_size)
    if world_size < 1:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
    if size % world_size:
        raise ValueError(f"world_size {world_size} does not divide {size}")


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise TypeError(f"token_ids must be integers, got {token_ids.dtype}")
    outside = token_ids[(token_ids < 0) | (token_ids >= vocab)]
    if outside.size:
        raise ValueError(f"token_ids must lie in [0, {vocab}), got {outside[0]}")
