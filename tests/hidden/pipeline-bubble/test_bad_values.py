"""Hidden: what is no count, no limit and no time is refused, by the name of the argument."""

from fractions import Fraction

import numpy as np
import pytest

from grader.suite import equal

_ORDER = [[("F", 0), ("B", 0)]]
_TIMES = {(0, "F", 0): (Fraction(0), Fraction(1)), (0, "B", 0): (Fraction(1), Fraction(3))}
_HALF = Fraction(1, 2)
_P, _M = "num_stages", "num_microbatches"
# A call of each function that has counts, and another one of which all counts are 1.
_GOOD = {
    "forward_grid": ({_P: 3, _M: 2}, {_P: 1, _M: 1}),
    "bubble_fraction": ({_P: 3, _M: 2}, {_P: 1, _M: 1}),
    "min_microbatches": ({_P: 3, "max_bubble": _HALF}, {_P: 1, "max_bubble": _HALF}),
    "gpipe_order": ({_P: 3, _M: 2}, {_P: 1, _M: 1}),
    "one_f_one_b_order": ({_P: 3, _M: 2}, {_P: 1, _M: 1}),
    "bubble_of_schedule": ({"times": _TIMES, _P: 1}, {"times": _TIMES, _P: 1}),
    "decode_utilization": (
        {_P: 3, "batches_in_flight": 2, "num_tokens": 4},
        {_P: 1, "batches_in_flight": 1, "num_tokens": 1},
    ),
}
_COUNTS = [
    (function, name)
    for function, (good, _) in _GOOD.items()
    for name in good
    if name not in ("max_bubble", "times")
]


@pytest.mark.rubric("bad-values")
def test_counts_that_are_too_small(student):
    """Below 1 each count of each function is refused, by its name and with its value."""
    for function, name in _COUNTS:
        several, all_one = _GOOD[function]
        call = getattr(student.raises(ValueError, naming=(name, 0)), function)
        call(*(several | {name: 0}).values())
        call = getattr(student.raises(ValueError, naming=(name, -2)), function)
        call(**(all_one | {name: -2}))


@pytest.mark.rubric("bad-values")
def test_counts_that_are_no_integers(student):
    """Whole floats and bools are none; what is none is told as that, however small it is."""
    for number, (function, name) in enumerate(_COUNTS):
        several, all_one = _GOOD[function]
        call = getattr(student.raises(TypeError, naming=(name,)), function)
        call(**(several | {name: (2.0, 1.0)[number % 2]}))
        call(*(all_one | {name: (False, True)[number % 2]}).values())
    for function, bad in (("forward_grid", 0.5), ("decode_utilization", "2")):
        call = getattr(student.raises(TypeError, naming=(_P,)), function)
        call(**(_GOOD[function][0] | {_P: bad}))


@pytest.mark.rubric("bad-values")
def test_counts_of_numpy(student):
    """numpy's integers are integers: each function takes them for all of its counts."""
    two, three, four = map(np.int64, (2, 3, 4))
    first_half = [[("F", 0), ("F", 1)]] * 3
    grid = [[0, 1, None, None], [None, 0, 1, None], [None, None, 0, 1]]
    equal(student.forward_grid(three, two), grid, of="grid")
    equal(student.bubble_fraction(three, two), _HALF, of="bubble")
    equal(student.min_microbatches(three, Fraction(2, 5)), 3, of="m")
    equal([order[:2] for order in student.gpipe_order(three, two)], first_half, of="first halves")
    equal(
        student.one_f_one_b_order(np.int64(1), two), [[*_ORDER[0], ("F", 1), ("B", 1)]], of="orders"
    )
    equal(student.bubble_of_schedule(_TIMES, np.int64(1)), 0, of="bubble")
    equal(student.decode_utilization(three, two, four), Fraction(8, 13), of="utilization")


@pytest.mark.rubric("bad-values")
def test_limit_out_of_range(student, rng):
    """max_bubble lies between 0 and 1; at either end, and beyond, there is no smallest m."""
    drawn = 1 + Fraction(1, int(rng.integers(2, 9)))
    for bad in (Fraction(0), Fraction(1), Fraction(-1, 3), drawn, 1):
        student.raises(ValueError, naming=("max_bubble", bad)).min_microbatches(4, bad)
    student.raises(ValueError, naming=("max_bubble", 1)).min_microbatches(1, Fraction(1))


@pytest.mark.rubric("bad-values")
def test_limit_that_is_a_float(student):
    """A float is no exact limit, even where it happens to be one, and wherever it lies."""
    for p, bad in ((4, 0.5), (1, -0.5)):
        student.raises(TypeError, naming=("max_bubble",)).min_microbatches(p, bad)


@pytest.mark.rubric("bad-values")
@pytest.mark.parametrize("name", ["forward_time", "backward_time"])
def test_times_that_are_not_above_0(student, name):
    """Each time, int or Fraction."""
    for bad in (0, Fraction(-1, 3)):
        student.raises(ValueError, naming=(name, bad)).simulate(_ORDER, **{name: bad})


@pytest.mark.rubric("bad-values")
@pytest.mark.parametrize("name", ["forward_time", "backward_time"])
def test_times_that_are_not_exact(student, name):
    """A float is no time, even a whole one, and neither is a bool."""
    for bad in (1.0 if name == "forward_time" else -0.5, True):
        student.raises(TypeError, naming=(name,)).simulate(_ORDER, **{name: bad})
