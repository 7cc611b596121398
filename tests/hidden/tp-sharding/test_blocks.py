"""Layers and blocks on ranks: whole numbers, so every comparison is exact."""

import math

import numpy as np
import pytest

from grader.suite import GROUP, PerRank, Shards, equal, require, whole


def shown(ops):
    return ", ".join(ops) or "no collective"


def require_one_all_reduce(run, shape, world_size, nudge=""):
    """One all_reduce of the output's size, or the reduce_scatter + all_gather that it is.

    One rank alone may do as it likes. What is reduced may be flattened; for the pair it may be
    padded, along whichever axis, to a multiple of world_size.
    """
    if world_size == 1:
        return
    pair = run.ops == ("reduce_scatter", "all_gather")
    quiet = not any(run.messages_sent)
    alone = run.ops == ("all_reduce",)
    require(
        quiet and (alone or pair),
        "collectives: all_reduce",
        f"collectives: {shown(run.ops)}",
        nudge=nudge,
    )
    if pair:  # what is gathered is what was scattered: or it could be anything
        reduced = math.prod(run.log[0].shape)
        gathered = sum(math.prod(each.shape) for each in run.log if each.op == "all_gather")
        require(gathered == reduced, f"{reduced} entries gathered", str(gathered))
    padding = (world_size - 1) * max(shape) if pair else 0
    entries = math.prod(run.log[0].shape)
    require(
        math.prod(shape) <= entries <= math.prod(shape) + padding,
        f"a reduction of the output's {math.prod(shape)} entries",
        f"a reduction of {entries} entries",
        nudge="Which array has the shape of the answer on every rank?",
    )


@pytest.mark.rubric("column-linear")
@pytest.mark.parametrize("world_size", [1, 3])
def test_column_parallel_stays_local(ranks, rng, world_size):
    """Rank r returns its columns of x @ w + bias, and no rank says a word."""
    x, w, bias = whole(rng, (3, 5)), whole(rng, (5, 24)), whole(rng, (24,))
    run = ranks(world_size).column_parallel_linear(
        x, Shards(w, axis=1), GROUP, bias_shard=Shards(bias, axis=0)
    )
    equal(run.values, np.split(x @ w + bias, world_size, axis=1), of="y per rank")
    quiet = not run.ops and not any(run.messages_sent)
    require(quiet or world_size == 1, "no collective", f"collectives: {shown(run.ops)}")


@pytest.mark.rubric("column-linear")
def test_column_parallel_without_bias_in_float64(ranks, rng):
    """The bias is optional and float64 stays float64."""
    x, w = whole(rng, (3, 5), dtype=np.float64), whole(rng, (5, 6), dtype=np.float64)
    run = ranks(3).column_parallel_linear(x, Shards(w, axis=1), GROUP)
    equal(run.values, np.split(x @ w, 3, axis=1), of="y per rank")
    require(not run.ops, "no collective", f"collectives: {shown(run.ops)}")


@pytest.mark.rubric("column-linear")
def test_column_parallel_gathers_when_asked(ranks, rng):
    """With gather_output every rank returns all of x @ w + bias after one all_gather."""
    x, w, bias = whole(rng, (4, 5)), whole(rng, (5, 12)), whole(rng, (12,))
    run = ranks(4).column_parallel_linear(
        x, Shards(w, axis=1), GROUP, bias_shard=Shards(bias, axis=0), gather_output=True
    )
    equal(run.value, x @ w + bias, of="y")
    talked = run.ops == ("all_gather",) and not any(run.messages_sent)
    require(talked, "collectives: all_gather", f"collectives: {shown(run.ops)}")
    gathered = sum(math.prod(each.shape) for each in run.log)
    require(gathered == 4 * 12, "48 entries of y gathered, and no weights", str(gathered))


@pytest.mark.rubric("row-linear")
@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_row_parallel_sums_and_adds_the_bias_once(ranks, rng, world_size):
    """Every rank returns x @ w + bias for one all-reduce of that size."""
    x, w, bias = whole(rng, (3, 24)), whole(rng, (24, 5)), whole(rng, (5,))
    run = ranks(world_size).row_parallel_linear(
        Shards(x, axis=1), Shards(w, axis=0), GROUP, bias=bias
    )
    equal(run.value, x @ w + bias, of="y")
    require_one_all_reduce(run, (3, 5), world_size)


@pytest.mark.rubric("row-linear")
def test_row_parallel_without_bias_in_float64(ranks, rng):
    """The bias is optional; float64 is kept; sums beyond 2^24 are still exact."""
    x = whole(rng, (2, 6), -(10**6), 10**6, dtype=np.float64)
    w = whole(rng, (6, 4), -(10**6), 10**6, dtype=np.float64)
    run = ranks(3).row_parallel_linear(Shards(x, axis=1), Shards(w, axis=0), GROUP)
    equal(run.value, x @ w, of="y")
    require_one_all_reduce(run, (2, 4), 3)


