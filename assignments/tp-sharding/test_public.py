"""The public checks of this lab: tiny cases that you can follow by hand.

`shardlab check` runs them, in the order of the rubric. Each rank is a process of its own that
holds only what it is given: `Shards(w, axis=1)` hands rank r the r-th block of columns,
`GROUP` its process group. At grading, other numbers and more ranks are tried.
"""

import math
from fractions import Fraction

import numpy as np
import pytest

from grader.suite import (
    GROUP,
    AnyOf,
    PerRank,
    ShardMap,
    Shards,
    Split,
    arrays,
    equal,
    is_array,
    require,
    within,
)

EXACT = "whole numbers: equality is exact"
GOING_UP = pytest.mark.parametrize("world_size", [1, 2])


def f32(rows):
    return np.array(rows, np.float32)


def recognised(got, mistakes):
    """The question that fits a wrong answer, where the mistake can be told from the value."""
    for question, wrong in mistakes.items():
        if is_array(got, wrong.shape) and (got == wrong).all():
            return question
    return ""


def collectives(ops):
    return "collectives: " + (", ".join(ops) or "none")


def require_one_all_reduce(run, entries, nudge):
    """One all_reduce, or its two halves; one rank alone may do as it likes."""
    if len(run.values) == 1:
        return
    alone_or_pair = run.ops in {("all_reduce",), ("reduce_scatter", "all_gather")}
    right = alone_or_pair and not any(run.messages_sent)
    got = collectives(run.ops) + (", and send" if any(run.messages_sent) else "")
    require(right, "collectives: all_reduce", got, nudge=nudge, note="the values are right")
    size = math.prod(run.log[0].shape)
    if run.ops == ("all_reduce",):
        require(
            size == entries,
            f"an all_reduce of the output's {entries} entries",
            f"an all_reduce of {size} entries",
            nudge="Which array has the shape of the answer?",
        )
    else:
        gathered = sum(math.prod(each.shape) for each in run.log if each.op == "all_gather")
        require(
            gathered == size,
            f"an all_gather of the {size} entries that were scattered",
            f"an all_gather of {gathered} entries",
            nudge="What is in the array that you gather, and who needs it?",
        )


# -- shard_columns and shard_rows ----------------------------------------------------------

W = f32([[1, 2, 3, 4], [5, 6, 7, 8]])


@pytest.mark.rubric("columns")
@GOING_UP
def test_shard_columns(student, world_size):
    """Side by side, in rank order, the shards are w again."""
    expected = [W] if world_size == 1 else [f32([[1, 2], [5, 6]]), f32([[3, 4], [7, 8]])]
    shards = arrays(student.shard_columns(W, world_size), world_size, of="shards")
    nudge = recognised(
        shards[0],
        {
            "Glue your shards side by side in rank order. Is that w?": f32([[1, 3], [5, 7]]),
            "Which rank should hold column 0?": f32([[3, 4], [7, 8]]),
            "A column-parallel rank keeps every row. Which axis has the columns?": W[:1],
        },
    )
    equal(shards, expected, of="shards", nudge=nudge)


@pytest.mark.rubric("columns")
def test_shard_columns_on_more_ranks(student):
    """Three ranks, as numpy integers; float64; arguments by name."""
    w = W[:, :3].astype(np.float64)
    for three in (np.int64(3), np.int32(3)):
        shards = student.shard_columns(w=w, world_size=three)
        equal(shards, [w[:, :1], w[:, 1:2], w[:, 2:]], of="shards")


@pytest.mark.rubric("rows")
@GOING_UP
def test_shard_rows(student, world_size):
    """On top of each other, in rank order, the shards are w again."""
    w = W.T
    expected = [w] if world_size == 1 else [f32([[1, 5], [2, 6]]), f32([[3, 7], [4, 8]])]
    shards = arrays(student.shard_rows(w, world_size), world_size, of="shards")
    nudge = recognised(
        shards[0],
        {
            "Stack your shards in rank order. Is that w?": f32([[1, 5], [3, 7]]),
            "Which rank should hold row 0?": f32([[3, 7], [4, 8]]),
            "A row-parallel rank keeps every column. Which axis has the rows?": w[:, :1],
        },
    )
    equal(shards, expected, of="shards", nudge=nudge)


@pytest.mark.rubric("rows")
def test_shard_rows_on_more_ranks(student):
    """Three ranks, as numpy integers; float64; arguments by name."""
    w = W.T[:3].astype(np.float64)
    for three in (np.int64(3), np.int32(3)):
        equal(student.shard_rows(w=w, world_size=three), [w[:1], w[1:2], w[2:]], of="shards")


# -- the two linear layers -----------------------------------------------------------------

X = f32([[1, 2], [3, -1]])
W_COLUMNS = f32([[1, 0, 2, -1], [2, 1, 0, 3]])
B_COLUMNS = f32([10, 20, 30, 40])


