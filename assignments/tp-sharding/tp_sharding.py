"""Lab 01: tensor-parallel sharding. Work from top to bottom; `shardlab check` follows.

A function that takes `group` runs once per rank, in a process that holds that rank's shards
and nothing else. Of the group you will want:

    group.rank, group.world_size       who am I, and how many are we
    group.all_reduce(x)                the sum over ranks, a new array, the same on every rank
    group.all_gather(x, axis=-1)       all ranks' arrays joined, in rank order
    group.reduce_scatter(x, axis=0)    the sum, of which each rank gets its equal part

Names of shapes: M tokens, K inputs, N outputs, F inner size, tp = world_size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # for your editor only: where your file runs there is no grader
    from grader.student.ranks import Group


def shard_columns(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Cut `w` (K, N) into world_size blocks of columns, each (K, N/tp), in rank order.

    ValueError: w is not 2-D, world_size < 1 (name it and its value), or it does not divide N
    (name both numbers). TypeError: world_size is no integer (name it; a bool is none).
    """
    # TODO: which axis of w has the columns? Mind that numpy integers are integers.
    raise NotImplementedError("shard_columns: cut w into blocks of columns")


def shard_rows(w: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Cut `w` (K, N) into world_size blocks of rows, each (K/tp, N), in rank order.

    Errors: as for shard_columns, with K for N.
    """
    # TODO: the same along the other axis.
    raise NotImplementedError("shard_rows: cut w into blocks of rows")


def column_parallel_linear(
    x: np.ndarray,
    w_shard: np.ndarray,
    group: Group,
    bias_shard: np.ndarray | None = None,
    gather_output: bool = False,
) -> np.ndarray:
    """This rank's columns of `x @ w + bias`: (M, K) and (K, N/tp) give (M, N/tp).

    bias_shard (N/tp,) is this rank's part of the bias. With gather_output: all (M, N) on every
    rank, after one all-gather. Without: no collective.
    ValueError: an operand is not 2-D, or shapes (the bias's too) do not fit.
    """
    # TODO: compute what this rank can finish by itself; gather only when asked.
    raise NotImplementedError("column_parallel_linear: multiply by this rank's columns")


def row_parallel_linear(
    x_shard: np.ndarray,
    w_shard: np.ndarray,
    group: Group,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """All of `x @ w + bias` on every rank: (M, K/tp) and (K/tp, N) give (M, N).

    bias (N,) is whole and the same on every rank, and counts once. Exactly one all-reduce, of
    M*N entries. ValueError: as for column_parallel_linear.
    """
    # TODO: what can this rank compute of each entry, and how do the ranks put it together?
    raise NotImplementedError("row_parallel_linear: add up what the ranks can compute")


def mlp_block(
    x: np.ndarray,
    w_up_shard: np.ndarray,
    w_down_shard: np.ndarray,
    group: Group,
    b_up_shard: np.ndarray | None = None,
    b_down: np.ndarray | None = None,
) -> np.ndarray:
    """The MLP `relu(x @ w_up + b_up) @ w_down + b_down`, (M, N) on every rank.

    w_up_shard (K, F/tp) and b_up_shard (F/tp,) are cut by columns, w_down_shard (F/tp, N) by
    rows; b_down (N,) is whole. Exactly one all-reduce, and nothing else.
    ValueError: an operand is not 2-D, or shapes (the biases' too) do not fit.
    """
    # TODO: you have both layers. Where does relu go?
    raise NotImplementedError("mlp_block: two layers, relu, one all-reduce")


def shard_gate_up(w_gate_up: np.ndarray, world_size: int) -> list[np.ndarray]:
    """Cut a fused `[gate | up]` (K, 2F) into world_size shards `[gate_r | up_r]` (K, 2F/tp).

    ValueError: not 2-D, an odd number of columns, world_size < 1 (name it and its value) or no
    divisor of F (name both numbers; 2F will do for F). TypeError: world_size is no integer.
    """
    # TODO: which columns are multiplied with each other later?
    raise NotImplementedError("shard_gate_up: keep each gate with its up")


def swiglu_block(
    x: np.ndarray, w_gate_up_shard: np.ndarray, w_down_shard: np.ndarray, group: Group
) -> np.ndarray:
    """The gated MLP `(silu(x @ gate) * (x @ up)) @ down`, (M, N) on every rank.

    silu(t) = t / (1 + exp(-t)). w_gate_up_shard (K, 2F/tp) is `[gate_r | up_r]`, w_down_shard
    is (F/tp, N). Exactly one all-reduce, and nothing else.
    ValueError: an operand is not 2-D, an odd number of gate|up columns, shapes that do not fit.
    """
    # TODO: like mlp_block, with a product in the place of relu.
    raise NotImplementedError("swiglu_block: gate, up, down, one all-reduce")


def shard_qkv(
    wq: np.ndarray,
    wk: np.ndarray,
    wv: np.ndarray,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    world_size: int,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each rank its `(wq_r, wk_r, wv_r)`: whole heads, and the KV heads they attend to.

    wq (K, num_heads*head_dim); wk, wv (K, num_kv_heads*head_dim); head i is the i-th block of
    head_dim columns. num_heads is a multiple of num_kv_heads. KV heads are split evenly where
    there is one for each rank, else each is replicated on world_size // num_kv_heads ranks.
    ValueError: not 2-D, other rows or columns than said, world_size < 1 (name it and its value),
    num_heads not divided by world_size, num_kv_heads and world_size of which neither divides the
    other (name both numbers). TypeError: one of the four sizes is no integer (name it).
    """
    # TODO: query heads first; then, for a rank, ask which KV heads its queries need.
    raise NotImplementedError("shard_qkv: split query heads, split or replicate KV heads")


def vocab_parallel_embedding(
    token_ids: np.ndarray, table_shard: np.ndarray, group: Group
) -> np.ndarray:
    """The row of each token, (T, H) on every rank, from a table (V, H) cut by rows.

    token_ids (T,) of any integer dtype, T = 0 included, the same on every rank; rank r holds rows
    r*V/tp to (r+1)*V/tp. Exactly one all-reduce. Exact for any floats, infinities too.
    ValueError, on every rank: an id outside [0, V) (name the id), table_shard is not 2-D.
    TypeError, on every rank: ids are floats or bools (name token_ids).
    """
    # TODO: fill in the rows that this rank has. What stands in the place of the others?
    raise NotImplementedError("vocab_parallel_embedding: look up the rows this rank has")


def exactly_summable(x: np.ndarray, w: np.ndarray) -> bool:
    """Whether every order of summation of `x @ w` must give the same bits.

    True when every entry is a whole number and K * max|x| * max|w| is at most 2^24 (float32)
    or 2^53 (float64), judged exactly; else False. NaN and infinities: False. Both arrays have the
    same dtype and at least one entry. ValueError: not 2-D, or shapes that do not fit.
    """
    # TODO: which of Python's numbers never rounds and never overflows?
    raise NotImplementedError("exactly_summable: whole numbers, and small enough")


def rounding_error_bound(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far two correct ways to add up `x @ w` may differ, for each entry: (M, N) float64.

    2 * gamma_K * (|x| @ |w|), where gamma_n = n*u / (1 - n*u) and u is half the machine epsilon of
    x's dtype. Evaluate it in x's dtype or a wider one.
    ValueError: not 2-D, or shapes that do not fit.
    """
    # TODO: numpy knows the machine epsilon of a dtype: np.finfo.
    raise NotImplementedError("rounding_error_bound: 2 gamma_K (|x| @ |w|)")
