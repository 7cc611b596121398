"""Floats: when sums are exact, how far rounding may carry, and that results stay within.

Every bound below allows twice what the student's layers may err, and the other half is more than
the references need. They are computed in longdouble and rounded once to float64: below 2^-53 |y|
for that, and for what came before 2^-11 of what the student's layers may err, as a longdouble has
11 bits more. Where it has none more, nothing is rounded at the end, and they err by no more than
the student's own.
"""

import numpy as np
import pytest

from grader.suite import GROUP, PerRank, Shards, equal, whole, within

DTYPES = (np.float32, np.float64)
UNIT = {np.float32: 2.0**-24, np.float64: 2.0**-53}


def gamma(n, dtype):
    return n * UNIT[dtype] / (1 - n * UNIT[dtype])


def layer_bound(x, w, dtype, bias=None):
    """2 gamma_K (|x| @ |w|), or 2 gamma_(K+1) (|x| @ |w| + |bias|), as the contract has it.

    In whatever order K products and a bias are added, each passes at most K + 1 roundings
    (K without the bias): Higham, Accuracy and Stability, section 3.1.
    """
    x, w = np.abs(x).astype(np.float64), np.abs(w).astype(np.float64)
    if bias is None:
        return 2 * gamma(x.shape[1], dtype) * (x @ w)
    return 2 * gamma(x.shape[1] + 1, dtype) * (x @ w + np.abs(bias))


def precise(function, *arrays):
    """`function` of the arrays in the longest floats that numpy has, as float64."""
    return function(*(each.astype(np.longdouble) for each in arrays)).astype(np.float64)


def silu(g):
    return g / (1 + np.exp(-g))


def normal(rng, shape, dtype):
    return rng.standard_normal(shape).astype(dtype)


@pytest.mark.rubric("floats")
def test_row_parallel_floats(ranks, rng):
    """Any order of summation passes; a detour through fewer bits does not, for small K too."""
    for dtype, inner, biased in (
        (np.float32, 2, True),
        (np.float32, 300, False),
        (np.float64, 2, False),
    ):
        x, w = normal(rng, (3, inner), dtype), normal(rng, (inner, 5), dtype)
        b = normal(rng, 5, dtype) if biased else None
        run = ranks(2).row_parallel_linear(Shards(x, axis=1), Shards(w, axis=0), GROUP, bias=b)
        expected = precise(lambda x, w, b: x @ w + b, x, w, b if biased else np.zeros(5))
        within(run.value, expected, layer_bound(x, w, dtype, b), dtype=dtype, of="y")


@pytest.mark.rubric("floats")
def test_column_parallel_floats(ranks, rng):
    """Column shards may be added up in another order than the whole is, gathered or not."""
    for dtype, gather_output in ((np.float32, False), (np.float64, True)):
        x, w, b = normal(rng, (3, 7), dtype), normal(rng, (7, 6), dtype), normal(rng, 6, dtype)
        given = {"bias_shard": Shards(b, axis=0), "gather_output": True} if gather_output else {}
        run = ranks(2).column_parallel_linear(x, Shards(w, axis=1), GROUP, **given)
        b = b if gather_output else None
        expected = precise(lambda x, w, b: x @ w + b, x, w, np.zeros(6) if b is None else b)
        bound = layer_bound(x, w, dtype, b)
        for rank, got in enumerate(run.values):
            mine = slice(None) if gather_output else slice(3 * rank, 3 * rank + 3)
            within(got, expected[:, mine], bound[:, mine], dtype=dtype, of=f"y on rank {rank}")