@pytest.mark.rubric("column-linear")
@GOING_UP
def test_column_parallel_linear(ranks, world_size):
    """Each rank returns its own columns of x @ w + bias and asks nobody."""
    run = ranks(world_size).column_parallel_linear(
        X, Shards(W_COLUMNS, axis=1), GROUP, bias_shard=Shards(B_COLUMNS, axis=0)
    )
    full = X @ W_COLUMNS + B_COLUMNS
    for rank, got in enumerate(run.values):
        width = 4 // world_size
        mine = slice(rank * width, (rank + 1) * width)
        nudge = recognised(
            got,
            {
                "Nobody asked for a gathered output here. Who will use these columns next?": full,
                "Which argument has this rank not used?": (X @ W_COLUMNS)[:, mine],
            },
        )
        equal(got, full[:, mine], of=f"y on rank {rank}", note=EXACT, nudge=nudge)
    require(
        not run.ops or world_size == 1,
        "collectives: none",
        collectives(run.ops),
        note="the values are right",
        nudge="Which of rank 1's numbers does rank 0 need for its own columns?",
    )


@pytest.mark.rubric("column-linear")
@GOING_UP
def test_column_parallel_linear_gathers_when_asked(ranks, world_size):
    """With gather_output every rank returns all columns, after one all_gather."""
    run = ranks(world_size).column_parallel_linear(
        X, Shards(W_COLUMNS, axis=1), GROUP, Shards(B_COLUMNS, axis=0), True
    )
    nudge = "What does gather_output=True promise, and along which axis do the parts meet?"
    for rank, got in enumerate(run.values):
        equal(got, X @ W_COLUMNS + B_COLUMNS, of=f"y on rank {rank}", note=EXACT, nudge=nudge)
    require(
        run.ops == ("all_gather",) or world_size == 1,
        "collectives: all_gather",
        collectives(run.ops),
        note="the values are right",
        nudge="Which single collective puts columns side by side?",
    )


@pytest.mark.rubric("column-linear")
def test_column_parallel_linear_without_bias(ranks):
    """The bias may be missing, and float64 stays float64."""
    x, w = X.astype(np.float64), W_COLUMNS[:, :3].astype(np.float64)
    run = ranks(3).column_parallel_linear(x, Shards(w, axis=1), GROUP)
    for rank, got in enumerate(run.values):
        equal(got, (x @ w)[:, rank : rank + 1], of=f"y on rank {rank}")


@pytest.mark.rubric("column-linear")
@pytest.mark.parametrize(("dtype", "bits"), [("float32", 24), ("float64", 53)])
def test_column_parallel_linear_gathers_every_bit(ranks, dtype, bits):
    """One token, one column a rank, the largest odd numbers of the dtype."""
    x, w = np.array([[1, 1]], dtype), np.array([[2**bits - 2, 0], [1, 1]], dtype)
    run = ranks(2).column_parallel_linear(x, Shards(w, axis=1), GROUP, gather_output=True)
    nudge = "Which dtype do your columns travel in?"
    equal(run.value, x @ w, of="y", note=f"{dtype} has {bits} bits", nudge=nudge)


ONE_TOKEN = "An answer for many tokens has a row for each. What has one for a single token?"
X_ROWS = f32([[1, 2, 3, 0], [2, 0, -1, 1]])
W_ROWS = f32([[1, 2], [0, 1], [3, -1], [2, 2]])
B_ROWS = f32([5, -2])


@pytest.mark.rubric("row-linear")
@GOING_UP
def test_row_parallel_linear(ranks, world_size):
    """Every rank returns all of x @ w + bias: the sum of what each rank can compute."""
    run = ranks(world_size).row_parallel_linear(
        Shards(X_ROWS, axis=1), Shards(W_ROWS, axis=0), GROUP, bias=B_ROWS
    )
    product = X_ROWS @ W_ROWS
    last = X_ROWS[:, 2:] @ W_ROWS[2:]
    got = run.values[-1]
    glued = is_array(got, (2, 4))
    nudge = recognised(
        got,
        {
            "How many times should bias be added, over all ranks?": product + 2 * B_ROWS,
            "Which argument has not been used?": product,
            "Do ranks hold samples of one value, or parts of one sum?": product / 2 + B_ROWS,
            "This is one rank's part. Who has the rest of each sum?": last + B_ROWS,
            "Do ranks hold samples, or parts of a sum?": product / 2 + B_ROWS / 2,
        },
    )
    note = "each partial already covers the whole output" if glued else EXACT
    nudge = "Which operation keeps (2,2)?" if glued else nudge
    if is_array(got, (1, 2)):
        nudge = "After half an all-reduce each rank has a part of y. Who has the rest?"
    right = product + B_ROWS
    if recognised(run.values[0], {"right": right}) and not recognised(got, {"right": right}):
        nudge = "Rank 0 is right. Which of your lines, or which result, is its alone?"
    for rank, got in enumerate(run.values):
        equal(got, right, of=f"y on rank {rank}", note=note, nudge=nudge)
    require_one_all_reduce(run, 4, "Which one collective adds up what the ranks hold?")


