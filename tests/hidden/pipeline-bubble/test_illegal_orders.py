"""Hidden: orders that can't be run, or are not complete, are refused by an op at fault.

At fault is what stands twice, what is missing or too early and its partner of the same
microbatch, and what can never run. Which of them a message names is the student's choice, and
so are its words.
"""

import re

import pytest

from grader.suite import AnyOf

_WORDS = {"F": "f|fwd|forwards?", "B": "b|bwd|backwards?"}
_KIND = rf"(?<![a-z])(?:{_WORDS['F']}|{_WORDS['B']})(?![a-z])"
_STAGE = r"\b(?:stage|rank|s)\W{0,3}\d+(?!\d)"
# Between kind and number there may be words, and the stage, but neither another kind nor number.
_BETWEEN = rf"(?:{_STAGE}|\bnp\.int\d+(?!\d)|(?!{_KIND}|{_STAGE})\D){{0,60}}?"
_PARTNER = str.maketrans("FB", "BF")

# Orders, and the ops that are twice or missing: faults that cancel out for whoever counts ops
# only, and faults that come late.
_CANCELLING = (
    (["F0 F1 B0 B0"], "B0 B1 F1"),
    (["F0 F0 B0 B1"], "F0 F1 B1"),
    (["F0 F0"], "F0 B0"),
    (["F0 F1 B0 B1 B1", "F0 F1 B0"], "B1 F1"),
    (["F0 F0 B0 B0", "F1 F1 B1 B1"], "F0 B0 F1 B1"),
    (["F0 B0", "F1 B1"], "F0 B0 F1 B1"),
    (["F0 B0"] * 10 + ["F0 B0 B0"], "B0"),
    (["F0 F1 F2 F3 F4 F5 B0 B1 B2 B3 B4 B5 B5"], "B5"),
)
# Orders that lack one op of a microbatch or all of them, and the microbatches.
_INCOMPLETE = (
    (["B0"], "0"),
    (["F5 F0 B0"], "5"),
    (["F0 B0 F5", "F0 B0"], "5"),
    (["F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5"], "5"),
    (["F0 F1", "F0 F1"], "0 1"),
    (["F0 B0", ""], "0"),
    (["", "F0 B0"], "0"),
    (["F7 F3 B7 B3", "F7 B7", "F7 F3 B7 B3"], "3"),
)
# Orders that lack nothing, of stages that wait for each other: at once, later, not all stages.
_WAITING = (
    ["F0 B0 F1 B1", "F1 B1 F0 B0"],
    ["F0 B0 F1 B1 F2 B2", "F0 B0 F2 B2 F1 B1"],
    ["F0 F1 B0 B1", "F0 B0 F1 B1", "F1 B1 F0 B0"],
    ["F12 B12 F4 B4", "F4 F12 B4 B12"],
)


def _ops(text):
    """The ops of one stage: F0 B0 is [("F", 0), ("B", 0)]."""
    return [(word[0], int(word[1:])) for word in text.split()]


_GPIPE = [_ops("F0 F1 F2 B2 B1 B0")] * 3
_TURNS = [_ops("F0 F1 F2 B0 B1 B2"), _ops("F0 F1 B0 F2 B1 B2"), _ops("F0 B0 F1 B1 F2 B2")]
# Each stage and kind, with the first and the last microbatch by turns.
_PLACES = [(stage, (kind, 2 * ((stage + place) % 2))) for stage in range(3)
           for place, kind in enumerate("FB")]  # fmt: skip


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
    kind = rf"(?<![a-z])(?:{_WORDS[kind]})(?![a-z])"
    return re.compile(rf"{kind}{_BETWEEN}{i}(?!\d)", re.IGNORECASE)


def _case(orders, wrong=()):
    """Orders, and what a message about them must name: a wrong op, or one that can never run."""
    ops = sorted({*wrong, *_never_run(orders)})
    assert ops, "orders that are legal"
    return orders, AnyOf("an op at fault, its kind and number", *(_named(*op) for op in ops))


def _twice(orders, stage, op, place):
    """One op too many on that stage, at that place."""
    order = [*orders[stage][:place], op, *orders[stage][place:]]
    return _case([*orders[:stage], order, *orders[stage + 1 :]], [op])


def _missing(orders, stage, op):
    """One op too few on that stage."""
    order = [each for each in orders[stage] if each != op]
    both = [("F", op[1]), ("B", op[1])]
    return _case([*orders[:stage], order, *orders[stage + 1 :]], both)


def _too_early(orders, stage, i):
    """The backward where the forward should be on that stage, and the other way round."""
    swapped = [(kind.translate(_PARTNER) if i == at else kind, at) for kind, at in orders[stage]]
    return _case([*orders[:stage], swapped, *orders[stage + 1 :]], [("F", i), ("B", i)])


def _cases():
    """All orders by the kind of their fault."""
    yield (
        "twice",
        [
            _twice(_TURNS, stage, op, 6 if op[1] else _TURNS[stage].index(op))
            for stage, op in _PLACES
        ],
    )
    yield "missing", [_missing(_GPIPE, stage, op) for stage, op in _PLACES]
    yield "too early", [_too_early(_TURNS, s, i) for s, (kind, i) in _PLACES if kind == "B"]
    yield (
        "cancelling",
        [_case([_ops(text) for text in stages], _ops(wrong)) for stages, wrong in _CANCELLING],
    )
    yield (
        "incomplete",
        [
            _case(
                [_ops(text) for text in stages],
                [(k, int(i)) for i in numbers.split() for k in "FB"],
            )
            for stages, numbers in _INCOMPLETE
        ],
    )
    yield "waiting", [_case([_ops(text) for text in stages]) for stages in _WAITING]


_CASES = dict(_cases())


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize("fault", _CASES)
def test_orders_that_are_refused(student, fault):
    """simulate raises ValueError, and its message names one of the ops at fault."""
    for orders, at_fault in _CASES[fault]:
        student.raises(ValueError, naming=(at_fault,)).simulate(orders)


@pytest.mark.rubric("illegal-orders")
def test_drawn_op(student, rng):
    """One op too many, of a stage, a microbatch and a kind that are drawn."""
    m, stage, kind = int(rng.integers(2, 6)), int(rng.integers(2)), "FB"[int(rng.integers(2))]
    orders = [[(kind, i) for kind in "FB" for i in range(m)] for _ in range(2)]
    op, place = (kind, int(rng.integers(m))), int(rng.integers(2 * m))
    drawn, at_fault = _twice(orders, stage, op, place)
    student.raises(ValueError, naming=(at_fault,)).simulate(drawn)
