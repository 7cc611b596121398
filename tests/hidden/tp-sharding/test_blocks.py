"""Layers and blocks on ranks: whole numbers, so every comparison is exact.

What is drawn at random has fixed cases beside it, for mistakes that a lucky draw would hide. The
numbers are large enough that half precision can't hold them, and small enough for float32.
"""

import math

import numpy as np
import pytest

from grader.suite import GROUP, PerRank, Shards, equal, require, whole


def f32(rows):
    return np.array(rows, np.float32)


def shown(ops):
    return ", ".join(ops) or "no collective"


def require_silence(run, world_size):
    """No collective and no message, but on one rank, which may do as it likes."""
    quiet = not run.ops and not any(run.messages_sent)
    require(quiet or world_size == 1, "no collective", f"collectives: {shown(run.ops)}")


def require_one_all_gather(run, entries, world_size):
    """One all_gather of the ranks' columns, but on one rank, which may do as it likes."""
    if world_size == 1:
        return
    talked = run.ops == ("all_gather",) and not any(run.messages_sent)
    require(talked, "collectives: all_gather", f"collectives: {shown(run.ops)}")
    gathered = sum(math.prod(each.shape) for each in run.log)
    require(gathered == entries, f"{entries} entries of y gathered, and no weights", str(gathered))


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
    x, w, bias = whole(rng, (3, 5), -99, 99), whole(rng, (5, 9), -99, 99), whole(rng, (9,), 1, 99)
    run = ranks(world_size).column_parallel_linear(
        x, Shards(w, axis=1), GROUP, bias_shard=Shards(bias, axis=0)
    )
    equal(run.values, np.split(x @ w + bias, world_size, axis=1), of="y per rank")
    require_silence(run, world_size)


@pytest.mark.rubric("column-linear")
def test_column_parallel_without_bias_in_float64(ranks, rng):
    """The bias is optional, and float64 stays float64. One token, one column a rank."""
    x = whole(rng, (1, 5), -(10**6), 10**6, dtype=np.float64)
    w = whole(rng, (5, 2), -(10**6), 10**6, dtype=np.float64)
    run = ranks(2).column_parallel_linear(
        x=x, w_shard=Shards(w, axis=1), group=GROUP, gather_output=True
    )
    equal(run.value, x @ w, of="y")
    require_one_all_gather(run, 2, 2)


@pytest.mark.rubric("column-linear")
def test_column_parallel_gathers_when_asked(ranks, rng):
    """With gather_output every rank returns all of x @ w + bias after one all_gather."""
    x, w, bias = whole(rng, (3, 5), -99, 99), whole(rng, (5, 9), -99, 99), whole(rng, (9,), 1, 99)
    arguments = x, Shards(w, axis=1), GROUP, Shards(bias, axis=0), True
    run = ranks(3).column_parallel_linear(*arguments)
    equal(run.value, x @ w + bias, of="y")
    require_one_all_gather(run, 27, 3)


# A third of this bias is off by 1/6 in float32. Where the answer is odd, three of them are off by
# a whole: so a third on each rank is not the bias.
THRICE = f32([12582917, -13333333])


@pytest.mark.rubric("row-linear")
@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_row_parallel_sums_and_adds_the_bias_once(ranks, rng, world_size):
    """Every rank returns x @ w + bias for one all-reduce of that size."""
    x, w, bias = whole(rng, (3, 12), -99, 99), whole(rng, (12, 5), -99, 99), whole(rng, (5,), 1, 99)
    run = ranks(world_size).row_parallel_linear(
        Shards(x, axis=1), Shards(w, axis=0), GROUP, bias=bias
    )
    equal(run.value, x @ w + bias, of="y")
    require_one_all_reduce(run, (3, 5), world_size)


@pytest.mark.rubric("row-linear")
def test_row_parallel_on_three_ranks(ranks, rng):
    """The bias is optional; float64 is kept; sums beyond 2^24 are still exact."""
    x = whole(rng, (2, 6), -(10**6), 10**6, dtype=np.float64)
    w = whole(rng, (6, 4), -(10**6), 10**6, dtype=np.float64)
    run = ranks(3).row_parallel_linear(
        x_shard=Shards(x, axis=1), w_shard=Shards(w, axis=0), group=GROUP
    )
    equal(run.value, x @ w, of="y")
    require_one_all_reduce(run, (2, 4), 3)
    x, w = f32([[1, -2, 3]]), f32([[4, 5], [-1, 0], [2, 7]])
    run = ranks(3).row_parallel_linear(Shards(x, axis=1), Shards(w, axis=0), GROUP, THRICE)
    equal(run.value, x @ w + THRICE, of="y")
    require_one_all_reduce(run, (1, 2), 3)


def run_mlp_block(ranks, rng, world_size):
    """A run with both biases, and what it must return."""
    x, up, b_up = whole(rng, (3, 5), -9, 9), whole(rng, (5, 12), -9, 9), whole(rng, (12,), 1, 99)
    down, b_down = whole(rng, (12, 4), -9, 9), whole(rng, (4,), 1, 99)
    biases = Shards(b_up, axis=0), b_down
    run = ranks(world_size).mlp_block(x, Shards(up, axis=1), Shards(down, axis=0), GROUP, *biases)
    return run, np.maximum(x @ up + b_up, 0) @ down + b_down


@pytest.mark.rubric("mlp-block")
@pytest.mark.parametrize("world_size", [1, 4])
def test_mlp_block_equals_the_unsharded_mlp(ranks, rng, world_size):
    """With both biases, every rank returns the one-GPU result."""
    run, expected = run_mlp_block(ranks, rng, world_size)
    equal(run.value, expected, of="y")