@pytest.mark.rubric("row-linear")
def test_row_parallel_linear_in_float64(ranks):
    """Without bias, on three ranks, with sums that float32 can't hold."""
    x, w = np.array([[4096.0, 1, 2]]), np.array([[4096.0], [1], [0]])
    run = ranks(3).row_parallel_linear(Shards(x, axis=1), Shards(w, axis=0), GROUP)
    note = "2^24 + 1 needs 25 bits; float32 has 24, float16 has 11"
    nudge = "Follow the dtype through your function. Where does it carry fewer bits than x?"
    if not is_array(run.value, (1, 1)):
        note, nudge = "x has one token", ONE_TOKEN
    equal(run.value, np.array([[2.0**24 + 1]]), of="y", note=note, nudge=nudge)


@pytest.mark.rubric("row-linear")
def test_row_parallel_linear_on_three_ranks(ranks):
    """One token, one term of each sum a rank, and a bias whose third is no float32."""
    x, w, bias = f32([[1, -2, 3]]), f32([[1, 0], [0, 1], [1, 1]]), f32([12582917, 12582919])
    run = ranks(3).row_parallel_linear(Shards(x, axis=1), Shards(w, axis=0), GROUP, bias)
    nudge = "How often is bias added, and does each time add all of it?"
    equal(run.value, x @ w + bias, of="y", note=EXACT, nudge=nudge)


# -- mlp_block -----------------------------------------------------------------------------

X_MLP = f32([[1, 1, 0, 0], [3, -1, 0, 3]])
W_UP = f32([[1, 1, 2, 2], [1, 1, -1, 1], [0, 0, 1, 0], [0, -1, 0, -1]])
W_DOWN = f32([[0, 1], [1, 0], [1, -1], [2, 1]])
B_DOWN = f32([5, -2])
SUMMED = f32([[9, 4], [11, -3]])
Y_MLP = f32([[14, 2], [16, -5]])


@pytest.mark.rubric("mlp-block")
@GOING_UP
def test_mlp_block(ranks, world_size):
    """Every rank returns relu(x @ w_up) @ w_down + b_down."""
    run = ranks(world_size).mlp_block(
        X_MLP, Shards(W_UP, axis=1), Shards(W_DOWN, axis=0), GROUP, b_down=B_DOWN
    )
    linear = (X_MLP @ W_UP) @ W_DOWN
    clipped = sum(np.maximum((X_MLP @ W_UP[:, c]) @ W_DOWN[c], 0) for c in ([0, 1], [2, 3]))
    late = np.maximum(linear, 0)
    nudge = recognised(
        run.value,
        {
            "Which argument has the shape of that vector?": Y_MLP + B_DOWN,
            "Which argument has not been used?": SUMMED,
            "Where, between the two matmuls, is the block not linear?": linear + B_DOWN,
            "relu(a) + relu(b) is not relu(a + b). Which numbers may it act on?": clipped + B_DOWN,
            "Which numbers may relu act on, h or the answer?": late + B_DOWN,
        },
    )
    equal(run.value, Y_MLP, of="y", note=EXACT, nudge=nudge)


@pytest.mark.rubric("mlp-block")
@GOING_UP
def test_mlp_block_with_a_bias_inside(ranks, world_size):
    """b_up is cut like the columns of w_up, and added before relu."""
    b_up = f32([1, -4, -2, 1])
    run = ranks(world_size).mlp_block(
        X_MLP,
        Shards(W_UP, axis=1),
        Shards(W_DOWN, axis=0),
        GROUP,
        b_up_shard=Shards(b_up, axis=0),
    )
    late = (np.maximum(X_MLP @ W_UP, 0) + b_up) @ W_DOWN
    nudge = recognised(
        run.value,
        {
            "Which argument has not been used?": SUMMED,
            "On which side of relu does a layer's bias belong?": late,
        },
    )
    expected = np.maximum(X_MLP @ W_UP + b_up, 0) @ W_DOWN
    equal(run.value, expected, of="y", note=EXACT, nudge=nudge)


@pytest.mark.rubric("mlp-block")
def test_mlp_block_on_three_ranks(ranks):
    """Nothing in the block depends on there being two."""
    x, up, down = f32([[1, -1], [2, 1]]), f32([[1, 2, 3], [-1, 1, 1]]), f32([[1], [10], [100]])
    run = ranks(3).mlp_block(x, Shards(up, axis=1), Shards(down, axis=0), GROUP, b_down=f32([7]))
    equal(run.value, np.maximum(x @ up, 0) @ down + 7, of="y", note=EXACT)


# -- gate and up ---------------------------------------------------------------------------


@pytest.mark.rubric("gate-up")
@GOING_UP
def test_shard_gate_up(student, world_size):
    """Rank r gets [gate_r | up_r]. Here gate is 1 to 4 and up is 10 to 40."""
    fused = f32([[1, 2, 3, 4, 10, 20, 30, 40]])
    pairs = [f32([[1, 2, 10, 20]]), f32([[3, 4, 30, 40]])]
    shards = arrays(student.shard_gate_up(fused, world_size), world_size, of="shards")
    nudge = recognised(
        shards[0],
        {
            "Rank 0 now has every gate and no up. What will it multiply?": fused[:, :4],
            "In which order do the two halves of a shard lie?": f32([[10, 20, 1, 2]]),
            "Does a shard look like the fused whole: all gates, then all ups?": f32(
                [[1, 10, 2, 20]]
            ),
        },
    )
    equal(shards, [fused] if world_size == 1 else pairs, of="shards", nudge=nudge)