@pytest.mark.rubric("floats")
def test_mlp_block_floats(ranks, rng):
    """The bounds of both layers, composed.

    h errs by at most E = layer_bound(x, up, b_up), and relu carries no error further than it
    is. The second layer then works on |h| + E, and passes E on through |down|.
    """
    for dtype in DTYPES:
        x, up, b_up = (
            normal(rng, (3, 5), dtype),
            normal(rng, (5, 12), dtype),
            normal(rng, 12, dtype),
        )
        down, b_down = normal(rng, (12, 4), dtype), normal(rng, 4, dtype)
        run = ranks(2).mlp_block(
            x,
            Shards(up, axis=1),
            Shards(down, axis=0),
            GROUP,
            b_up_shard=Shards(b_up, axis=0),
            b_down=b_down,
        )
        h = np.maximum(precise(lambda x, w, b: x @ w + b, x, up, b_up), 0)
        error = layer_bound(x, up, dtype, b_up)
        expected = precise(
            lambda x, up, b_up, down, b: np.maximum(x @ up + b_up, 0) @ down + b,
            *(x, up, b_up, down, b_down),
        )
        bound = layer_bound(h + error, down, dtype, b_down) + error @ np.abs(down).astype(
            np.float64
        )
        within(run.value, expected, bound, dtype=dtype, of="y")


@pytest.mark.rubric("swiglu")
def test_swiglu_floats(ranks, rng):
    """The bounds of both layers and of silu, composed.

    silu: with exp, tanh or log right to 4 ulp (8 u), x / (1 + exp(-x)) errs by 10 u, x *
    sigmoid(x) in two branches by 19 u, x (1 + tanh(x/2)) / 2 by 6 u of |x|, and x
    exp(-log(1 + exp(-x))) by less than 20 u of |x| (t exp(-t) < 0.37). Allowed: 32 u |x|. Its
    slope is below 1.1. The product silu * up rounds once; allowed: 2 u.
    """
    for dtype in DTYPES:
        x, down = normal(rng, (3, 5), dtype), normal(rng, (12, 4), dtype)
        gate, up = 2 * normal(rng, (5, 12), dtype), normal(rng, (5, 12), dtype)
        shards = [np.hstack([gate[:, i : i + 6], up[:, i : i + 6]]) for i in (0, 6)]
        run = ranks(2).swiglu_block(x, PerRank(shards), Shards(down, axis=0), GROUP)

        u = UNIT[dtype]
        g, s = precise(lambda x, w: x @ w, x, gate), precise(lambda x, w: silu(x @ w), x, gate)
        v = np.abs(precise(lambda x, w: x @ w, x, up))
        g_error, v_error = layer_bound(x, gate, dtype), layer_bound(x, up, dtype)
        s_error = 1.1 * g_error + 32 * u * (np.abs(g) + g_error)
        largest = (np.abs(s) + s_error) * (v + v_error)
        h_error = np.abs(s) * v_error + (v + v_error) * s_error + 2 * u * largest
        expected = precise(
            lambda x, gate, up, down: (silu(x @ gate) * (x @ up)) @ down, x, gate, up, down
        )
        bound = layer_bound(largest, down, dtype) + h_error @ np.abs(down).astype(np.float64)
        within(run.value, expected, bound, dtype=dtype, of="y")


EDGE = {np.float32: 2**24, np.float64: 2**53}
# 2^24 + 1 = 97 * 257 * 673 and 2^53 + 1 = 3 * 107 * 28059810762433: one too many, and in
# their own dtype the products round down to the limit.
ONE_TOO_MANY = {np.float32: (257, 97, 673), np.float64: (107, 3, 28059810762433)}
ODD_ONES = (0.5, -1 - 2.0**-20, np.nan, np.inf, -np.inf)


def operands(inner, x, w, dtype, rows=3, columns=2):
    """x (rows, inner) and w (inner, columns) of small whole numbers, with those last in each."""
    one, other = np.ones((rows, inner), dtype), np.full((inner, columns), -1, dtype)
    one[0, 0], one[-1, -1], other[0, 0], other[-1, -1] = 0, x, 0, w
    return one, other


