"""Hidden: orders, their simulation, what it refuses, its idle time, and what is in flight."""

from fractions import Fraction
from numbers import Integral

import pytest

from grader.suite import equal, require
from grader.suite.finding import CaseFailure


def _needs(p, stage, kind, i):
    """What must have ended before an op starts, besides its stage's earlier ops."""
    if kind == "F":
        return {(stage - 1, "F", i)} if stage else set()
    return {(stage, "F", i)} | ({(stage + 1, "B", i)} if stage + 1 < p else set())


def _run(orders, forward=Fraction(1), backward=Fraction(2)):
    """(start, end) of every op that can run; a deadlock leaves the rest out."""
    p, length = len(orders), {"F": forward, "B": backward}
    place, free, times = [0] * p, [Fraction(0)] * p, {}
    while True:
        before = len(times)
        for stage, order in enumerate(orders):
            if place[stage] == len(order):
                continue
            kind, i = order[place[stage]]
            needs = _needs(p, stage, kind, i)
            if needs <= times.keys():
                start = max([free[stage]] + [times[need][1] for need in needs])
                times[stage, kind, i] = (start, start + length[kind])
                free[stage], place[stage] = start + length[kind], place[stage] + 1
        if len(times) == before:
            return dict(sorted(times.items(), key=lambda entry: (entry[1], entry[0])))


def _gpipe(p, m):
    return [[(kind, i) for kind in "FB" for i in range(m)] for _ in range(p)]


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


def _any_legal(rng, p, m):
    """Orders of no schedule with a name: ready ops, taken at random until all are done."""
    todo = [(stage, kind, i) for stage in range(p) for kind in "FB" for i in range(m)]
    orders, done = [[] for _ in range(p)], set()
    while todo:
        ready = [op for op in todo if _needs(p, *op) <= done]
        op = ready[int(rng.integers(len(ready)))]
        todo.remove(op)
        done.add(op)
        orders[op[0]].append(op[1:])
    return orders


def _idle_share(times, p):
    makespan = max(end for _, end in times.values())
    return 1 - sum((end - start for start, end in times.values()), Fraction(0)) / (p * makespan)


def _draw(rng, low, high):
    return int(rng.integers(low, high, endpoint=True))


def _time(rng):
    """A time that is no whole number."""
    return Fraction(_draw(rng, 1, 9) * 7 + _draw(rng, 1, 6), 7)


def _ops(value, count):
    """The order of one stage as a list of tuples, once it is known to be `count` ops."""
    require(
        isinstance(value, (list, tuple)) and len(value) == count, f"a list of {count} ops", value
    )
    for op in value:
        require(isinstance(op, (list, tuple)) and len(op) == 2, "ops like ('F', 0)", op)
        kind = isinstance(op[0], str) and op[0] in ("F", "B")
        whole = isinstance(op[1], Integral) and not isinstance(op[1], bool)
        require(kind and whole, "ops like ('F', 0)", op)
    return [tuple(op) for op in value]


def _refused(student, orders, *ops):
    """The call must raise ValueError, and its message must contain one of the ops.

    Where stages wait for each other, any op that is never run is named rightly.
    """
    run = _run(orders)
    waiting = {op for stage, order in enumerate(orders) for op in order if (stage, *op) not in run}
    failures = []
    for op in [*ops, *sorted(waiting - set(ops))]:
        try:
            student.raises(ValueError, naming=(str(op),)).simulate(orders)
        except CaseFailure as failure:
            failures.append(failure)
        else:
            return
    raise failures[0]


@pytest.mark.rubric("gpipe")
@pytest.mark.parametrize("case", range(4))
def test_forwards_then_backwards(student, rng, case):
    """Each stage: forwards in order, then every backward; run, the bubble is the grid's."""
    p, m = [(1, 3), (4, 1), (3, 5), (_draw(rng, 2, 6), _draw(rng, 2, 8))][case]
    orders = student.gpipe_order(p, m)
    require(isinstance(orders, (list, tuple)) and len(orders) == p, f"{p} orders", orders)
    orders = [_ops(order, 2 * m) for order in orders]
    for stage, order in enumerate(orders):
        equal(order[:m], [("F", i) for i in range(m)], of=f"first half on stage {stage}")
        backwards = sorted(order[m:])
        equal(backwards, [("B", i) for i in range(m)], of=f"second half on stage {stage}, sorted")
    times = _run(orders)
    require(len(times) == 2 * p * m, "orders that can be run", "stages that wait for each other")
    equal(_idle_share(times, p), Fraction(p - 1, p + m - 1), of="bubble when it is run")