@pytest.mark.rubric("gate-up")
def test_shard_gate_up_on_more_ranks(student):
    """Three ranks, two rows; then eleven, and one row. float64, and numpy integers."""
    for fused in (
        np.array([[1.0, 2, 3, 10, 20, 30], [4, 5, 6, 40, 50, 60]]),
        np.array([[*range(1, 12), *range(10, 120, 10)]], float),
    ):
        width = fused.shape[1] // 2
        expected = [fused[:, [rank, rank + width]] for rank in range(width)]
        equal(student.shard_gate_up(fused, np.int32(width)), expected, of="shards")


X_GLU = f32([[1, 2], [2, 1]])
GATE = f32([[20, 30], [20, 10]])
UP = f32([[1, 2], [3, -1]])
DOWN = f32([[1, 0], [2, 1]])


def gate_and_up(gate, up, world_size):
    """Each rank's [gate_r | up_r]."""
    width = gate.shape[1] // world_size
    cuts = [slice(rank * width, (rank + 1) * width) for rank in range(world_size)]
    return PerRank([np.hstack([gate[:, cut], up[:, cut]]) for cut in cuts])


@pytest.mark.rubric("swiglu")
@GOING_UP
def test_swiglu_block_with_open_gates(ranks, world_size):
    """Gates of 50 to 70, where silu(g) is g to the last bit: exp(-50) vanishes beside 1."""
    run = ranks(world_size).swiglu_block(
        X_GLU, gate_and_up(GATE, UP, world_size), Shards(DOWN, axis=0), GROUP
    )
    g, up = X_GLU @ GATE, X_GLU @ UP
    nudge = recognised(
        run.value,
        {
            "sigmoid(g) is about 1 here. What does silu(g) have that sigmoid(g) has not?": up
            @ DOWN,
            "Where do the ups come in?": g @ DOWN,
        },
    )
    nudge = nudge or "silu acts on one half of a shard only. On which, and what is silu(0)?"
    expected = (g * up) @ DOWN
    note = "silu(50) is 50 in float32, so equality is exact"
    equal(run.value, expected, of="y", note=note, nudge=nudge)
    require_one_all_reduce(run, 4, "Which rank needs another rank's gate?")


@pytest.mark.rubric("swiglu")
def test_swiglu_block_in_float64(ranks):
    """A gate of 70 is open to 30 digits, which is more than float64 has. One token."""
    x, shard, down = (np.array(each, np.float64) for each in ([[1]], [[70, 2]], [[3]]))
    run = ranks(1).swiglu_block(x, shard, down, GROUP)
    nudge = "What is exp(-70) in your silu, and is anything rounded, clipped or cast before?"
    equal(run.value, np.array([[420.0]]), of="y", note="silu(70) is 70 in float64", nudge=nudge)


@pytest.mark.rubric("swiglu")
def test_swiglu_block_with_half_open_gates(ranks):
    """Gates from -4 to 4, where silu bends.

    The gates and ups are whole and exact. silu may err by 32 u |g| (any usual form of it does),
    the product by 2 u, the sum over 2 by 2 gamma_2: below 40 u (|g| |up|) @ |down| in all.
    """
    x, gate, up = f32([[1, 2], [-2, 1]]), f32([[2, -2], [1, 0]]), f32([[1, 2], [1, -3]])
    run = ranks(2).swiglu_block(x, gate_and_up(gate, up, 2), Shards(DOWN, axis=0), GROUP)
    g, v = (x @ gate).astype(np.float64), (x @ up).astype(np.float64)
    expected = (g / (1 + np.exp(-g)) * v) @ DOWN
    bound = 40 * 2.0**-24 * (np.abs(g * v) @ np.abs(DOWN))
    nudge = "silu(x) = x / (1 + exp(-x)). On which half does it act, and in which dtype?"
    within(run.value, expected, bound, dtype=np.float32, of="y", nudge=nudge)


# -- attention heads -----------------------------------------------------------------------


