"""Cutting weights: what each rank holds, judged against slices of the suite's own."""

import numpy as np
import pytest

from grader.suite import equal, whole


def parts(w, world_size, axis):
    """The equal, contiguous parts of `w` along `axis`, in rank order."""
    width = w.shape[axis] // world_size
    taken = [range(rank * width, (rank + 1) * width) for rank in range(world_size)]
    return [w.take(indices, axis) for indices in taken]


@pytest.mark.rubric("columns")
def test_columns_in_rank_order(student, rng):
    """Shard r holds the r-th block of columns, all rows, nothing else."""
    for world_size in (1, 2, 3, 8):
        w = whole(rng, (5, 24), low=-999, high=999)
        equal(student.shard_columns(w, world_size), parts(w, world_size, 1), of="shards")


@pytest.mark.rubric("columns")
def test_columns_keep_dtype_and_take_numpy_integers(student, rng):
    """float64 stays float64, and a numpy integer is an integer."""
    w = rng.standard_normal((3, 6))
    equal(student.shard_columns(w, np.int64(3)), parts(w, 3, 1), of="shards")


@pytest.mark.rubric("rows")
def test_rows_in_rank_order(student, rng):
    """Shard r holds the r-th block of rows, all columns, nothing else."""
    for world_size in (1, 2, 3, 8):
        w = whole(rng, (24, 5), low=-999, high=999)
        equal(student.shard_rows(w, world_size), parts(w, world_size, 0), of="shards")


@pytest.mark.rubric("rows")
def test_rows_keep_dtype_and_take_numpy_integers(student, rng):
    """float64 stays float64, and a numpy integer is an integer."""
    w = rng.standard_normal((6, 3))
    equal(student.shard_rows(w, np.int32(2)), parts(w, 2, 0), of="shards")


@pytest.mark.rubric("gate-up")
def test_each_rank_gets_a_gate_and_its_up(student, rng):
    """Shard r is [gate_r | up_r], cut from a fused [gate | up]."""
    for world_size in (1, 2, 3, 8):
        gate, up = whole(rng, (2, 24), -999, 999), whole(rng, (2, 24), -999, 999)
        pairs = zip(parts(gate, world_size, 1), parts(up, world_size, 1), strict=True)
        expected = [np.hstack(pair) for pair in pairs]
        equal(student.shard_gate_up(np.hstack([gate, up]), world_size), expected, of="shards")


@pytest.mark.rubric("gate-up")
def test_gate_up_keeps_float64(student, rng):
    """float64 stays float64."""
    w = rng.standard_normal((3, 8))
    expected = [w[:, [0, 1, 4, 5]], w[:, [2, 3, 6, 7]]]
    equal(student.shard_gate_up(w, 2), expected, of="shards")


HEADS_AND_RANKS = [  # num_heads, num_kv_heads, world_size
    (6, 6, 1),  # one rank holds all
    (6, 6, 3),  # multi-head attention
    (8, 4, 2),  # grouped: two KV heads a rank
    (8, 4, 4),  # one KV head a rank
    (12, 3, 6),  # replicated: each KV head on two ranks
    (8, 2, 8),  # replicated on four
    (4, 1, 4),  # multi-query: on all
]


@pytest.mark.rubric("qkv")
def test_heads_and_their_kv_heads(student, rng):
    """Rank r holds whole query heads and exactly the KV heads those attend to."""
    head_dim = 3
    for num_heads, num_kv_heads, world_size in HEADS_AND_RANKS:
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
    """float64 stays float64; numpy integers are integers."""
    wq, wk, wv = (rng.standard_normal((3, width)) for width in (8, 4, 4))
    sizes = [np.int64(size) for size in (4, 2, 2, 2)]
    expected = [(wq[:, :4], wk[:, :2], wv[:, :2]), (wq[:, 4:], wk[:, 2:], wv[:, 2:])]
    equal(student.shard_qkv(wq, wk, wv, *sizes), expected, of="shards")