@pytest.mark.rubric("one-f-one-b")
def test_order_at_the_edges(student):
    """One stage, one microbatch, fewer microbatches than stages, as many, and more."""
    for p, m in ((1, 1), (1, 4), (4, 1), (4, 2), (4, 4), (3, 8)):
        equal(student.one_f_one_b_order(p, m), _one_f_one_b(p, m), of="orders")


@pytest.mark.rubric("one-f-one-b")
def test_order_of_a_drawn_pipeline(student, rng):
    """A stage goes forward while it may hold one more, and backward as soon as it may not."""
    for _ in range(3):
        p, m = _draw(rng, 2, 8), _draw(rng, 1, 12)
        equal(student.one_f_one_b_order(p, m), _one_f_one_b(p, m), of="orders")


@pytest.mark.rubric("peak")
def test_peak_of_named_schedules(student, rng):
    """All m for GPipe; min(p - s, m) on stage s for 1F1B, also where m < p."""
    p = _draw(rng, 3, 6)
    for m in (_draw(rng, 1, p - 1), _draw(rng, p, 9)):
        equal(student.peak_in_flight(_gpipe(p, m)[0]), m, of="peak")
        for stage, order in enumerate(_one_f_one_b(p, m)):
            equal(student.peak_in_flight(order), min(p - stage, m), of="peak")


@pytest.mark.rubric("peak")
def test_peak_of_any_order(student, rng):
    """The peak may come late: it is neither what came before the first backward nor the last."""
    late = [("F", 0), ("B", 0), ("F", 1), ("F", 2), ("F", 3), ("B", 2), ("B", 1), ("B", 3)]
    equal(student.peak_in_flight(late), 3, of="peak")
    order = _any_legal(rng, 1, 9)[0]
    held = [sum(1 if kind == "F" else -1 for kind, _ in order[: n + 1]) for n in range(len(order))]
    equal(student.peak_in_flight(order), max(held), of="peak")


@pytest.mark.rubric("simulate")
@pytest.mark.parametrize("schedule", [_gpipe, _one_f_one_b])
def test_named_schedules(student, schedule):
    """GPipe and 1F1B, a backward twice as long as a forward: every start and end."""
    for p, m in ((1, 3), (3, 1), (3, 4), (4, 2)):
        orders = schedule(p, m)
        equal(student.simulate(orders), _run(orders), of="times")


@pytest.mark.rubric("simulate")
def test_any_legal_orders(student, rng):
    """Orders with no name are run as they stand, each op as early as it may."""
    for _ in range(3):
        orders = _any_legal(rng, _draw(rng, 2, 4), _draw(rng, 2, 5))
        equal(student.simulate(orders), _run(orders), of="times")


@pytest.mark.rubric("any-ratio")
@pytest.mark.parametrize("case", range(3))
def test_drawn_times(student, rng, case):
    """Any int or Fraction as time, a backward shorter than a forward too; never rounded."""
    pairs = [(_time(rng), _time(rng)), (_draw(rng, 4, 9), _draw(rng, 1, 3)), (_time(rng), 1)]
    forward, backward = pairs[case]
    orders = _any_legal(rng, 3, _draw(rng, 2, 4)) if case else _one_f_one_b(3, _draw(rng, 2, 5))
    times = _run(orders, Fraction(forward), Fraction(backward))
    equal(student.simulate(orders, forward, backward), times, of="times")


@pytest.mark.rubric("any-ratio")
def test_times_by_name(student):
    """Each time may be given alone and by its name; the other one keeps its default."""
    orders = _gpipe(2, 2)
    times = student.simulate(orders, forward_time=Fraction(1, 3))
    equal(times, _run(orders, Fraction(1, 3)), of="times")
    times = student.simulate(orders, backward_time=Fraction(5, 2))
    equal(times, _run(orders, Fraction(1), Fraction(5, 2)), of="times")


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("kind", ["F", "B"])
def test_op_that_stands_twice(student, rng, kind):
    """A stage that runs an op a second time is refused."""
    p, m = _draw(rng, 1, 4), _draw(rng, 2, 5)
    orders, op = _one_f_one_b(p, m), (kind, _draw(rng, 0, m - 1))
    orders[_draw(rng, 0, p - 1)].append(op)
    _refused(student, orders, op)


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("stage", [0, -1])
def test_backward_that_is_missing(student, rng, stage):
    """A backward left out is refused, on stage 0 too, where nobody waits for it."""
    orders, op = _gpipe(3, 4), ("B", _draw(rng, 0, 3))
    orders[stage].remove(op)
    _refused(student, orders, op)