@pytest.mark.rubric("qkv")
@pytest.mark.parametrize(
    ("num_heads", "num_kv_heads", "world_size"),
    [(2, 2, 1), (2, 2, 2), (4, 2, 2), (4, 2, 4), (6, 2, 6)],
)
def test_shard_qkv(student, num_heads, num_kv_heads, world_size):
    """Rank r gets whole query heads and the KV heads that serve them. head_dim is 2.

    Query head i is the columns [i, i], KV head j is [10 j, 10 j] in wk and [100 j, 100 j] in wv.
    """

    def heads(numbers, unit):
        return f32([[unit * number for number in numbers for _ in range(2)]])

    queries, keys = range(1, num_heads + 1), range(1, num_kv_heads + 1)
    wq, wk, wv = heads(queries, 1), heads(keys, 10), heads(keys, 100)
    served = num_heads // num_kv_heads
    note = f"{served} query head{'s' * (served > 1)} to each KV head; the 1s use the 10s"
    got = student.shard_qkv(wq, wk, wv, num_heads, num_kv_heads, 2, world_size)
    count = f"a list of {world_size} triples"
    require(isinstance(got, (list, tuple)) and len(got) == world_size, count, got)
    for rank, triple in enumerate(got):
        mine = queries[rank * num_heads // world_size :][: num_heads // world_size]
        kv = sorted({(query - 1) // served + 1 for query in mine})
        q, k, v = arrays(triple, 3, of=f"rank {rank}")
        whose = f"Which query heads are rank {rank}'s, and which columns are the whole of each?"
        equal(q, heads(mine, 1), of=f"wq of rank {rank}", note=note, nudge=whose)
        whose = f"Which KV heads do the {mine[-1]}s, rank {rank}'s last query head, attend to?"
        equal(k, heads(kv, 10), of=f"wk of rank {rank}", note=note, nudge=whose)
        equal(v, heads(kv, 100), of=f"wv of rank {rank}", note=note, nudge=whose)


@pytest.mark.rubric("qkv")
def test_shard_qkv_shares_one_kv_head(student):
    """Multi-query attention: every rank holds the only KV head. float64."""
    wq, wk, wv = np.array([[1.0, 2]]), np.array([[10.0]]), np.array([[100.0]])
    expected = [(wq[:, :1], wk, wv), (wq[:, 1:], wk, wv)]
    note = "fewer KV heads than ranks: heads are replicated"
    equal(student.shard_qkv(wq, wk, wv, 2, 1, 1, 2), expected, of="shards", note=note)


# -- embedding -----------------------------------------------------------------------------

TABLE = f32([[1, 10], [2, 20], [3, 30], [4, 40]])


@pytest.mark.rubric("embedding")
@GOING_UP
def test_vocab_parallel_embedding(ranks, world_size):
    """Every rank returns the row of every token, after one all-reduce."""
    ids = np.array([3, 0, 1, 2, 3])
    run = ranks(world_size).vocab_parallel_embedding(ids, Shards(TABLE, axis=0), GROUP)
    note = "rank 0 holds rows 0 and 1, rank 1 rows 2 and 3" if world_size == 2 else ""
    equal(run.value, TABLE[ids], of="rows", note=note)
    require_one_all_reduce(run, 10, "Which one collective turns one row and zeros into the row?")


@pytest.mark.rubric("embedding")
def test_vocab_parallel_embedding_of_infinities(ranks):
    """Any float comes through as it is."""
    table = np.array([[np.inf, 1], [-np.inf, 2], [np.inf, 3]])
    run = ranks(3).vocab_parallel_embedding(np.array([0, 1, 2]), Shards(table, axis=0), GROUP)
    equal(run.value, table, of="rows", nudge="What is 0 times infinity?")


@pytest.mark.rubric("embedding")
@pytest.mark.parametrize("dtype", ["int32", "uint64", "uint8"])
def test_vocab_parallel_embedding_of_any_integer(ranks, dtype):
    """Unsigned and small dtypes too. The table has 520 rows; row i is [i]."""
    table = np.arange(520, dtype=np.float32)[:, None]
    ids = np.array([0, 7, 255] if dtype == "uint8" else [0, 7, 519], dtype)
    run = ranks(2).vocab_parallel_embedding(ids, Shards(table, axis=0), GROUP)
    nudge = f"What is 7 - 260 in {dtype}?"
    equal(run.value, table[ids.astype(int)], of="rows", nudge=nudge)


@pytest.mark.rubric("embedding")
def test_vocab_parallel_embedding_of_no_tokens(ranks):
    """No tokens, no rows: shape (0, 2)."""
    run = ranks(2).vocab_parallel_embedding(np.zeros(0, int), Shards(TABLE, axis=0), GROUP)
    equal(run.value, TABLE[:0], of="rows")


@pytest.mark.rubric("embedding")
@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint32", "int8"])
def test_vocab_parallel_embedding_of_one_token(ranks, dtype):
    """One token, one row: shape (1, 2)."""
    run = ranks(2).vocab_parallel_embedding(np.array([3], dtype), Shards(TABLE, axis=0), GROUP)
    equal(run.value, TABLE[3:], of="rows", nudge="" if is_array(run.value, (1, 2)) else ONE_TOKEN)


# -- floats --------------------------------------------------------------------------------

WHOLE = "Which entries make this sum's bits depend on the order?"
BIG = "How large can a partial sum become, and has this dtype every whole number up to there?"
EDGE = "What happens to x * w in the arrays' own arithmetic before you compare?"
ROWS = "How many terms has a sum, and over which entries is the largest?"
SUMMABLE = {
    "small whole numbers": ([1, 2], [3, -4], "float32", True, ""),
    "a half": ([1, 0.5], [2, 2], "float32", False, WHOLE),
    "zeros and NaN": ([0, 0], [1, np.nan], "float64", False, "Is NaN a whole number?"),
    "zeros and infinity": ([0, 0], [1, np.inf], "float64", False, "Is inf a whole number?"),
    "2^24 itself": ([1, 4096], [1, 2048], "float32", True, "Is the limit itself included?"),
    "beyond 2^24 in float32": ([4097], [4096], "float32", False, BIG),
    "beyond 2^24 in float64": ([4097], [4096], "float64", True, BIG),
    "large and negative": ([-8192, 1], [4096, 1], "float32", False, "How large is -8192?"),
    "K times the largest": ([0, 4096], [4096, 0], "float32", False, "What is K max|x| max|w|?"),
    "2^53 itself": ([-(2.0**26)], [2.0**27], "float64", True, "Is the limit itself included?"),
    "2^24 + 1 = 24929 * 673": ([24929], [673], "float32", False, EDGE),
    "2^53 + 1 = 321 * 28059810762433": ([321], [28059810762433], "float64", False, EDGE),
    "2^63 and 2": ([2.0**63], [2], "float64", False, EDGE),
    "products beyond float32": ([2.0**100], [2.0**100], "float32", False, EDGE),
    "zeros and 2^100": ([0, 0], [2.0**100, 1], "float32", True, EDGE),
    "2^63 alone": ([2.0**63], [1], "float64", False, EDGE),
    "nearly whole": ([1 + 2.0**-30], [1], "float64", False, WHOLE),
    "large in the last row": ([[1, 1], [1, 8192]], [2, 2048], "float32", False, ROWS),
    "two rows, K = 1": ([[4096], [1]], [4096], "float32", True, ROWS),
}


@pytest.mark.rubric("exactly-summable")
@pytest.mark.parametrize("case", SUMMABLE)
def test_exactly_summable(student, case):
    """Whole numbers with K max|x| max|w| <= 2^24 in float32, 2^53 in float64."""
    x, w, dtype, expected, nudge = SUMMABLE[case]
    got = student.exactly_summable(np.atleast_2d(np.array(x, dtype)), np.array(w, dtype)[:, None])
    limit = "2^24" if dtype == "float32" else "2^53"
    note = f"{case}; {dtype} has every whole number up to {limit}"
    equal(got, expected, note=note, nudge=nudge)


@pytest.mark.rubric("bound")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("inner", [1, 3, 32])
def test_rounding_error_bound(student, inner, dtype):
    """2 gamma_K (|x| @ |w|), gamma_K = K u / (1 - K u), to 8 roundings of either precision."""
    x, w = np.zeros((1, inner), dtype), np.ones((inner, 2), dtype)
    x[0, 0], w[0] = -3, 2
    x[0, inner - 1], w[inner - 1] = 3, 2
    size = 6 if inner == 1 else 12
    u = 2.0**-24 if dtype == "float32" else 2.0**-53
    expected = np.full((1, 2), 2 * inner * u / (1 - inner * u) * size)
    got = student.rounding_error_bound(x, w)
    note, question = f"|x| @ |w| is {size}; u = {'2^-24' if dtype == 'float32' else '2^-53'}", ""
    if is_array(got, (1, 2), np.float64) and np.isfinite(got).all():
        ratio = got[0, 0] / expected[0, 0]
        question = "" if ratio else "Where terms cancel, do their rounding errors cancel too?"
        note += f"; yours is {ratio:.8g} times the right one"
        for text, factor in {
            "Is u the gap from 1 to the next float, or half of it?": 2,
            "Two results are compared. How many of them may have rounding errors?": 1 / 2,
            "How many roundings can one sum of K products go through?": 1 / inner,
            "What does gamma have in its denominator?": 1 - inner * u,
            "Whose u is this, that of float32 or of float64?": 2.0**-29,
        }.items():
            if factor != 1 and abs(ratio / factor - 1) <= 16 * u:
                question = text
    elif is_array(got):
        question = "Which dtype does the contract promise for the bound?"
    within(got, expected, 8 * u * expected, dtype=np.float64, of="bound", note=note, nudge=question)


@pytest.mark.rubric("bound")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_error_bound_of_fractions(student, dtype):
    """The same for a tenth times a tenth, of which no bit may be lost."""
    x = np.full((1, 1), 0.1, dtype)
    u = 2.0**-24 if dtype == "float32" else 2.0**-53
    expected = 2 * u / (1 - u) * np.full((1, 1), float(x[0, 0]) ** 2)
    got = student.rounding_error_bound(x, -x)
    nudge = "Which dtype do |x| and |w| have when you multiply them?"
    within(got, expected, 8 * u * expected, dtype=np.float64, of="bound", nudge=nudge)


X_FLOATS = [[0.1, -0.7, 1.3, 0.9], [2.1, 0.3, -0.4, 1.7]]
W_FLOATS = [[0.7, 1.1], [-1.9, 0.6], [0.2, -0.3], [1.3, 2.3]]
exactly = np.frompyfunc(lambda value: Fraction(float(value)), 1, 1)


def layer_bound(x, w, bias, u):
    """2 gamma_(K+1) (|x| @ |w| + |bias|): K products and a bias, added in any order."""
    n = x.shape[1] + 1
    return 2 * n * u / (1 - n * u) * (np.abs(x) @ np.abs(w) + np.abs(bias)).astype(np.float64)


@pytest.mark.rubric("floats")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@GOING_UP
def test_row_parallel_linear_within_the_bound(ranks, world_size, dtype):
    """Any order of summation is right; fewer bits on the way are not."""
    x, w, bias = (np.array(each, dtype) for each in (X_FLOATS, W_FLOATS, [0.3, -0.2]))
    run = ranks(world_size).row_parallel_linear(
        Shards(x, axis=1), Shards(w, axis=0), GROUP, bias=bias
    )
    exact = (exactly(x) @ exactly(w) + exactly(bias)).astype(np.float64)
    u = 2.0**-24 if dtype == "float32" else 2.0**-53
    within(run.value, exact, layer_bound(x, w, bias, u), dtype=dtype, of="y")


@pytest.mark.rubric("floats")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@GOING_UP
def test_column_parallel_linear_within_the_bound(ranks, world_size, dtype):
    """The same for columns."""
    x, w, bias = (np.array(each, dtype) for each in (X_FLOATS, W_FLOATS, [0.3, -0.2]))
    run = ranks(world_size).column_parallel_linear(
        x, Shards(w, axis=1), GROUP, bias_shard=Shards(bias, axis=0), gather_output=True
    )
    exact = (exactly(x) @ exactly(w) + exactly(bias)).astype(np.float64)
    u = 2.0**-24 if dtype == "float32" else 2.0**-53
    within(run.value, exact, layer_bound(x, w, bias, u), dtype=dtype, of="y")


@pytest.mark.rubric("floats")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mlp_block_within_the_bounds(ranks, dtype):
    """w_up is the identity, so h is exact and the second layer's bound is all there is."""
    x, w = np.abs(np.array(X_FLOATS, dtype)), np.array(W_FLOATS, dtype)
    run = ranks(2).mlp_block(x, Shards(np.eye(4, dtype=dtype), axis=1), Shards(w, axis=0), GROUP)
    exact = (exactly(x) @ exactly(w)).astype(np.float64)
    u = 2.0**-24 if dtype == "float32" else 2.0**-53
    within(run.value, exact, layer_bound(x, w, np.zeros(2), u), dtype=dtype, of="y")


# -- errors --------------------------------------------------------------------------------


@pytest.mark.rubric("errors")
def test_uneven_cuts_are_refused(student):
    """ValueError with the dimension and world_size in the message."""
    student.raises(ValueError, naming=(4, 3)).shard_columns(W, 3)
    student.raises(ValueError, naming=(4, 3)).shard_rows(W.T, 3)
    three = AnyOf("3 or 6", 3, 6)
    student.raises(ValueError, naming=(three, 2)).shard_gate_up(f32([[1, 2, 3, 4, 5, 6]]), 2)
    student.raises(ValueError).shard_gate_up(f32([[1, 2, 3]]), 1)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("world_size", [0, -1])
def test_world_size_below_one_is_refused(student, world_size):
    """ValueError that names world_size and its value."""
    refusing = student.raises(ValueError, naming=("world_size", world_size))
    refusing.shard_columns(W, world_size)
    refusing.shard_rows(W, world_size)
    refusing.shard_gate_up(W, world_size)
    refusing.shard_qkv(W, W, W, 2, 2, 2, world_size)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("world_size", [2.0, True])
def test_world_size_that_is_no_integer_is_refused(student, world_size):
    """TypeError that names world_size: 2.0 is a float, and True is a bool."""
    refusing = student.raises(TypeError, naming="world_size")
    refusing.shard_columns(W, world_size)
    refusing.shard_rows(W, world_size)
    refusing.shard_gate_up(W, world_size)
    refusing.shard_qkv(W, W, W, 2, 2, 2, world_size)


@pytest.mark.rubric("errors")
def test_heads_that_do_not_fit_are_refused(student):
    """Query heads over ranks, KV heads over ranks, columns over heads."""
    six, four, twelve = np.ones((1, 6)), np.ones((1, 4)), np.ones((1, 12))
    student.raises(ValueError, naming=(6, 4)).shard_qkv(six, six, six, 6, 6, 1, 4)
    student.raises(ValueError, naming=(6, 4)).shard_qkv(twelve, six, six, 12, 6, 1, 4)
    student.raises(ValueError, naming=(4, 6)).shard_qkv(twelve, four, four, 12, 4, 1, 6)
    # 2 divides the columns of three heads, but not the heads
    student.raises(ValueError, naming=(3, 2)).shard_qkv(six, six, six, 3, 3, 2, 2)
    student.raises(ValueError, naming=(3, 2)).shard_qkv(twelve, six, six, 6, 3, 2, 2)
    student.raises(ValueError).shard_qkv(four, four, four, 4, 4, 2, 2)
    student.raises(ValueError).shard_qkv(four, four, six, 4, 4, 1, 2)
    for sizes, name in (
        ((4.0, 4, 1), "num_heads"),
        ((4, 4.0, 1), "num_kv_heads"),
        ((4, 4, True), "head_dim"),
    ):
        student.raises(TypeError, naming=name).shard_qkv(four, four, four, *sizes, 2)


@pytest.mark.rubric("errors")
def test_arrays_that_are_no_matrices_are_refused(student):
    """ValueError for one dimension and for three."""
    for w in (f32([1, 2, 3, 4]), np.ones((2, 2, 2), np.float32)):
        student.raises(ValueError).shard_columns(w, 2)
        student.raises(ValueError).shard_rows(w, 2)
        student.raises(ValueError).shard_gate_up(w, 2)
        student.raises(ValueError).exactly_summable(w, W.T)
        student.raises(ValueError).rounding_error_bound(w, W.T)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("shape", [(1,), (3,), (1, 2), (2, 1)])
def test_biases_of_another_shape_are_refused(ranks, shape):
    """Also one number, one row and one column, which numpy would stretch without a word."""
    bias, refusing = np.ones(shape, np.float32), ranks(2).raises(ValueError)
    refusing.column_parallel_linear(X, X, GROUP, bias_shard=bias)
    refusing.row_parallel_linear(X, X, GROUP, bias=bias)
    refusing.mlp_block(X, X, X, GROUP, b_up_shard=bias)
    refusing.mlp_block(X, X, X, GROUP, b_down=bias)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 2, 2)])
