"""Hidden: what is no count, no limit and no time is refused, by the name of the argument."""

from fractions import Fraction

import pytest

_ORDER = [[("F", 0), ("B", 0)]]
_TIMES = {(0, "F", 0): (Fraction(0), Fraction(1)), (0, "B", 0): (Fraction(1), Fraction(3))}
_GOOD = {
    "forward_grid": {"num_stages": 3, "num_microbatches": 2},
    "bubble_fraction": {"num_stages": 3, "num_microbatches": 2},
    "min_microbatches": {"num_stages": 3, "max_bubble": Fraction(1, 2)},
    "gpipe_order": {"num_stages": 3, "num_microbatches": 2},
    "one_f_one_b_order": {"num_stages": 3, "num_microbatches": 2},
    "bubble_of_schedule": {"times": _TIMES, "num_stages": 1},
    "decode_utilization": {"num_stages": 3, "batches_in_flight": 2, "num_tokens": 2},
}


@pytest.mark.rubric("bad-values")
@pytest.mark.parametrize("function", _GOOD)
def test_counts(student, rng, function):
    """Each count: 0 and a negative one raise ValueError, 2.0 and True raise TypeError."""
    good = _GOOD[function]
    for name in good:
        if name in ("max_bubble", "times"):
            continue
        for bad in (0, -int(rng.integers(1, 9))):
            call = student.raises(ValueError, naming=(name, bad))
            getattr(call, function)(*(good | {name: bad}).values())
        for bad in (2.0, True):
            getattr(student.raises(TypeError), function)(*(good | {name: bad}).values())


@pytest.mark.rubric("bad-values")
def test_limit_out_of_range(student, rng):
    """max_bubble lies between 0 and 1; at either end, and beyond, there is no smallest m."""
    over = int(rng.integers(2, 9))
    for bad in (Fraction(0), Fraction(1), Fraction(-1, over), Fraction(over + 1, over), 1, 0):
        student.raises(ValueError, naming=("max_bubble",)).min_microbatches(4, bad)


@pytest.mark.rubric("bad-values")
def test_limit_that_is_a_float(student):
    """A float is no exact limit, even where it happens to be one."""
    for bad in (0.5, 0.1):
        student.raises(TypeError).min_microbatches(4, bad)


@pytest.mark.rubric("bad-values")
@pytest.mark.parametrize("name", ["forward_time", "backward_time"])
def test_times(student, rng, name):
    """Time is above 0, int or Fraction; a float is neither, even a whole one."""
    for bad in (0, -int(rng.integers(1, 9))):
        student.raises(ValueError, naming=(name, bad)).simulate(_ORDER, **{name: bad})
    student.raises(ValueError, naming=(name,)).simulate(_ORDER, **{name: Fraction(-1, 3)})
    for bad in (0.5, 1.0):
        student.raises(TypeError).simulate(_ORDER, **{name: bad})