def run_mlp_block(ranks, rng, world_size):
    """A run with both biases, and what it must return."""
    x, up, b_up = whole(rng, (3, 5)), whole(rng, (5, 24)), whole(rng, (24,))
    down, b_down = whole(rng, (24, 4)), whole(rng, (4,))
    run = ranks(world_size).mlp_block(
        x,
        Shards(up, axis=1),
        Shards(down, axis=0),
        GROUP,
        b_up_shard=Shards(b_up, axis=0),
        b_down=b_down,
    )
    return run, np.maximum(x @ up + b_up, 0) @ down + b_down


@pytest.mark.rubric("mlp-block")
@pytest.mark.parametrize("world_size", [1, 4])
def test_mlp_block_equals_the_unsharded_mlp(ranks, rng, world_size):
    """With both biases, every rank returns the one-GPU result."""
    run, expected = run_mlp_block(ranks, rng, world_size)
    equal(run.value, expected, of="y")


@pytest.mark.rubric("mlp-block")
def test_mlp_block_with_any_of_its_biases(ranks, rng):
    """Either bias may be missing, or both; float64 is kept."""
    for biased in ("neither", "up"):
        x, up = whole(rng, (2, 3), dtype=np.float64), whole(rng, (3, 12), dtype=np.float64)
        down = whole(rng, (12, 4), dtype=np.float64)
        b_up, b_down = whole(rng, (12,), dtype=np.float64), whole(rng, (4,), dtype=np.float64)
        expected = np.maximum(x @ up + b_up * (biased == "up"), 0) @ down + b_down * (
            biased == "down"
        )
        given = {"b_up_shard": Shards(b_up, axis=0)} if biased == "up" else {}
        given |= {"b_down": b_down} if biased == "down" else {}
        run = ranks(2).mlp_block(x, Shards(up, axis=1), Shards(down, axis=0), GROUP, **given)
        equal(run.value, expected, of="y")


def fused(gate, up, world_size):
    """[gate_r | up_r] for each rank."""
    pairs = zip(np.split(gate, world_size, axis=1), np.split(up, world_size, axis=1), strict=True)
    return PerRank([np.hstack(pair) for pair in pairs])


@pytest.mark.rubric("swiglu")
@pytest.mark.parametrize("world_size", [1, 3])
def test_swiglu_is_exact_where_silu_is(ranks, rng, world_size):
    """Gates of 80 and more: silu(g) is g to the last bit, as exp(-80) vanishes beside 1.

    Every entry stays below 2^24: 4*3*30 * 4*3*4 * 4*24 = 1,658,880.
    """
    x, down = whole(rng, (3, 4), 1, 3), whole(rng, (24, 5))
    gate, up = whole(rng, (4, 24), 20, 30), whole(rng, (4, 24))
    run = ranks(world_size).swiglu_block(
        x, fused(gate, up, world_size), Shards(down, axis=0), GROUP
    )
    equal(run.value, ((x @ gate) * (x @ up)) @ down, of="y")
    require_one_all_reduce(run, (3, 5), world_size, "Which rank needs another rank's gate?")


@pytest.mark.rubric("embedding")
@pytest.mark.parametrize("world_size", [1, 4])
def test_embedding_looks_up_every_token(ranks, rng, world_size):
    """Every id of the vocabulary, shuffled and some twice, for one all-reduce."""
    table = whole(rng, (12, 5), -999, 999)
    ids = rng.permutation(np.concatenate([np.arange(12), rng.integers(0, 12, 4)]))
    run = ranks(world_size).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
    equal(run.value, table[ids], of="rows")
    require_one_all_reduce(run, (16, 5), world_size)


@pytest.mark.rubric("embedding")
def test_embedding_is_exact_for_any_floats(ranks, rng):
    """Infinities and the extremes of float64 come through; nothing is multiplied away."""
    table = rng.standard_normal((9, 3)) * 10.0 ** rng.integers(-300, 300, (9, 3))
    table[:, 0] = rng.choice([np.inf, -np.inf], 9)
    table[rng.integers(0, 9), 1] = np.finfo(np.float64).max
    ids = rng.permutation(9).astype(np.int32)
    run = ranks(3).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
    equal(run.value, table[ids], of="rows")


@pytest.mark.rubric("embedding")
def test_embedding_takes_any_integer_dtype(ranks, rng):
    """Unsigned ids below a rank's first row don't wrap, and small dtypes don't overflow."""
    for dtype in (np.uint8, np.int8, np.uint64):
        table = whole(rng, (600, 1), -(10**6), 10**6)
        ids = np.array([0, 1, 99, 100, 126, 127], dtype)
        run = ranks(2).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
        equal(run.value, table[ids], of="rows")


