"""Hidden: orders that can't be run, or are not complete, are refused by an op at fault.

At fault is what stands twice, what is missing, its partner of the same microbatch, and what can
never run. Which of them a message names is the student's choice, and so are its words.
"""

import re
from itertools import product

import pytest

from grader.suite import AnyOf

_WORDS = {"F": "f|fwd|forwards?", "B": "b|bwd|backwards?"}
_KIND = rf"(?<![a-z])(?:{_WORDS['F']}|{_WORDS['B']})(?![a-z])"
_STAGE = r"\b(?:stage|rank|s)\W{0,3}\d+(?!\d)"
# Between kind and number there may be words, and the stage, but neither another kind nor number.
_BETWEEN = rf"(?:{_STAGE}|\bnp\.int\d+(?!\d)|(?!{_KIND}|{_STAGE})\D){{0,60}}?"

_GPIPE = ["F0 F1 F2 B2 B1 B0"] * 3
_TURNS = ["F0 F1 F2 B0 B1 B2", "F0 F1 B0 F2 B1 B2", "F0 B0 F1 B1 F2 B2"]
# Faults that cancel out for whoever counts ops only, or that come late, and the wrong ops.
_EVEN = (
    (["F0 F1 B0 B0"], "B0 B1"),
    (["F0 F0 B0 B1"], "F0 F1"),
    (["F0 F0"], "F0 B0"),
    (["F0 F1 F2 B2 B1 B1"], "B1 B0"),
    (["F0 F1 B0 B1 B1", "F0 F1 B0"], "B1"),
    (["F0 F1 B0", "F0 F1 B0 B1 B1"], "B1"),
    (["F0 F0 B0 B0", "F1 F1 B1 B1"], "F0 B0 F1 B1"),
    (["F0 B0", "F1 B1"], "F0 B0 F1 B1"),
    (["F0 F1 B0 B1", "F0 F1 B0 B0", "F0 F1 B0 B1"], "B0 B1"),
    (["F0 B0"] * 10 + ["F0 B0 B0"], "B0"),
    (["F0 F1 F2 F3 F4 F5 B0 B1 B2 B3 B4 B5 B5"], "B5"),
)
# Orders that lack more than one op, and what they lack.
_INCOMPLETE = (
    (["B0"], "F0"),
    (["F5 F0 B0"], "B5"),
    (["F0 B0 F5", "F0 B0"], "F5 B5"),
    (["F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5"], "B5"),
    (["F0 F1", "F0 F1"], "B0 B1"),
    (["F0 B0", ""], "F0 B0"),
    (["", "F0 B0"], "F0 B0"),
    (["F0 F1 B0 B1", "F0 B0"], "F1 B1"),
    (["F0 F1 B0 B1", "F0 F1 B0 B1", "F1 B1"], "F0 B0"),
    (["F0 F5 B5 B0", "F0 F5 B5 B0", "F0 B0"], "F5 B5"),
    (["F7 F3 B7 B3", "F7 B7", "F7 F3 B7 B3"], "F3 B3"),
)
# Orders that lack nothing, of stages that wait for each other: at once, later, not all stages.
_WAITING = (
    ["F0 B0 F1 B1", "F1 B1 F0 B0"],
    ["F1 B1 F0 B0", "F0 B0 F1 B1"],
    ["F0 B0 F1 B1 F2 B2", "F0 B0 F2 B2 F1 B1"],
    ["F0 F1 B0 B1", "F0 B0 F1 B1", "F1 B1 F0 B0"],
    ["F12 B12 F4 B4", "F4 F12 B4 B12"],
)


def _ops(text):
    """The ops of one stage: F0 B0 is [("F", 0), ("B", 0)]."""
    return [(word[0], int(word[1:])) for word in text.split()]


