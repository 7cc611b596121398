"""Tuples for lists, the bias as one more row of w on rank 0, a table with zeros, Fractions."""

from __future__ import annotations

from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np


class ShapeError(ValueError):
    """Arrays that do not fit."""


class NoIntegerError(TypeError):
    """A size that is none."""


def shard_columns(w: np.ndarray, world_size: int) -> tuple[np.ndarray, ...]:
    _check_matrices(w=w)
    _check_cut(w.shape[1], world_size)
    return tuple(np.ascontiguousarray(part) for part in np.split(w, world_size, axis=-1))


def shard_rows(w: np.ndarray, world_size: int) -> tuple[np.ndarray, ...]:
    return tuple(part.T for part in shard_columns(w.T, world_size))


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
    _check_matrices(x_shard=x_shard, w_shard=w_shard)
    _check_bias(w_shard.shape[1], bias=bias)
    if bias is not None and group.rank == 0:
        x_shard = np.c_[x_shard, np.ones(len(x_shard), x_shard.dtype)]
        w_shard = np.r_[w_shard, [bias]]
    partial = x_shard @ w_shard
    return group.all_reduce(partial.ravel()).reshape(partial.shape)


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


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> tuple[np.ndarray, ...]:
    _check_matrices(w_gate_up=w_gate_up)
    if w_gate_up.shape[1] & 1:
        raise ShapeError("gate and up must be of one width")
    _check_cut(w_gate_up.shape[1], world_size)
    _check_cut(w_gate_up.shape[1] // 2, world_size)
    rows = w_gate_up.shape[0]
    blocks = w_gate_up.reshape(rows, 2, world_size, -1)
    return tuple(blocks[:, :, rank].reshape(rows, -1) for rank in range(world_size))


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
    _check_matrices(table_shard=table_shard)
    rows, hidden = table_shard.shape
    _check_token_ids(token_ids, rows * group.world_size)
    padded = np.concatenate([table_shard, np.zeros((1, hidden), table_shard.dtype)])
    place = {group.rank * rows + row: row for row in range(rows)}
    found = [place.get(token_id, rows) for token_id in token_ids.tolist()]
    return group.all_reduce(padded[np.array(found, int)])


def exactly_summable(x: np.ndarray, w: np.ndarray) -> np.bool_:
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ShapeError(f"{x.shape} and {w.shape}")
    largest = []
    for array in (x, w):
        if not np.isfinite(array).all():
            return np.False_
        entries = [abs(Fraction(entry)) for entry in array.ravel().tolist()]
        if any(entry.denominator != 1 for entry in entries):
            return np.False_
        largest.append(max(entries))
    bits = {"float32": 24, "float64": 53}[x.dtype.name]
    return np.bool_(x.shape[1] * largest[0] * largest[1] <= 1 << bits)


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    _check_matrices(x=x, w=w)
    if x.shape[1] != w.shape[0]:
        raise ShapeError(f"{x.shape} and {w.shape}")
    nu = x.shape[1] * Fraction(1, 2**24 if x.dtype.itemsize == 4 else 2**53)
    return np.array(
        [
            [
                float(
                    2
                    * nu
                    / (1 - nu)
                    * sum(abs(Fraction(a) * Fraction(b)) for a, b in zip(row, column))
                )
                for column in w.T.tolist()
            ]
            for row in x.tolist()
        ]
    )


def _silu(x: np.ndarray) -> np.ndarray:
    # x / (1 + exp(-x)), with the denominator as a logarithm: exp(-x) alone overflows.
    return x * np.exp(-np.logaddexp(0, -x))


def _all_whole(array: np.ndarray) -> bool:
    return (np.isfinite(array) & (array == np.trunc(array))).all()


def _check_matrices(**arrays: np.ndarray) -> None:
    for name, array in arrays.items():
        if array.ndim != 2:
            raise ValueError(f"{name} must have 2 dimensions, got shape {array.shape}")


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
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise NoIntegerError(name)


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