@pytest.mark.rubric("exactly-summable")
@pytest.mark.parametrize("dtype", DTYPES)
def test_limit_itself_is_exact(student, dtype):
    """K max|x| max|w| = limit: True, whichever of the three factors it comes from."""
    edge = EDGE[dtype]
    for inner, x, w in ((1, -edge, 1), (256, 4, -edge // 1024)):
        assert inner * abs(x * w) == edge
        equal(student.exactly_summable(*operands(inner, x, w, dtype)), expected=True)


@pytest.mark.rubric("exactly-summable")
@pytest.mark.parametrize("dtype", DTYPES)
def test_beyond_the_limit_is_not(student, dtype):
    """Judged in integers: floats would round the product down to the limit."""
    inner, x, w = ONE_TOO_MANY[dtype]
    assert inner * x * w == EDGE[dtype] + 1
    equal(student.exactly_summable(*operands(inner, -x, w, dtype)), expected=False)
    equal(student.exactly_summable(*operands(1, inner * x, -w, dtype)), expected=False)
    # K counts though the largest of x never meets the largest of w.
    half = EDGE[dtype] // 2
    x, w = np.array([[1, -half]], dtype), np.array([[2], [0]], dtype)
    equal(student.exactly_summable(x, w), expected=False)


@pytest.mark.rubric("exactly-summable")
def test_every_entry_must_be_a_whole_number(student):
    """Fractions, however near, NaN and infinities: False, wherever they stand and meet zeros."""
    for odd_one, dtype in zip(ODD_ONES, DTYPES * 3, strict=False):
        zeros, mixed = np.zeros((2, 3), dtype), np.array([[1, 2, 3], [4, 5, odd_one]], dtype)
        x, w = (zeros, mixed.T) if dtype is np.float32 else (mixed, zeros.T)
        equal(student.exactly_summable(x, w), expected=False)


@pytest.mark.rubric("exactly-summable")
def test_huge_whole_numbers(student):
    """Products that overflow floats or 64-bit integers: no overflow of the judgement."""
    for x, w, dtype in (
        (2.0**100, 2.0**100, np.float32),
        (2.0**32, 2.0**32, np.float64),
        (2.0**63, 1, np.float64),
    ):
        equal(student.exactly_summable(*operands(1, x, w, dtype)), expected=False)
    for dtype in DTYPES:
        huge = np.full((1, 2), np.finfo(dtype).max)
        equal(student.exactly_summable(huge, np.zeros((2, 3), dtype)), expected=True)


@pytest.mark.rubric("bound")
@pytest.mark.parametrize("dtype", DTYPES)
def test_bound_is_two_gamma_k(student, rng, dtype):
    """2 gamma_K (|x| @ |w|), evaluated in any order, in x's dtype or a wider one.

    That is K roundings of the sum and fewer than 8 besides.
    """
    for inner in (1, 3):
        x, w = normal(rng, (5, inner), dtype), normal(rng, (inner, 4), dtype)
        expected = 2 * gamma(inner, dtype) * precise(lambda x, w: x @ w, np.abs(x), np.abs(w))
        tolerance = (inner + 8) * UNIT[dtype] * expected
        got = student.rounding_error_bound(x, w)
        within(got, expected, tolerance, dtype=np.float64, of="bound")


@pytest.mark.rubric("bound")
@pytest.mark.parametrize("dtype", DTYPES)
def test_bound_has_the_denominator_of_gamma(student, rng, dtype):
    """gamma_K is K u / (1 - K u). One nonzero term in each sum, so sums round nothing.

    Fewer than 8 roundings are left; at K = 300, K u alone falls short by 300.
    """
    x, w = np.zeros((3, 300), dtype), -whole(rng, (300, 2), 1, 9, dtype=dtype)
    x[np.arange(3), rng.integers(0, 300, 3)] = -7
    expected = 2 * gamma(300, dtype) * (np.abs(x) @ np.abs(w)).astype(np.float64)
    got = student.rounding_error_bound(x, w)
    within(got, expected, 8 * UNIT[dtype] * expected, dtype=np.float64, of="bound")