@pytest.mark.rubric("embedding")
def test_embedding_of_no_tokens(ranks, rng):
    """T = 0 gives an array of shape (0, H)."""
    table = whole(rng, (6, 4))
    run = ranks(2).vocab_parallel_embedding(np.zeros(0, np.int64), Shards(table, axis=0), GROUP)
    equal(run.value, table[:0], of="rows")


@pytest.mark.rubric("one-collective")
def test_mlp_block_pays_for_one_all_reduce(ranks, rng):
    """The right value, for one all-reduce of M x N entries and nothing else.

    Called just as where its value is judged, so that nothing in the call tells which is which.
    """
    run, expected = run_mlp_block(ranks, rng, 4)
    equal(run.value, expected, of="y")
    require_one_all_reduce(run, expected.shape, 4)


@pytest.mark.rubric("errors")
def test_operands_that_do_not_meet_are_refused(ranks, rng):
    """ValueError where columns and rows differ. One rank: shapes are the same to each."""
    x, w, down = whole(rng, (3, 4)), whole(rng, (5, 6)), whole(rng, (4, 3))
    up = whole(rng, (4, 6))
    refusing = ranks(1).raises(ValueError)
    refusing.column_parallel_linear(x, w, GROUP)
    refusing.row_parallel_linear(x, w, GROUP)
    refusing.mlp_block(x, w, whole(rng, (6, 3)), GROUP)
    refusing.mlp_block(x, up, down, GROUP)
    refusing.swiglu_block(x, w, whole(rng, (3, 3)), GROUP)
    refusing.swiglu_block(x, up, down, GROUP)


@pytest.mark.rubric("errors")
def test_biases_of_another_length_are_refused(ranks, rng):
    """Also a bias of length 1, which numpy would stretch without a word.

    One rank: shapes are the same to each, so another would only say the same again.
    """
    x, w, down = whole(rng, (3, 4)), whole(rng, (4, 6)), whole(rng, (6, 2))
    refusing = ranks(1).raises(ValueError)
    one, both_shards = whole(rng, (1,)), whole(rng, (12,))
    refusing.column_parallel_linear(x, w, GROUP, bias_shard=one)
    refusing.column_parallel_linear(x, w, GROUP, bias_shard=both_shards)
    refusing.row_parallel_linear(x, w, GROUP, bias=one)
    refusing.mlp_block(x, w, down, GROUP, b_up_shard=one)
    refusing.mlp_block(x, w, down, GROUP, b_down=one)


@pytest.mark.rubric("errors")
def test_arrays_that_are_not_matrices_are_refused(ranks, rng):
    """1-D and 3-D operands, most of which numpy would multiply: ValueError."""
    x, w, vector = whole(rng, (4, 4)), whole(rng, (4, 4)), whole(rng, (4,))
    cube = whole(rng, (2, 4, 4))
    refusing = ranks(1).raises(ValueError)
    refusing.column_parallel_linear(vector, w, GROUP)
    refusing.column_parallel_linear(x, vector, GROUP)
    refusing.row_parallel_linear(cube, w, GROUP)
    refusing.row_parallel_linear(x, vector, GROUP)
    refusing.mlp_block(vector, w, w, GROUP)
    refusing.mlp_block(x, w, vector, GROUP)
    refusing.swiglu_block(cube, w, whole(rng, (2, 4)), GROUP)
    refusing.vocab_parallel_embedding(np.array([0, 1]), vector, GROUP)


@pytest.mark.rubric("errors")
def test_odd_gate_up_shards_are_refused(ranks, rng):
    """An odd number of columns can't be a gate and an up."""
    x, w, down = whole(rng, (3, 4)), whole(rng, (4, 5)), whole(rng, (2, 3))
    ranks(2).raises(ValueError).swiglu_block(x, w, down, GROUP)


@pytest.mark.rubric("errors")
def test_token_ids_outside_the_vocabulary_are_refused(ranks, rng):
    """On every rank, though each sees only its own rows; the message has the id."""
    for bad in (12, -1):
        table = whole(rng, (12, 2))
        ids = np.array([3, bad, 5])
        ranks(2).raises(ValueError, naming=bad).vocab_parallel_embedding(
            ids, Shards(table, axis=0), GROUP
        )


@pytest.mark.rubric("errors")
def test_token_ids_that_are_floats_are_refused(ranks, rng):
    """TypeError on every rank, even where the floats are whole."""
    table, ids = whole(rng, (4, 2)), np.array([0.0, 1.0])
    ranks(2).raises(TypeError).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