@pytest.mark.rubric("errors")
def test_uneven_cuts_are_refused(student, rng):
    """A dimension that world_size does not divide: ValueError with both numbers."""
    student.raises(ValueError, naming=(10, 4)).shard_columns(whole(rng, (8, 10)), 4)
    student.raises(ValueError, naming=(10, 4)).shard_rows(whole(rng, (10, 8)), 4)
    student.raises(ValueError, naming=(6, 12)).shard_columns(whole(rng, (12, 6)), 12)
    # F = 6 and 2F = 12: either may be named, so only world_size is held to. 4 divides 12.
    student.raises(ValueError, naming=4).shard_gate_up(whole(rng, (3, 12)), 4)
    student.raises(ValueError).shard_gate_up(whole(rng, (3, 7)), 1)


@pytest.mark.rubric("errors")
def test_world_size_below_one_is_refused(student, rng):
    """ValueError that names world_size and its value."""
    w = whole(rng, (4, 4))
    refusing = student.raises(ValueError, naming=("world_size", 0))
    refusing.shard_columns(w, 0)
    refusing.shard_rows(w, 0)
    refusing.shard_gate_up(w, 0)
    refusing.shard_qkv(w, w, w, 2, 2, 2, 0)
    student.raises(ValueError, naming=("world_size", -2)).shard_columns(w, -2)


@pytest.mark.rubric("errors")
def test_sizes_that_are_no_integers_are_refused(student, rng):
    """TypeError for a float, even a whole one, and for a bool."""
    w = whole(rng, (4, 4))
    refusing = student.raises(TypeError)
    refusing.shard_columns(w, 2.0)
    refusing.shard_columns(w, True)
    refusing.shard_rows(w, 2.0)
    refusing.shard_gate_up(w, True)
    refusing.shard_qkv(w, w, w, 2, 2, 2, 2.0)


@pytest.mark.rubric("errors")
def test_head_counts_that_are_no_integers_are_refused(student, rng):
    """TypeError for each of num_heads, num_kv_heads and head_dim."""
    w = whole(rng, (4, 4))
    student.raises(TypeError).shard_qkv(w, w, w, 2.0, 2, 2, 2)
    student.raises(TypeError).shard_qkv(w, w, w, 2, 2.0, 2, 2)
    student.raises(TypeError).shard_qkv(w, w, w, 2, 2, 2.0, 2)


@pytest.mark.rubric("errors")
def test_heads_that_do_not_fit_the_ranks_are_refused(student, rng):
    """Query heads must divide by world_size; KV heads must divide it or be divided by it."""
    narrow, wide = whole(rng, (3, 4)), whole(rng, (3, 6))
    twelve = whole(rng, (3, 12))
    student.raises(ValueError, naming=(6, 4)).shard_qkv(wide, narrow, narrow, 6, 4, 1, 4)
    student.raises(ValueError, naming=(6, 4)).shard_qkv(twelve, wide, wide, 12, 6, 1, 4)
    student.raises(ValueError, naming=(4, 6)).shard_qkv(twelve, narrow, narrow, 12, 4, 1, 6)


@pytest.mark.rubric("errors")
def test_shapes_that_do_not_fit_the_heads_are_refused(student, rng):
    """Each weight has heads x head_dim columns, and all three have the same rows."""
    wq, wk, short = whole(rng, (3, 8)), whole(rng, (3, 4)), whole(rng, (2, 4))
    refusing = student.raises(ValueError)
    refusing.shard_qkv(wq, wk, wk, 4, 2, 3, 2)
    refusing.shard_qkv(wq, wq, wk, 4, 2, 2, 2)
    refusing.shard_qkv(wq, wk, wq, 4, 2, 2, 2)
    refusing.shard_qkv(wq, short, short, 4, 2, 2, 2)
    refusing.shard_qkv(wq, wk, short, 4, 2, 2, 2)


@pytest.mark.rubric("errors")
def test_weights_that_are_not_matrices_are_refused(student, rng):
    """1-D and 3-D weights: ValueError."""
    vector, cube, matrix = whole(rng, (4,)), whole(rng, (2, 4, 2)), whole(rng, (4, 4))
    refusing = student.raises(ValueError)
    refusing.shard_columns(vector, 2)
    refusing.shard_columns(cube, 2)
    refusing.shard_rows(cube, 2)
    refusing.shard_gate_up(cube, 2)
    refusing.shard_qkv(vector, matrix, matrix, 2, 2, 2, 2)
    refusing.shard_qkv(matrix, vector, matrix, 2, 2, 2, 2)
    refusing.shard_qkv(matrix, matrix, vector, 2, 2, 2, 2)
