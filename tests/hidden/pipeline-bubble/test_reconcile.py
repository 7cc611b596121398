"""Hidden: one bubble from the student's own grid, algebra and schedules, and what differs."""

from fractions import Fraction

import pytest

from grader.suite import equal, require


def _draw(rng, low, high):
    return int(rng.integers(low, high, endpoint=True))


@pytest.mark.rubric("reconcile")
def test_grid_and_algebra_agree(student, rng):
    """The student's own grid, counted, is the student's own algebra."""
    for p, m in ((7, 12), (_draw(rng, 1, 12), _draw(rng, 1, 12))):
        share = Fraction(p - 1, p + m - 1)
        equal(student.bubble_of_grid(student.forward_grid(p, m)), share, of="the grid's share")
        equal(student.bubble_fraction(p, m), share, of="the algebra's share")


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize("schedule", ["gpipe_order", "one_f_one_b_order"])
def test_schedules_have_the_same_bubble(student, rng, schedule):
    """The student's own orders, run and counted by the student: for any F : B one Fraction."""
    drawn = (_draw(rng, 2, 4), _draw(rng, 2, 5), Fraction(_draw(rng, 1, 9), 7))
    for p, m, forward in ((3, 4, Fraction(5, 2)), drawn):
        orders = getattr(student, schedule)(p, m)
        times = student.simulate(orders, forward, 1)
        equal(student.bubble_of_schedule(times, p), Fraction(p - 1, p + m - 1), of="bubble")


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize("schedule", ["gpipe_order", "one_f_one_b_order"])
def test_schedules_hold_what_they_should(student, rng, schedule):
    """What differs is memory: m in flight on every stage, or min(p - s, m) on stage s."""
    p, m = 2, _draw(rng, 2, 6)
    orders = getattr(student, schedule)(p, m)
    require(isinstance(orders, (list, tuple)) and len(orders) == p, f"{p} orders", orders)
    for stage, order in enumerate(orders):
        peak = m if schedule == "gpipe_order" else min(p - stage, m)
        equal(student.peak_in_flight(order), peak, of=f"peak on stage {stage}")