@pytest.mark.rubric("illegal-orders")
def test_forward_that_is_missing(student, rng):
    """A forward left out on the last stage is refused, by itself or by its backward."""
    orders, i = _gpipe(2, 3), _draw(rng, 0, 2)
    orders[-1].remove(("F", i))
    _refused(student, orders, ("F", i), ("B", i))


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("p", [1, 3])
def test_backward_before_its_own_forward(student, rng, p):
    """The last stage has F i, B i in turns; the two swapped can't be run."""
    orders, i = _one_f_one_b(p, 4), _draw(rng, 0, 3)
    last = orders[-1]
    last[2 * i], last[2 * i + 1] = last[2 * i + 1], last[2 * i]
    _refused(student, orders, ("B", i), ("F", i))


@pytest.mark.rubric("illegal-orders")
def test_stages_that_wait_for_each_other(student, rng):
    """Each stage's order is fine by itself; together no stage can go on."""
    one, other = (0, 1) if rng.random() < 0.5 else (1, 0)
    first = [("F", one), ("B", one), ("F", other), ("B", other)]
    second = [("F", other), ("B", other), ("F", one), ("B", one)]
    _refused(student, [first, second])


@pytest.mark.rubric("schedule-bubble")
def test_idle_time_of_named_schedules(student, rng):
    """Idle before the first op and after the last counts, on every stage."""
    p, m = _draw(rng, 2, 5), _draw(rng, 1, 6)
    for orders in (_gpipe(p, m), _one_f_one_b(p, m)):
        times = _run(orders, _time(rng), _time(rng))
        equal(student.bubble_of_schedule(times, p), Fraction(p - 1, p + m - 1), of="bubble")
    equal(student.bubble_of_schedule(_run(_gpipe(1, m)), 1), 0, of="bubble")


@pytest.mark.rubric("schedule-bubble")
def test_idle_time_of_any_schedule(student, rng):
    """A schedule with gaps in the middle, for which no algebra is known."""
    for _ in range(2):
        p = _draw(rng, 2, 4)
        times = _run(_any_legal(rng, p, _draw(rng, 3, 5)), _time(rng), _time(rng))
        equal(student.bubble_of_schedule(times, p), _idle_share(times, p), of="bubble")


@pytest.mark.rubric("reconcile")
def test_grid_and_algebra_agree(student, rng):
    """The student's own grid, counted, is the student's own algebra."""
    for _ in range(2):
        p, m = _draw(rng, 2, 19), _draw(rng, 1, 39)
        share = Fraction(p - 1, p + m - 1)
        equal(student.bubble_of_grid(student.forward_grid(p, m)), share, of="the grid's share")
        equal(student.bubble_fraction(p, m), share, of="the algebra's share")


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize("schedule", ["gpipe_order", "one_f_one_b_order"])
def test_schedules_have_the_same_bubble(student, rng, schedule):
    """The student's own orders, run and counted by the student: for any F : B one Fraction."""
    for p, m in ((4, 2), (_draw(rng, 2, 6), _draw(rng, 2, 9))):
        orders = getattr(student, schedule)(p, m)
        times = student.simulate(orders, _time(rng), _time(rng))
        equal(student.bubble_of_schedule(times, p), Fraction(p - 1, p + m - 1), of="bubble")


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize("schedule", ["gpipe_order", "one_f_one_b_order"])
def test_schedules_hold_what_they_should(student, rng, schedule):
    """What differs is memory: m in flight on every stage, or min(p - s, m) on stage s."""
    p, m = _draw(rng, 3, 5), _draw(rng, 2, 6)
    orders = getattr(student, schedule)(p, m)
    require(isinstance(orders, (list, tuple)) and len(orders) == p, f"{p} orders", orders)
    for stage, order in enumerate(orders):
        peak = m if schedule == "gpipe_order" else min(p - stage, m)
        equal(student.peak_in_flight(order), peak, of=f"peak on stage {stage}")
