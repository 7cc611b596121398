"""What does not fit is refused: every function, every argument, on every rank.

Operands are such that numpy by itself would often take them. What messages must name is
asked for where the contract has it, and nowhere else.
"""

import numpy as np
import pytest

from grader.suite import GROUP, AnyOf, Shards, whole

TOKEN_IDS = AnyOf("token_ids", "token_ids", "token_id", "ids")


def ones(*shape):
    return np.ones(shape, np.float32)


W, SINGLE = ones(4, 4), ones(3, 1)
VECTOR, CUBE = ones(4), ones(4, 4, 4)


# -- cutting -------------------------------------------------------------------------------


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("world_size", [0, -2])
def test_world_size_below_one_is_refused(student, world_size):
    """ValueError that names world_size and its value, of every function that cuts."""
    refusing = student.raises(ValueError, naming=("world_size", world_size))
    refusing.shard_columns(W, world_size)
    refusing.shard_rows(W, world_size)
    refusing.shard_gate_up(W, world_size)
    refusing.shard_qkv(W, W, W, 2, 2, 2, world_size)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("world_size", [2.0, True])
def test_world_size_that_is_no_integer_is_refused(student, world_size):
    """TypeError that names it for a float, even a whole one, and for a bool."""
    refusing = student.raises(TypeError, naming="world_size")
    refusing.shard_columns(W, world_size)
    refusing.shard_rows(W, world_size)
    refusing.shard_gate_up(W, world_size)
    refusing.shard_qkv(W, W, W, 2, 2, 2, world_size)


@pytest.mark.rubric("errors")
def test_head_counts_that_are_no_integers_are_refused(student):
    """TypeError that names it for each of num_heads, num_kv_heads and head_dim."""
    for place, name in enumerate(("num_heads", "num_kv_heads", "head_dim")):
        refusing = student.raises(TypeError, naming=name)
        for w, odd_one, sizes in ((W, 2.0, [2, 2, 2]), (SINGLE, True, [1, 1, 1])):
            sizes[place] = odd_one
            refusing.shard_qkv(w, w, w, *sizes, 1)


@pytest.mark.rubric("errors")
def test_uneven_cuts_are_refused(student):
    """A dimension that world_size does not divide, though it divides the other: both numbers."""
    student.raises(ValueError, naming=(10, 4)).shard_columns(ones(8, 10), 4)
    student.raises(ValueError, naming=(6, 12)).shard_rows(ones(6, 12), 12)
    # 4 divides 2F = 12, but not F
    student.raises(ValueError, naming=(AnyOf("6 or 12", 6, 12), 4)).shard_gate_up(ones(4, 12), 4)
    student.raises(ValueError, naming=(AnyOf("5 or 10", 5, 10), 3)).shard_gate_up(ones(3, 10), 3)


@pytest.mark.rubric("errors")
def test_odd_fused_widths_are_refused(student):
    """No gate for each up: whether world_size divides the width or not."""
    student.raises(ValueError).shard_gate_up(ones(3, 7), 1)
    student.raises(ValueError).shard_gate_up(ones(3, 9), 3)


@pytest.mark.rubric("errors")
def test_heads_that_do_not_fit_the_ranks_are_refused(student):
    """Query heads must divide by world_size; KV heads must divide it or be divided by it.

    In the first two the columns could be cut evenly: it is heads that can't.
    """
    wide, narrow, six, twelve = ones(3, 12), ones(3, 4), ones(3, 6), ones(3, 24)
    student.raises(ValueError, naming=(6, 4)).shard_qkv(wide, narrow, narrow, 6, 2, 2, 4)
    student.raises(ValueError, naming=(6, 4)).shard_qkv(twelve, wide, wide, 12, 6, 2, 4)
    student.raises(ValueError, naming=(4, 6)).shard_qkv(wide, narrow, narrow, 12, 4, 1, 6)
    student.raises(ValueError, naming=(3, 2)).shard_qkv(wide, six, six, 6, 3, 2, 2)


@pytest.mark.rubric("errors")
def test_shapes_that_do_not_fit_the_heads_are_refused(student):
    """Each weight has heads x head_dim columns, and all three have the same rows."""
    wq, wk, short = ones(3, 8), ones(3, 4), ones(2, 4)
    refusing = student.raises(ValueError)
    refusing.shard_qkv(ones(3, 12), wk, wk, 4, 2, 2, 2)
    refusing.shard_qkv(wq, wq, wk, 4, 2, 2, 2)
    refusing.shard_qkv(wq, wk, wq, 4, 2, 2, 2)
    refusing.shard_qkv(wq, short, wk, 4, 2, 2, 2)
    refusing.shard_qkv(wq, wk, short, 4, 2, 2, 2)


@pytest.mark.rubric("errors")
def test_weights_that_are_not_matrices_are_refused(student):
    """1-D and 3-D weights: ValueError."""
    refusing = student.raises(ValueError)
    for wrong in (VECTOR, CUBE):
        refusing.shard_columns(wrong, 2)
        refusing.shard_rows(wrong, 2)
        refusing.shard_gate_up(wrong, 2)
        refusing.shard_qkv(wrong, W, W, 2, 2, 2, 2)
        refusing.shard_qkv(W, wrong, W, 2, 2, 2, 2)
        refusing.shard_qkv(W, W, wrong, 2, 2, 2, 2)


