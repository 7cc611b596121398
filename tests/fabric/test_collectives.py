"""What each collective computes, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.fabric.collectives import (
    Unfit,
    all_gather,
    all_reduce,
    all_to_all,
    barrier,
    reduce_scatter,
)

steady = settings(derandomize=True, deadline=None, max_examples=50)
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)


@st.composite
def rank_arrays(draw):
    """One whole-number float32 array per rank, all of one shape."""
    shape = draw(SHAPES)
    entries = st.integers(-50, 50).map(float)
    each = hnp.arrays(np.float32, shape, elements=entries)
    return [draw(each) for _ in range(draw(st.integers(1, 5)))]


@given(rank_arrays())
@steady
def test_all_reduce_gives_every_rank_the_sum(arrays):
    """Every rank gets the same array: the sum, in the dtype of what was handed in."""
    results = all_reduce(arrays)
    assert len(results) == len(arrays)
    for result in results:
        assert result.dtype == np.float32
        assert (result == np.sum(arrays, axis=0)).all()


@given(rank_arrays())
@steady
def test_inputs_are_left_alone(arrays):
    """Sums are new arrays: what a rank handed in stays as it was, for the log and for others."""
    before = [array.copy() for array in arrays]
    for result in (*all_reduce(arrays), *all_gather(arrays, -1)):
        assert not any(np.shares_memory(result, array) for array in arrays if array.size)
    assert all((one == other).all() for one, other in zip(arrays, before, strict=True))


@given(rank_arrays(), st.integers(-3, 2))
@steady
def test_reduce_scatter_then_all_gather_is_all_reduce(arrays, axis):
    """The two halves of a ring all-reduce make the whole one, along any axis that divides."""
    ndim = arrays[0].ndim
    if not -ndim <= axis < ndim or arrays[0].shape[axis] % len(arrays):
        with pytest.raises(Unfit):
            reduce_scatter(arrays, axis)
        return
    whole = all_gather(reduce_scatter(arrays, axis), axis)
    assert all((got == sum_).all() for got, sum_ in zip(whole, all_reduce(arrays), strict=True))


@given(st.integers(1, 5))
@steady
def test_all_to_all_twice_is_nothing(ranks):
    """Exchanging parts is its own inverse: part i of rank r is part r of rank i."""
    lists = [[np.array([r, i]) for i in range(ranks)] for r in range(ranks)]
    once = all_to_all(lists)
    assert [[tuple(part) for part in parts] for parts in once] == [
        [(i, r) for i in range(ranks)] for r in range(ranks)
    ]
    assert all_to_all(once) == lists


def test_sums_run_in_rank_order_in_their_own_dtype():
    """Order decides the last bits of a float sum, and nothing is summed in a wider type."""
    arrays = [np.array([x], np.float32) for x in (2**24, 1, 1)]
    assert all_reduce(arrays)[0].item() == 2**24
    assert all_reduce(arrays[::-1])[0].item() == 2**24 + 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8])
def test_overflow_is_the_students_to_see(dtype):
    """A sum that overflows is inf, or wraps; it is not a warning on the grader's side."""
    largest = np.finfo(dtype).max if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    (total, _) = all_reduce([np.array([largest], dtype)] * 2)
    assert total.dtype == dtype
    assert not 0 < total[0] < np.inf


def test_a_signalling_nan_is_no_warning():
    """Bit patterns that no arithmetic makes go through a sum like any other NaN."""
    array = np.frombuffer(b"\x01\x00\x80\x7f", np.float32)
    assert np.isnan(all_reduce([array, array])[0]).all()


def test_zero_dimensional_arrays_can_be_summed():
    """A loss is a scalar: all_reduce takes arrays without axes."""
    assert all_reduce([np.array(1.0), np.array(2.0)])[1] == 3


def test_gathered_lengths_may_differ():
    """all_gather joins along its axis whatever the lengths, as long as the rest fits."""
    first, second = all_gather([np.zeros((2, 1)), np.ones((2, 3))], axis=1)
    assert first.shape == second.shape == (2, 4)


def test_barrier_gives_nothing():
    """Everyone gets None."""
    assert barrier([None, None]) == [None, None]


F4 = np.zeros((2, 2), np.float32)
UNFIT = {
    "shape": (all_reduce, [F4, F4[:1]], (), "on shape\nrank 0: (2, 2)\nrank 1: (1, 2)"),
    "dtype": (all_reduce, [F4, F4.astype(np.float64)], (), "rank 1: float64"),
    "bool": (all_reduce, [F4 > 0] * 2, (), "sums numbers, got dtype bool"),
    "gather dtype": (all_gather, [F4, F4.astype(int)], (0,), "disagree on dtype"),
    "gather ndim": (all_gather, [F4, F4[0]], (0,), "rank 0: 2\nrank 1: 1"),
    "gather shape": (all_gather, [F4, F4[:, :1]], (0,), "rank 0: (2,)\nrank 1: (1,)"),
    "gather axis": (all_gather, [F4, F4], (2,), "axis 2 is out of range for shape (2, 2)"),
    "gather 0-d": (all_gather, [np.array(1.0)] * 2, (0,), "axis 0 is out of range"),
    "scatter axis": (reduce_scatter, [F4] * 2, (-3,), "axis -3 is out of range"),
    "scatter length": (reduce_scatter, [F4] * 3, (0,), "2 does not divide by 3 ranks"),
    "parts": (all_to_all, [[F4, F4], [F4]], (), "rank 1 gave 1 for 2 ranks"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_names_the_ranks(name):
    """Arrays that can't be combined are a finding in words, never an exception of numpy."""
    collective, payloads, extra, words = UNFIT[name]
    with pytest.raises(Unfit) as unfit:
        collective(payloads, *extra)
    assert words in str(unfit.value)
