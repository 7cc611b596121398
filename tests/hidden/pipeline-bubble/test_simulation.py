"""Hidden: when each op of an order starts and ends, and the idle time of what was run."""

from fractions import Fraction

import pytest

from grader.suite import equal


def _ops(text):
    """The ops of one stage: F0 B0 is [("F", 0), ("B", 0)]."""
    return [(word[0], int(word[1:])) for word in text.split()]


def _needs(p, stage, kind, i):
    """What must have ended before an op starts, besides its stage's earlier ops."""
    if kind == "F":
        return {(stage - 1, "F", i)} if stage else set()
    return {(stage, "F", i)} | ({(stage + 1, "B", i)} if stage + 1 < p else set())


def _run(orders, forward=1, backward=2):
    """(start, end) of every op, stage by stage for as long as a stage can go on."""
    p, length = len(orders), {"F": Fraction(forward), "B": Fraction(backward)}
    place, free, times = [0] * p, [Fraction(0)] * p, {}
    while len(times) < sum(map(len, orders)):
        before = len(times)
        for stage, order in enumerate(orders):
            while place[stage] < len(order):
                kind, i = order[place[stage]]
                needs = _needs(p, stage, kind, i)
                if not needs <= times.keys():
                    break
                start = max([free[stage]] + [times[need][1] for need in needs])
                free[stage] = start + length[kind]
                times[stage, kind, i] = (start, free[stage])
                place[stage] += 1
        assert len(times) > before, "orders that can be run to the end"
    return times


def _gpipe(p, m):
    return [[(kind, i) for kind in "FB" for i in range(m)] for _ in range(p)]


def _one_f_one_b(p, m):
    """Stage s has p - 1 - s forwards more than backwards behind it when it takes turns."""
    orders = []
    for stage in range(p):
        ahead = min(p - 1 - stage, m)
        turns = [op for i in range(m - ahead) for op in (("F", ahead + i), ("B", i))]
        warm_up, rest = [("F", i) for i in range(ahead)], [("B", i) for i in range(m - ahead, m)]
        orders.append(warm_up + turns + rest)
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


# One stage and many, numbers with gaps and in any order, stages that differ in theirs.
_ORDERS = [
    *(_gpipe(p, m) for p, m in ((1, 3), (3, 1), (3, 4))),
    *(_one_f_one_b(p, m) for p, m in ((1, 3), (3, 4), (11, 2))),
    *(
        [_ops(order) for order in orders]
        for orders in (
            ["F5 F2 B2 B5"],
            ["F30 F4 B4 F12 B30 B12"] * 3,
            ["F0 F1 F2 B0 B1 B2", "F1 F0 F2 B2 B0 B1"],
            ["F0 F1 F2 F3 B3 B2 B1 B0", "F3 F2 B3 F1 B2 F0 B1 B0", "F2 F3 B3 F1 B2 F0 B0 B1"],
            ["F0 F1 F2 B0 B1 B2", "F0 B0 F1 F2 B2 B1", "F0 B0 F2 B2 F1 B1"],
            ["F3 B3 F0 F9 B0 B9", "F3 B3 F9 F0 B0 B9"],
        )
    ),
]
_RUNS = [(orders, _run(orders)) for orders in _ORDERS]
# Equal times, either one longer, whole or not, of denominators that a float can't hold.
_TIMES = (
    (1, 1),
    (5, 2),
    (Fraction(1, 3), Fraction(1, 7)),
    (Fraction(3, 10**20 + 39), Fraction(1, 10**20 + 39)),
    (1 + Fraction(1, 10**18), 1 - Fraction(1, 10**18)),
    (10**20 + 1, Fraction(1, 3)),
)
_RUNS_IN_TIMES = [
    (orders, pair, _run(orders, *pair))
    for number, pair in enumerate(_TIMES)
    for orders in [_ORDERS[-1 - number % 6]]
]


@pytest.mark.rubric("simulate")
def test_known_orders(student):
    """A backward twice as long as a forward, as when nothing is said: every start and end."""
    for orders, times in _RUNS:
        equal(student.simulate(orders), times, of="times")


@pytest.mark.rubric("simulate")
def test_any_legal_orders(student, rng):
    """Orders with no name are run as they stand, each op as early as it may."""
    orders = _any_legal(rng, _draw(rng, 2, 4), _draw(rng, 2, 4))
    equal(student.simulate(orders), _run(orders), of="times")


@pytest.mark.rubric("any-ratio")
def test_known_times(student):
    """Any int or Fraction as time, a backward shorter than a forward too; never rounded."""
    for orders, pair, times in _RUNS_IN_TIMES:
        equal(student.simulate(orders, *pair), times, of="times")


@pytest.mark.rubric("any-ratio")
def test_drawn_times(student, rng):
    """The same for times, and orders, that are drawn."""
    forward, backward, orders = _time(rng), _draw(rng, 1, 9), _any_legal(rng, 3, _draw(rng, 2, 3))
    times = _run(orders, forward, backward)
    equal(student.simulate(orders, forward, backward), times, of="times")


@pytest.mark.rubric("any-ratio")
def test_times_by_name(student):
    """Each time may be given alone and by its name; the other one keeps its default."""
    orders = _gpipe(2, 2)
    times = student.simulate(orders, forward_time=Fraction(1, 3))
    equal(times, _run(orders, Fraction(1, 3)), of="times")
    times = student.simulate(orders, backward_time=Fraction(5, 2))
    equal(times, _run(orders, 1, Fraction(5, 2)), of="times")


@pytest.mark.rubric("schedule-bubble")
def test_idle_time_of_known_schedules(student):
    """Idle before the first op and after the last counts, on every stage, whatever ran first."""
    for orders, times in _RUNS[::3]:
        share = _idle_share(times, len(orders))
        equal(student.bubble_of_schedule(times, len(orders)), share, of="bubble")


@pytest.mark.rubric("schedule-bubble")
def test_idle_time_of_a_dict_in_any_order(student):
    """By stage, by microbatch, or the last op first: the same ops have the same bubble."""
    for number, (orders, _, times) in enumerate(_RUNS_IN_TIMES[-3:]):
        ways = sorted(times), sorted(times, key=lambda op: op[::-1]), sorted(times, key=times.get)
        ordered = {op: times[op] for op in ways[number][:: -1 if number == 2 else 1]}
        share = _idle_share(times, len(orders))
        equal(student.bubble_of_schedule(ordered, len(orders)), share, of="bubble")


@pytest.mark.rubric("schedule-bubble")
def test_idle_time_of_named_schedules(student, rng):
    """The bubble of GPipe and of 1F1B is the grid's, in whatever times they run."""
    p, m = _draw(rng, 2, 5), _draw(rng, 1, 6)
    orders = _one_f_one_b(p, m) if rng.random() < 0.5 else _gpipe(p, m)
    times = _run(orders, _time(rng), _time(rng))
    equal(student.bubble_of_schedule(times, p), Fraction(p - 1, p + m - 1), of="bubble")


@pytest.mark.rubric("schedule-bubble")
def test_idle_time_of_any_schedule(student, rng):
    """A schedule with gaps in the middle, for which no algebra is known."""
    p = _draw(rng, 2, 4)
    times = _run(_any_legal(rng, p, 3), _time(rng), _time(rng))
    equal(student.bubble_of_schedule(times, p), _idle_share(times, p), of="bubble")
