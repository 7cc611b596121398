"""The block forgets b_up. (whole file)"""  # loses: mlp-block

from __future__ import annotations

from typing import Any

import numpy as np


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's columns of `w` are item r; in rank order they are `w` again."""
    _check_matrix("w", w)
    _check_cut("columns of w", w.shape[1], world_size)
    return np.split(w, world_size, axis=1)


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Rank r's rows of `w` are item r; stacked in rank order they are `w` again."""
    _check_matrix("w", w)
    _check_cut("rows of w", w.shape[0], world_size)
    return np.split(w, world_size, axis=0)


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    """These columns of `x @ w + bias`: finished numbers, so nobody has to be asked."""
    _check_product("x", x, "w_shard", w_shard)
    _check_bias("bias_shard", bias_shard, w_shard)
    y = x @ w_shard
    if bias_shard is not None:
        y = y + bias_shard
    return group.all_gather(y, axis=-1) if gather_output else y


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Any,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: each holds a part of every entry's sum."""
    _check_product("x_shard", x_shard, "w_shard", w_shard)
    _check_bias("bias", bias, w_shard)
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
    _check_bias("b_up_shard", b_up_shard, w_up_shard)
    h_shard = np.maximum(column_parallel_linear(x, w_up_shard, group), 0)
    # Columns of h meet exactly the rows of w_down that this rank holds.
    return row_parallel_linear(h_shard, w_down_shard, group, b_down)


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Item r is `[gate_r | up_r]`: each rank gets both factors of its products."""
    gate, up = _halves("w_gate_up", w_gate_up)
    _check_cut("gate columns of w_gate_up", gate.shape[1], world_size)
    pairs = zip(shard_columns(gate, world_size), shard_columns(up, world_size), strict=True)
    return [np.concatenate(pair, axis=1) for pair in pairs]


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Any
) -> np.ndarray:
    """`(silu(x @ gate) * (x @ up)) @ down`, for one all-reduce."""
    _check_product("x", x, "w_gate_up_shard", w_gate_up_shard)
    gate_shard, up_shard = _halves("w_gate_up_shard", w_gate_up_shard)
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
    _check_qkv(wq, wk, wv, num_heads, num_kv_heads, head_dim)
    _check_cut("num_heads", num_heads, world_size)
    q_shards = shard_columns(wq, world_size)
    if world_size <= num_kv_heads:
        _check_cut("num_kv_heads", num_kv_heads, world_size)
        k_shards, v_shards = shard_columns(wk, world_size), shard_columns(wv, world_size)
    else:
        k_shards = _replicate_heads(wk, num_kv_heads, world_size)
        v_shards = _replicate_heads(wv, num_kv_heads, world_size)
    return list(zip(q_shards, k_shards, v_shards, strict=True))


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Any
) -> np.ndarray:
    """Row `token_ids[t]` of the whole table at t: its owner's row plus zeros of the others."""
    _check_matrix("table_shard", table_shard)
    rows, hidden = table_shard.shape
    _check_token_ids(token_ids, rows * group.world_size)
    # Signed before the subtraction: unsigned ids would wrap round below zero.
    local_ids = token_ids.astype(np.int64) - group.rank * rows
    mine = (local_ids >= 0) & (local_ids < rows)
    partial = np.zeros((token_ids.size, hidden), table_shard.dtype)
    # Copied, not multiplied by a mask: 0 * inf is not 0.
    partial[mine] = table_shard[local_ids[mine]]
    return group.all_reduce(partial)


def exactly_summable(x: np.ndarray, w: np.ndarray) -> bool:
    """True when no partial sum of `x @ w` can leave the whole numbers that the dtype has."""
    _check_product("x", x, "w", w)
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
    _check_product("x", x, "w", w)
    nu = x.shape[1] * float(np.finfo(x.dtype).eps) / 2
    return 2 * nu / (1 - nu) * (np.abs(x).astype(np.float64) @ np.abs(w).astype(np.float64))


def _silu(x: np.ndarray) -> np.ndarray:
    # x / (1 + exp(-x)), with the denominator as a logarithm: exp(-x) alone overflows.
    return x * np.exp(-np.logaddexp(0, -x))


def _halves(name: str, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _check_matrix(name, w)
    if w.shape[1] % 2:
        raise ValueError(f"{name} holds gate and up side by side, got {w.shape[1]} columns")
    gate, up = np.split(w, 2, axis=1)
    return gate, up


def _replicate_heads(w: np.ndarray, num_kv_heads: int, world_size: int) -> list[np.ndarray]:
    if world_size % num_kv_heads:
        raise ValueError(f"num_kv_heads {num_kv_heads} does not divide world_size {world_size}")
    sharing = world_size // num_kv_heads
    heads = np.split(w, num_kv_heads, axis=1)
    return [heads[rank // sharing] for rank in range(world_size)]


def _all_whole(array: np.ndarray) -> bool:
    return bool(np.isfinite(array).all() and (array == np.floor(array)).all())


def _check_matrix(name: str, array: np.ndarray) -> None:
    if array.ndim != 2:
        raise ValueError(f"{name} must have 2 dimensions, got shape {array.shape}")


def _check_product(left: str, x: np.ndarray, right: str, w: np.ndarray) -> None:
    _check_matrix(left, x)
    _check_matrix(right, w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"{left} {x.shape} has other columns than {right} {w.shape} has rows")


def _check_bias(name: str, bias: np.ndarray | None, w: np.ndarray) -> None:
    if bias is not None and bias.shape != (w.shape[1],):
        raise ValueError(f"{name} must have shape ({w.shape[1]},), got {bias.shape}")


def _check_integer(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r}")


def _check_cut(name: str, size: int, world_size: int) -> None:
    _check_integer("world_size", world_size)
    if world_size < 1:
        raise ValueError(f"world_size must be at least 1, got {world_size}")
    if size % world_size:
        raise ValueError(f"{name}: world_size {world_size} does not divide {size}")


def _check_qkv(
    wq: np.ndarray,
    wk: np.ndarray,
    wv: np.ndarray,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
) -> None:
    sizes = {"num_heads": num_heads, "num_kv_heads": num_kv_heads, "head_dim": head_dim}
    for name, value in sizes.items():
        _check_integer(name, value)
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    for name, w, heads in (
        ("wq", wq, num_heads),
        ("wk", wk, num_kv_heads),
        ("wv", wv, num_kv_heads),
    ):
        _check_matrix(name, w)
        if w.shape != (wq.shape[0], heads * head_dim):
            raise ValueError(f"{name} must have {heads} x {head_dim} columns, got shape {w.shape}")


def _check_token_ids(token_ids: np.ndarray, vocab: int) -> None:
    if not np.issubdtype(token_ids.dtype, np.integer):
        raise TypeError(f"token_ids must be integers, got {token_ids.dtype}")
    if token_ids.ndim != 1:
        raise ValueError(f"token_ids must have 1 dimension, got shape {token_ids.shape}")
    outside = token_ids[(token_ids < 0) | (token_ids >= vocab)]
    if outside.size:
        raise ValueError(f"token_ids must lie in [0, {vocab}), got {outside[0]}")