def _never_run(orders):
    """The ops that no stage comes to, where each runs its own in order for as long as it can."""
    done, place, moved = set(), [0] * len(orders), True
    while moved:
        moved = False
        for stage, order in enumerate(orders):
            for kind, i in order[place[stage] :]:
                needs = {(stage, "F", i)} if kind == "B" else set()
                other = stage - 1 if kind == "F" else stage + 1
                needs |= {(other, kind, i)} if 0 <= other < len(orders) else set()
                if not needs <= done:
                    break
                done.add((stage, kind, i))
                place[stage] += 1
                moved = True
    return {op for stage, order in enumerate(orders) for op in order[place[stage] :]}


def _named(kind, i):
    """How a message names an op: its kind, then its number."""
    return re.compile(rf"(?<![a-z])(?:{_WORDS[kind]})(?![a-z]){_BETWEEN}{i}(?!\d)", re.IGNORECASE)


def _refused(student, orders, wrong=()):
    """simulate must raise ValueError, and its message name one of the wrong ops, or one stuck."""
    ops = sorted({*wrong, *_never_run(orders)})
    assert ops, "orders that are legal"
    at_fault = AnyOf("an op at fault, its kind and number", *(_named(*op) for op in ops))
    student.raises(ValueError, naming=(at_fault,)).simulate(orders)


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("stage", range(3))
def test_op_that_stands_twice(student, stage):
    """On each stage, forward and backward, in turn or after all others."""
    for kind, i, late in ("F", 0, stage == 1), ("B", 2, stage != 1):
        orders = [_ops(order) for order in (_TURNS if late else _GPIPE)]
        place = len(orders[stage]) if late else orders[stage].index((kind, i))
        orders[stage].insert(place, (kind, i))
        _refused(student, orders, [(kind, i)])


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("stage", range(3))
def test_op_that_is_missing(student, stage):
    """On each stage, of the first microbatch and of the last, also where nobody waits for it."""
    for kind, i in product("FB", (0, 2)):
        orders = [_ops(order) for order in (_TURNS if i else _GPIPE)]
        orders[stage].remove((kind, i))
        _refused(student, orders, [("F", i), ("B", i)])


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("stage", range(3))
def test_backward_before_its_own_forward(student, stage):
    """On each stage, of the first microbatch and of the last."""
    for i in (0, 2):
        orders = [_ops(order) for order in _TURNS]
        order = orders[stage]
        one, other = order.index(("F", i)), order.index(("B", i))
        order[one], order[other] = order[other], order[one]
        _refused(student, orders, [("F", i), ("B", i)])


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("kind", ["F", "B"])
def test_drawn_op(student, rng, kind):
    """Twice, and missing, on stages and of microbatches that are drawn."""
    m = int(rng.integers(2, 6))
    orders = [[(kind, i) for kind in "FB" for i in range(m)] for _ in range(2)]
    i, stage = int(rng.integers(m)), int(rng.integers(2))
    orders[stage].insert(int(rng.integers(2 * m)), (kind, i))
    _refused(student, orders, [(kind, i)])
    orders[stage] = [op for op in orders[stage] if op != (kind, i)]
    _refused(student, orders, [("F", i), ("B", i)])


@pytest.mark.rubric("illegal-orders")
def test_faults_that_cancel_out(student):
    """As many ops as there should be but not those, or one too many on an eleventh stage."""
    for stages, wrong in _EVEN:
        _refused(student, [_ops(order) for order in stages], _ops(wrong))


@pytest.mark.rubric("illegal-orders")
def test_orders_that_are_not_complete(student):
    """Whatever appears anywhere must stand, forward and backward, on every stage."""
    for stages, missing in _INCOMPLETE:
        wrong = [(kind, i) for _, i in _ops(missing) for kind in "FB"]
        _refused(student, [_ops(order) for order in stages], wrong)


@pytest.mark.rubric("illegal-orders")
def test_stages_that_wait_for_each_other(student):
    """Each stage's order is fine by itself; together they can't go on."""
    for stages in _WAITING:
        _refused(student, [_ops(order) for order in stages])
