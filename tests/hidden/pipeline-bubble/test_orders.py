"""Hidden: the orders of GPipe and 1F1B, and what an order holds at one time."""

from numbers import Integral

import pytest

from grader.suite import equal, require

# Stages and microbatches: one of each, fewer and more, as many, numbers of two digits.
_SIZES = ((1, 1), (1, 4), (4, 1), (4, 2), (4, 4), (3, 8), (12, 11))
# Orders of one stage, and the most that wait at one time: late, early, in several places, with
# numbers that have gaps, and with backwards of every order.
_PEAKS = (
    ("F7 B7", 1),
    ("F0 B0 F1 B1 F2 B2", 1),
    ("F0 F1 F2 B2 B1 B0", 3),
    ("F0 B0 F1 F2 F3 B2 B1 B3", 3),
    ("F0 F1 B0 F2 F3 B1 B2 B3", 3),
    ("F0 F1 B0 F2 F3 B1 B2 F4 F5 F6 B3 B4 F7 B5 B6 B7", 4),
    ("F9 F4 B9 F12 F1 B4 F30 B30 B12 B1", 3),
)


def _ops(text):
    """The ops of one stage: F0 B0 is [("F", 0), ("B", 0)]."""
    return [(word[0], int(word[1:])) for word in text.split()]


def _one_f_one_b(p, m):
    """Stage s may hold p - s microbatches: it takes one more while it may, else it frees one."""
    orders = []
    for stage in range(p):
        order, forwards, backwards = [], 0, 0
        while backwards < m:
            if forwards < m and forwards - backwards < p - stage:
                order.append(("F", forwards))
                forwards += 1
            else:
                order.append(("B", backwards))
                backwards += 1
        orders.append(order)
    return orders


def _draw(rng, low, high):
    return int(rng.integers(low, high, endpoint=True))


def _known_to_be_ops(value, count):
    """The order of one stage as a list of tuples, once it is known to be `count` ops."""
    right = isinstance(value, (list, tuple)) and len(value) == count
    require(right, f"a list of {count} ops", value)
    for op in value:
        require(isinstance(op, (list, tuple)) and len(op) == 2, "ops like ('F', 0)", op)
        kind = isinstance(op[0], str) and op[0] in ("F", "B")
        whole = isinstance(op[1], Integral) and not isinstance(op[1], bool)
        require(kind and whole, "ops like ('F', 0)", op)
    return [tuple(op) for op in value]


def _check_gpipe(student, p, m):
    """Each stage: forwards in order, then every backward, in an order that all stages share."""
    orders = student.gpipe_order(p, m)
    require(isinstance(orders, (list, tuple)) and len(orders) == p, f"{p} orders", orders)
    orders = [_known_to_be_ops(order, 2 * m) for order in orders]
    equal(sorted(orders[0][m:]), [("B", i) for i in range(m)], of="second half on stage 0, sorted")
    for stage, order in enumerate(orders):
        equal(order[:m], [("F", i) for i in range(m)], of=f"first half on stage {stage}")
        equal(order[m:], orders[0][m:], of=f"second half on stage {stage}, as on stage 0")


@pytest.mark.rubric("gpipe")
def test_forwards_then_backwards(student):
    """One stage, one microbatch, fewer microbatches than stages, as many, and more."""
    for p, m in (1, 1), (1, 4), (4, 1), (3, 8), (2, 11), (11, 2):
        _check_gpipe(student, p, m)


@pytest.mark.rubric("gpipe")
def test_forwards_then_backwards_of_a_drawn_pipeline(student, rng):
    """The same for sizes that are drawn."""
    _check_gpipe(student, _draw(rng, 2, 6), _draw(rng, 2, 8))


@pytest.mark.rubric("one-f-one-b")
def test_order_at_the_edges(student):
    """One stage, one microbatch, fewer microbatches than stages, as many, and more."""
    for p, m in _SIZES:
        equal(student.one_f_one_b_order(p, m), _one_f_one_b(p, m), of="orders")


@pytest.mark.rubric("one-f-one-b")
def test_order_of_a_drawn_pipeline(student, rng):
    """A stage goes forward while it may hold one more, and backward as soon as it may not."""
    p, m = _draw(rng, 2, 8), _draw(rng, 1, 12)
    equal(student.one_f_one_b_order(p, m), _one_f_one_b(p, m), of="orders")


@pytest.mark.rubric("peak")
def test_peak_of_known_orders(student):
    """The peak may come late: it is neither what came before the first backward nor the last."""
    for order, peak in _PEAKS:
        equal(student.peak_in_flight(_ops(order)), peak, of="peak")


@pytest.mark.rubric("peak")
def test_peak_of_named_schedules(student):
    """All m for GPipe; min(p - s, m) on stage s for 1F1B, also where m < p."""
    gpipe = [(kind, i) for kind in "FB" for i in range(11)]
    equal(student.peak_in_flight(gpipe), 11, of="peak")
    for p, m, stage in (3, 2, 0), (2, 11, 0), (2, 11, 1):
        order = _one_f_one_b(p, m)[stage]
        equal(student.peak_in_flight(order), min(p - stage, m), of="peak")


@pytest.mark.rubric("peak")
def test_peak_of_any_order(student, rng):
    """An order that is drawn op by op: a forward, or the backward of any that waits."""
    order, waiting, peak, left = [], [], 0, list(rng.permutation(20)[:9].tolist())
    while left or waiting:
        if left and (not waiting or rng.random() < 0.5):
            waiting.append(left.pop())
            order.append(("F", waiting[-1]))
        else:
            order.append(("B", waiting.pop(_draw(rng, 0, len(waiting) - 1))))
        peak = max(peak, len(waiting))
    equal(student.peak_in_flight(order), peak, of="peak")