# -- the judges of floats ------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_the_two_judges_of_floats_refuse_what_is_no_product(student):
    """ValueError for operands that don't meet or are no matrices."""
    refusing = student.raises(ValueError)
    for x, w in ((VECTOR, W), (CUBE, W), (W, VECTOR), (W, CUBE), (ones(2, 3), W)):
        refusing.exactly_summable(x, w)
        refusing.rounding_error_bound(x, w)
    refusing.exactly_summable(W, ones(3, 2))


# -- layers and blocks ---------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_operands_that_do_not_meet_are_refused(ranks):
    """ValueError where columns and rows differ. One rank: shapes are the same to each."""
    x, w, fit, down = ones(3, 4), ones(5, 6), ones(4, 6), ones(4, 3)
    refusing = ranks(1).raises(ValueError)
    refusing.column_parallel_linear(x, w, GROUP)
    refusing.row_parallel_linear(x, w, GROUP)
    refusing.mlp_block(x, w, ones(6, 3), GROUP)
    refusing.mlp_block(x, fit, down, GROUP)
    refusing.swiglu_block(x, w, ones(3, 3), GROUP)
    refusing.swiglu_block(x, fit, down, GROUP)


@pytest.mark.rubric("errors")
def test_biases_of_another_length_are_refused(ranks):
    """On every rank, though one alone may add it."""
    x, w, down = ones(3, 4), ones(4, 6), ones(6, 2)
    refusing = ranks(2).raises(ValueError)
    refusing.row_parallel_linear(x, w, GROUP, bias=ones(3))
    refusing.mlp_block(x, w, down, GROUP, b_down=ones(4))


@pytest.mark.rubric("errors")
def test_biases_that_numpy_would_stretch_are_refused(ranks):
    """One number, one row, one column. One rank: shapes are the same to each."""
    refusing = ranks(1).raises(ValueError)
    for bias in (ones(1), ones(1, 4), ones(4, 1)):
        refusing.column_parallel_linear(W, W, GROUP, bias_shard=bias)
        refusing.row_parallel_linear(W, W, GROUP, bias=bias)
        refusing.mlp_block(W, W, W, GROUP, b_up_shard=bias)
        refusing.mlp_block(W, W, W, GROUP, b_down=bias)


@pytest.mark.rubric("errors")
def test_arrays_that_are_not_matrices_are_refused(ranks):
    """1-D and 3-D operands in each place, most of which numpy would multiply: ValueError."""
    refusing, half = ranks(1).raises(ValueError), ones(2, 4)
    for wrong, halves in ((VECTOR, ones(2)), (CUBE, ones(2, 2, 4))):
        refusing.column_parallel_linear(wrong, W, GROUP)
        refusing.column_parallel_linear(W, wrong, GROUP)
        refusing.row_parallel_linear(wrong, W, GROUP)
        refusing.row_parallel_linear(W, wrong, GROUP)
        refusing.mlp_block(wrong, W, W, GROUP)
        refusing.mlp_block(W, wrong, W, GROUP)
        refusing.mlp_block(W, W, wrong, GROUP)
        refusing.swiglu_block(wrong, W, half, GROUP)
        refusing.swiglu_block(W, wrong, half, GROUP)
        refusing.swiglu_block(W, W, halves, GROUP)
    for table in (ones(2), ones(2, 1, 1)):
        refusing.vocab_parallel_embedding(np.array([1]), table, GROUP)


@pytest.mark.rubric("errors")
def test_odd_gate_up_shards_are_refused(ranks):
    """An odd number of columns is no gate and up: nor without its last, nor one gate for two."""
    refusing = ranks(1).raises(ValueError)
    refusing.swiglu_block(ones(3, 4), ones(4, 5), ones(2, 3), GROUP)
    refusing.swiglu_block(ones(3, 4), ones(4, 3), ones(2, 3), GROUP)


@pytest.mark.rubric("errors")
def test_token_ids_outside_the_vocabulary_are_refused(ranks, rng):
    """On every rank, though each sees only its own rows; the message has the id."""
    table = whole(rng, (12, 2))
    for ids, bad in (([3, 12, 5], 12), ([-1], -1)):
        refusing = ranks(2).raises(ValueError, naming=bad)
        refusing.vocab_parallel_embedding(np.array(ids), Shards(table, axis=0), GROUP)
    huge = np.array([1, 2**64 - 3], np.uint64)
    ranks(2).raises(ValueError).vocab_parallel_embedding(huge, Shards(table, axis=0), GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("dtype", [np.float64, np.bool_])
def test_token_ids_that_are_no_integers_are_refused(ranks, rng, dtype):
    """TypeError on every rank that names them: floats, even where they are whole, and bools."""
    table, ids = whole(rng, (4, 2)), np.array([0, 1], dtype)
    refusing = ranks(2).raises(TypeError, naming=TOKEN_IDS)
    refusing.vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