def test_operands_that_do_not_fit_are_refused(ranks, shape):
    """On every rank: where columns and rows differ, and where there are no rows and columns."""
    wrong, refusing = np.ones(shape, np.float32), ranks(2).raises(ValueError)
    refusing.column_parallel_linear(wrong, X, GROUP)
    refusing.row_parallel_linear(wrong, X, GROUP)
    refusing.mlp_block(wrong, X, X, GROUP)
    refusing.swiglu_block(wrong, X, W[:1], GROUP)


@pytest.mark.rubric("errors")
def test_weights_that_do_not_fit_each_other_are_refused(ranks):
    """w_down has a row for each column of h; gate and up are of one width."""
    refusing = ranks(2).raises(ValueError)
    refusing.mlp_block(X, W, X, GROUP)
    refusing.swiglu_block(X, W, W.T, GROUP)
    refusing.swiglu_block(X, W[:, :3], X[:1], GROUP)
    refusing.swiglu_block(X, W[:, :3], X, GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("token_id", [4, -1])
def test_token_ids_outside_the_table_are_refused(ranks, token_id):
    """By every rank, or some would wait in the all-reduce for ever."""
    ids = np.array([0, token_id])
    refusing = ranks(2).raises(ValueError, naming=token_id)
    refusing.vocab_parallel_embedding(ids, Shards(TABLE, axis=0), GROUP)
    huge = np.array([2**64 - 1], np.uint64)
    ranks(2).raises(ValueError).vocab_parallel_embedding(huge, Shards(TABLE, axis=0), GROUP)


@pytest.mark.rubric("errors")
@pytest.mark.parametrize("dtype", ["float64", "bool"])
def test_token_ids_that_are_no_integers_are_refused(ranks, dtype):
    """TypeError that names the ids: floats, even where they are whole, and bools."""
    ids, refusing = np.array([0, 1], dtype), ranks(2).raises(TypeError, naming="ids")
    refusing.vocab_parallel_embedding(ids, Shards(TABLE, axis=0), GROUP)


# -- what a block costs --------------------------------------------------------------------


@pytest.mark.rubric("one-collective")
def test_mlp_block_costs_one_all_reduce(ranks, picture):
    """Two matmuls on two ranks, one all-reduce of the answer's size. Then: your own run."""
    up, down = Shards(W_UP, axis=1), Shards(W_DOWN, axis=0)
    run = ranks(2).mlp_block(X_MLP, up, down, GROUP, b_down=B_DOWN)
    equal(run.value, Y_MLP, of="y", note=EXACT)
    require_one_all_reduce(run, 4, "One per block. Who needs the glued h?")
    partials = []
    for rank in range(2):
        # With zeros in the place of the other rank's weights, only this rank has a part.
        parts = [w * (np.arange(4) // 2 == rank) for w in (W_UP, W_DOWN.T)]
        alone = ranks(2).mlp_block(
            X_MLP, Shards(parts[0], axis=1), Shards(parts[1].T, axis=0), GROUP
        )
        equal(alone.value, f32([[[2, 2], [0, 2]], [[7, 2], [11, -5]]])[rank], of="y")
        partials.append(alone.value.tolist())
    picture.draw(
        ShardMap(
            title="your mlp_block on 2 ranks",
            splits=(Split("w_up", W_UP.shape, "columns"), Split("w_down", W_DOWN.shape, "rows")),
            partials=tuple(partials),
            collectives=run.ops,
            summed=(run.value - B_DOWN).tolist(),
            bias=("b_down", B_DOWN.tolist()),
            total=run.value.tolist(),
            bytes_per_rank=run.log[0].nbytes,
        )
    )
