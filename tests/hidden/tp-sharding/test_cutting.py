"""Cutting weights: what each rank holds, judged against slices of the suite's own."""

import numpy as np
import pytest

from grader.suite import equal, whole

# world size, columns of a shard, and what is not cut: odd, single and even ones of each
CUTS = [(1, 5, 3), (2, 3, 5), (3, 3, 1), (8, 2, 2)]
# numpy integers are integers, whatever their width
NUMPY_SIZES = [(np.int64(4), 2), (np.int32(12), 1)]


def parts(w, world_size, axis):
    """The equal, contiguous parts of `w` along `axis`, in rank order."""
    width = w.shape[axis] // world_size
    taken = [range(rank * width, (rank + 1) * width) for rank in range(world_size)]
    return [w.take(indices, axis) for indices in taken]


@pytest.mark.rubric("columns")
def test_columns_in_rank_order(student, rng):
    """Shard r holds the r-th block of columns, all rows, nothing else."""
    for world_size, width, rows in CUTS:
        w = whole(rng, (rows, world_size * width), low=-999, high=999)
        equal(student.shard_columns(w, world_size), parts(w, world_size, 1), of="shards")


@pytest.mark.rubric("columns")
def test_columns_keep_dtype_and_take_numpy_integers(student, rng):
    """float64 stays float64, and a numpy integer is an integer."""
    for world_size, width in NUMPY_SIZES:
        w = rng.standard_normal((3, width * int(world_size)))
        got = student.shard_columns(w=w, world_size=world_size)
        equal(got, parts(w, int(world_size), 1), of="shards")


@pytest.mark.rubric("rows")
def test_rows_in_rank_order(student, rng):
    """Shard r holds the r-th block of rows, all columns, nothing else."""
    for world_size, width, columns in CUTS:
        w = whole(rng, (world_size * width, columns), low=-999, high=999)
        equal(student.shard_rows(w, world_size), parts(w, world_size, 0), of="shards")


@pytest.mark.rubric("rows")
def test_rows_keep_dtype_and_take_numpy_integers(student, rng):
    """float64 stays float64, and a numpy integer is an integer."""
    for world_size, width in NUMPY_SIZES:
        w = rng.standard_normal((width * int(world_size), 3))
        got = student.shard_rows(w=w, world_size=world_size)
        equal(got, parts(w, int(world_size), 0), of="shards")


def gates_and_ups(w, world_size):
    """[gate_r | up_r] for each rank, of a fused [gate | up]."""
    gate, up = parts(w, 2, 1)
    pairs = zip(parts(gate, world_size, 1), parts(up, world_size, 1), strict=True)
    return [np.hstack(pair) for pair in pairs]


@pytest.mark.rubric("gate-up")
def test_each_rank_gets_a_gate_and_its_up(student, rng):
    """Shard r is [gate_r | up_r], cut from a fused [gate | up]."""
    for world_size, width, rows in CUTS:
        w = whole(rng, (rows, 2 * world_size * width), low=-999, high=999)
        got = student.shard_gate_up(w, world_size)
        equal(got, gates_and_ups(w, world_size), of="shards")


@pytest.mark.rubric("gate-up")
def test_gate_up_keeps_dtype_and_takes_numpy_integers(student, rng):
    """float64 stays float64, and a numpy integer is an integer."""
    for world_size, width in NUMPY_SIZES:
        w = rng.standard_normal((3, 2 * width * int(world_size)))
        got = student.shard_gate_up(w_gate_up=w, world_size=world_size)
        equal(got, gates_and_ups(w, int(world_size)), of="shards")


HEADS_AND_RANKS = [  # num_heads, num_kv_heads, world_size, head_dim
    (5, 5, 1, 2),  # one rank holds all
    (6, 6, 3, 1),  # multi-head attention
    (12, 6, 2, 3),  # grouped: three KV heads a rank
    (8, 4, 4, 3),  # one KV head a rank
    (12, 6, 12, 2),  # replicated: each KV head on two ranks
    (6, 2, 6, 3),  # on three ranks, with one query head each
    (8, 2, 8, 1),  # on four
    (6, 1, 3, 2),  # multi-query: on all
]


@pytest.mark.rubric("qkv")
def test_heads_and_their_kv_heads(student, rng):
    """Rank r holds whole query heads and exactly the KV heads those attend to."""
    for num_heads, num_kv_heads, world_size, head_dim in HEADS_AND_RANKS:
        wq = whole(rng, (2, num_heads * head_dim), -999, 999)
        wk = whole(rng, (2, num_kv_heads * head_dim), -999, 999)
        wv = whole(rng, (2, num_kv_heads * head_dim), -999, 999)
        copies = max(1, world_size // num_kv_heads)
        per_rank = max(1, num_kv_heads // world_size) * head_dim
        begins = [rank // copies * per_rank for rank in range(world_size)]
        expected = [
            (q, wk[:, begin : begin + per_rank], wv[:, begin : begin + per_rank])
            for q, begin in zip(parts(wq, world_size, 1), begins, strict=True)
        ]
        got = student.shard_qkv(wq, wk, wv, num_heads, num_kv_heads, head_dim, world_size)
        equal(got, expected, of="shards")


@pytest.mark.rubric("qkv")
def test_qkv_keeps_float64_and_takes_numpy_integers(student, rng):
    """float64 stays float64; numpy integers are integers, in each of the four places."""
    wq, wk, wv = (rng.standard_normal((3, width)) for width in (8, 4, 4))
    kinds = {"num_heads": np.int64, "num_kv_heads": np.int32, "head_dim": np.int16}
    sizes = {name: kind(size) for (name, kind), size in zip(kinds.items(), (4, 2, 2), strict=True)}
    expected = [(wq[:, :4], wk[:, :2], wv[:, :2]), (wq[:, 4:], wk[:, 2:], wv[:, 2:])]
    got = student.shard_qkv(wq=wq, wk=wk, wv=wv, **sizes, world_size=np.int64(2))
    equal(got, expected, of="shards")