# One token, three columns of h; before relu it is [-7, 8, -2], and with B_UP [-1, -1, 3]
X_1, UP_3, B_UP_3 = f32([[1, -2, 3]]), f32([[0, 3, 1], [5, -1, 0], [1, 1, -1]]), f32([6, -9, 5])
DOWN_3 = f32([[3, -1], [7, 2], [-5, 4]])


@pytest.mark.rubric("mlp-block")
def test_mlp_block_with_any_of_its_biases(ranks):
    """Either bias may be missing, or both; float64 is kept. One token, three ranks."""
    operands = {"x": X_1, "w_up_shard": UP_3, "w_down_shard": DOWN_3}
    for b_up, b_down, dtype in (
        (None, None, np.float64),
        (B_UP_3, None, np.float64),
        (None, THRICE, np.float32),
    ):
        x, up, down = (each.astype(dtype) for each in operands.values())
        given = {} if b_up is None else {"b_up_shard": Shards(b_up.astype(dtype), axis=0)}
        given |= {} if b_down is None else {"b_down": b_down.astype(dtype)}
        run = ranks(3).mlp_block(
            x=x,
            w_up_shard=Shards(up, axis=1),
            w_down_shard=Shards(down, axis=0),
            group=GROUP,
            **given,
        )
        h = np.maximum(x @ up + (0 if b_up is None else b_up.astype(dtype)), 0)
        equal(run.value, h @ down + (0 if b_down is None else b_down), of="y")


def fused(gate, up, world_size):
    """[gate_r | up_r] for each rank."""
    pairs = zip(np.split(gate, world_size, axis=1), np.split(up, world_size, axis=1), strict=True)
    return PerRank([np.hstack(pair) for pair in pairs])


@pytest.mark.rubric("swiglu")
@pytest.mark.parametrize(
    ("world_size", "tokens", "dtype"), [(1, 3, np.float64), (3, 1, np.float32)]
)
def test_swiglu_is_exact_where_silu_is(ranks, rng, world_size, tokens, dtype):
    """Gates of 80 and more: silu(g) is g to the last bit, as exp(-80) vanishes beside 1.

    Every entry stays below 2^24: 4*3*30 * 4*3*4 * 4*12 = 829,440.
    """
    x, down = whole(rng, (tokens, 4), 1, 3, dtype), whole(rng, (12, 5), dtype=dtype)
    gate, up = whole(rng, (4, 12), 20, 30, dtype), whole(rng, (4, 12), dtype=dtype)
    run = ranks(world_size).swiglu_block(
        x, fused(gate, up, world_size), Shards(down, axis=0), GROUP
    )
    equal(run.value, ((x @ gate) * (x @ up)) @ down, of="y")
    require_one_all_reduce(run, (tokens, 5), world_size, "Which rank needs another rank's gate?")


@pytest.mark.rubric("embedding")
@pytest.mark.parametrize("world_size", [1, 3])
def test_embedding_looks_up_every_token(ranks, rng, world_size):
    """Every id of the vocabulary, shuffled and some twice, for one all-reduce."""
    table, dtype = whole(rng, (12, 5), -9999, 9999), np.uint16 if world_size == 1 else np.int64
    ids = rng.permutation(np.concatenate([np.arange(12), rng.integers(0, 12, 99)])).astype(dtype)
    run = ranks(world_size).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
    equal(run.value, table[ids], of="rows")
    require_one_all_reduce(run, (111, 5), world_size)


@pytest.mark.rubric("embedding")
def test_embedding_is_exact_for_any_floats(ranks, rng):
    """Infinities and the extremes of float64 come through; nothing is multiplied away."""
    table = rng.standard_normal((9, 3)) * 10.0 ** rng.integers(-300, 300, (9, 3))
    table[:, 0] = rng.choice([np.inf, -np.inf], 9)
    table[rng.integers(0, 9), 1] = np.finfo(np.float64).max
    ids = rng.permutation(9).astype(np.int32)
    run = ranks(3).vocab_parallel_embedding(
        token_ids=ids, table_shard=Shards(table, axis=0), group=GROUP
    )
    equal(run.value, table[ids], of="rows")


@pytest.mark.rubric("embedding")
def test_embedding_takes_any_integer_dtype(ranks, rng):
    """Unsigned ids below a rank's first row don't wrap, and small dtypes don't overflow.

    Rank 1's first row is 200: less from it than uint8 or int8 can hold, and 100 - 200 wraps round
    to 156, a row that rank 1 has.
    """
    table = whole(rng, (400, 1), -(10**6), 10**6)
    for dtype, last in ((np.uint8, 255), (np.int8, 127), (np.uint64, 399)):
        ids = np.array([0, 1, 100, 127, last], dtype)
        run = ranks(2).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
        equal(run.value, table[ids], of="rows")


@pytest.mark.rubric("embedding")
def test_embedding_of_one_token_and_of_none(ranks):
    """T = 0 gives an array of shape (0, H). One row a rank."""
    table = np.array([[1.5, -2, 2.0**60], [7, 0, 2]])
    for ids in (np.zeros(0, np.uint32), np.array([1], np.int16)):
        run = ranks(2).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
        equal(run.value, table[ids], of="rows")


@pytest.mark.rubric("one-collective")
def test_mlp_block_pays_for_one_all_reduce(ranks, rng):
    """The right value, for one all-reduce of M x N entries and nothing else.

    Called just as where its value is judged, so that nothing in the call tells which is which.
    """
    run, expected = run_mlp_block(ranks, rng, 3)
    equal(run.value, expected, of="y")
    require_one_all_reduce(run, expected.shape, 3)
