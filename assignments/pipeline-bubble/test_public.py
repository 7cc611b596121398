"""Public checks of `pipeline-bubble`: tiny pipelines, small enough to draw on paper.

Orders are written as "F0 F1 B0 B1": one stage, its ops from left to right. In grids `_` is an
idle cell.
"""

import re
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from numbers import Integral

import numpy as np
import pytest

from grader.suite import AnyOf, Bar, Gantt, Panel, equal, number, require
from grader.suite.finding import CaseFailure

F = Fraction
_ = None

GRIDS = {
    (1, 1): [[0]],
    (2, 1): [[0, _], [_, 0]],
    (1, 3): [[0, 1, 2]],
    (2, 2): [[0, 1, _], [_, 0, 1]],
    (2, 4): [[0, 1, 2, 3, _], [_, 0, 1, 2, 3]],
    (4, 2): [[0, 1, _, _, _], [_, 0, 1, _, _], [_, _, 0, 1, _], [_, _, _, 0, 1]],
}


def ops(text):
    """The ops of one stage: F0 B0 is [("F", 0), ("B", 0)]."""
    return [(word[0], int(word[1:])) for word in text.split()]


def spans(*stages):
    """Ops and their start-end, as in F0 0-1 B0 1-3, stage by stage: what simulate returns."""
    times = {}
    for stage, text in enumerate(stages):
        words = text.split()
        for word, span in zip(words[::2], words[1::2], strict=True):
            start, end = span.split("-")
            times[stage, word[0], int(word[1:])] = (Fraction(start), Fraction(end))
    return dict(sorted(times.items(), key=lambda entry: entry[1]))


def drawing(order):
    """The ops of one stage the way this file writes them."""
    return " ".join(f"{kind}{microbatch}" for kind, microbatch in order)


def is_whole(value):
    """Whether a value is an int, numpy's included, and no bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_op(value):
    """Whether a value is an op: a kind and a microbatch."""
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return value[0] in ("F", "B") and is_whole(value[1])


# -- the grid and the algebra --------------------------------------------------------------


def is_grid(value):
    """Whether a value is a list of rows of whole numbers and None."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(r, (list, tuple)) for r in value):
        return False
    return all(cell is None or is_whole(cell) for row in value for cell in row)


def drawn(grid):
    """A grid in one line: a column a slot, `_` idle, `|` between two stages."""
    return " | ".join(" ".join("_" if cell is None else str(cell) for cell in row) for row in grid)


@pytest.mark.rubric("grid")
@pytest.mark.parametrize(("p", "m"), GRIDS)
def test_grid(student, p, m):
    """Every cell: which microbatch runs on this stage in this slot?"""
    grid = student.forward_grid(p, m)
    require(is_grid(grid), "a list of rows, one a stage, of ints and None", grid)
    note = "a number is a microbatch, _ is None, and | ends the row of a stage"
    require(drawn(grid) == drawn(GRIDS[p, m]), drawn(GRIDS[p, m]), drawn(grid), note=note)


def check_share(got, expected, note="", of="share", nudge=""):
    """A share must be exact and right."""
    exact = "Which division gives a float here, and what would give a Fraction?"
    require(not isinstance(got, float), f"{of}: {expected}, exactly", got, note=note, nudge=exact)
    equal(got, expected, of=of, note=note, nudge=nudge)


@pytest.mark.rubric("idle-cells")
@pytest.mark.parametrize(
    "case",
    [
        ([[0]], F(0), "0 idle of 1 cell; microbatch 0 is work"),
        ([[_, 0]], F(1, 2), "1 idle of 2 cells"),
        ([[0, _], [_, 0]], F(1, 2), "2 idle of 4 cells"),
        ([[0, 1, _], [_, 0, 1]], F(1, 3), "2 idle of 6 cells"),
        ([[0, 1, 2, 3], [_, _, _, 0]], F(3, 8), "3 idle of 8 cells, 0 of them on stage 0"),
        ([[0, _, 1], [_, _, 0]], F(1, 2), "3 idle of 6 cells"),
    ],
)
def test_share_of_idle_cells(student, case):
    """Idle over all cells, exactly."""
    grid, share, count = case
    check_share(student.bubble_of_grid(grid), share, note=count)


def own_grid(student, p, m):
    """What the student's own grid says, where it has one."""
    try:
        grid = student.forward_grid(p, m)
    except CaseFailure:
        return ""
    if not is_grid(grid):
        return ""
    cells = drawn(grid).replace("|", "").split()
    idle = cells.count("_")
    return f"your own grid has {idle} idle of {len(cells)}; formula and grid reconcile"


@pytest.mark.rubric("algebra")
@pytest.mark.parametrize(
    ("p", "m", "share"),
    [(4, 4, F(3, 7)), (1, 1, F(0)), (2, 1, F(1, 2)), (2, 3, F(1, 4)), (8, 32, F(7, 39))],
)
def test_share_by_algebra(student, p, m, share):
    """The share that the grid has, from p and m alone."""
    note = own_grid(student, p, m)
    check_share(student.bubble_fraction(p, m), share, note, of="bubble")


@pytest.mark.rubric("min-microbatches")
@pytest.mark.parametrize(
    "case",
    [
        (2, F(1, 2), 1, "m = 1 gives 1/2, and at most 1/2 is asked"),
        (2, F(1, 3), 2, "m = 2 gives 1/3; the limit is 1/3 exactly, not 0.333...33"),
        (2, F(2, 5), 2, "m = 1 gives 1/2, m = 2 gives 1/3"),
        (1, F(1, 2), 1, "one stage is never idle, but a pipeline runs at least one microbatch"),
        (3, F(9, 10), 1, "m = 1 gives 2/3; there is no smaller m"),
        (8, F(1, 10), 63, "m = 62 gives 7/69, m = 63 gives 7/70"),
        (
            8,
            F(1, 10) - F(1, 10**20),
            64,
            "m = 63 gives 1/10, a hair above the limit; a float can't tell the two apart",
        ),
    ],
)
def test_fewest_microbatches(student, case):
    """The smallest m whose bubble is at most the limit."""
    p, limit, m, note = case
    equal(student.min_microbatches(p, limit), m, of="m", note=note)


# -- orders --------------------------------------------------------------------------------


def check_orders(orders, p):
    """Orders must be p lists of ops before anyone looks into them."""
    lists = isinstance(orders, (list, tuple)) and len(orders) == p
    require(lists, f"{p} orders, one a stage", orders)
    for stage in range(p):
        require(isinstance(orders[stage], (list, tuple)), "a list of ops a stage", orders[stage])
        require(all(is_op(op) for op in orders[stage]), "ops like ('F', 0)", orders[stage])


@pytest.mark.rubric("gpipe")
@pytest.mark.parametrize(("p", "m"), [(1, 1), (1, 2), (2, 2), (3, 2)])
def test_gpipe(student, p, m):
    """Forwards in order, then every backward; the backwards in one order on all stages."""
    orders = student.gpipe_order(p, m)
    check_orders(orders, p)
    for stage in range(p):
        order = orders[stage]
        forwards, backwards = (drawing((kind, i) for i in range(m)) for kind in "FB")
        right = drawing(order[:m]) == forwards
        right = right and drawing(sorted(map(tuple, order[m:]))) == backwards
        wanted = f"stage {stage}: {forwards}, then {backwards} in any order"
        require(right, wanted, drawing(order))
        require(
            drawing(order[m:]) == drawing(orders[0][m:]),
            f"stage {stage} backwards in the order of stage 0: {drawing(orders[0][m:])}",
            drawing(order[m:]),
            note="in different orders the stages wait for each other, and the bubble grows",
            nudge="Which backward does stage 0 want first, and when does stage 1 have it?",
        )


@pytest.mark.rubric("one-f-one-b")
@pytest.mark.parametrize(
    ("p", "m", "drawing_and_note"),
    [
        (1, 2, (["F0 B0 F1 B1"], "a single stage has nobody to wait for")),
        (
            2,
            2,
            (
                ["F0 F1 B0 B1", "F0 B0 F1 B1"],
                "stage 1, the last, can go backward at once; stage 0 waits for it",
            ),
        ),
        (2, 1, (["F0 B0", "F0 B0"], "there is no microbatch 1")),
        (
            3,
            4,
            (
                ["F0 F1 F2 B0 F3 B1 B2 B3", "F0 F1 B0 F2 B1 F3 B2 B3", "F0 B0 F1 B1 F2 B2 F3 B3"],
                "on stage s no more than 3 - s microbatches are in flight",
            ),
        ),
        (
            4,
            2,
            (
                ["F0 F1 B0 B1", "F0 F1 B0 B1", "F0 F1 B0 B1", "F0 B0 F1 B1"],
                "with 2 microbatches no stage can have more than 2 in flight",
            ),
        ),
    ],
)
def test_one_f_one_b(student, p, m, drawing_and_note):
    """The order of every stage, op by op."""
    stages, note = drawing_and_note
    orders = student.one_f_one_b_order(p, m)
    check_orders(orders, p)
    for stage, text in enumerate(stages):
        got = drawing(orders[stage])
        require(got == text, f"stage {stage}: {text}", got, note=note)


@pytest.mark.rubric("peak")
@pytest.mark.parametrize(
    "case",
    [
        ("F0 B0", 1, "1 0"),
        ("F0 F1 B0 B1", 2, "1 2 1 0"),
        ("F0 B0 F1 B1", 1, "1 0 1 0"),
        ("F0 F1 B0 F2 B1 B2", 2, "1 2 1 2 1 0"),
        ("F0 B0 F1 F2 B2 B1", 2, "1 0 1 2 1 0"),
        ("F0 F1 B0 F2 F3 B1 B2 B3", 3, "1 2 1 2 3 2 1 0"),
        ("F7 B7 F3 B3", 1, "1 0 1 0"),
    ],
)
def test_peak(student, case):
    """Forwards that have not met their backward yet: the most at a time."""
    order, peak, in_flight = case
    note = f"in flight after each op of {order}: {in_flight}"
    equal(student.peak_in_flight(ops(order)), peak, of="peak", note=note)


# -- running them --------------------------------------------------------------------------


def what_it_waits_for(op, orders, times):
    """The ops whose end decides when this one starts, in words."""
    stage, kind, i = op
    place = orders[stage].index((kind, i))
    waits = [(stage, *orders[stage][place - 1])] if place else []
    other = stage - 1 if kind == "F" else stage + 1
    if 0 <= other < len(orders):
        waits.append((other, kind, i))
    ends = [f"{kind}{i} on stage {s}, which ends at {times[s, kind, i][1]}" for s, kind, i in waits]
    return f"{kind}{i} on stage {stage} waits for {' and for '.join(ends) or 'nobody'}"


def check_times(got, orders, expected):
    """Start and end of every op, in the order of time, so the first mistake comes first."""
    require(isinstance(got, dict), "a dict: (stage, kind, microbatch) -> (start, end)", got)
    for op, (start, end) in expected.items():
        why = what_it_waits_for(op, orders, expected)
        require(op in got, f"an entry for {op}", "no such entry")
        pair = isinstance(got[op], (list, tuple)) and len(got[op]) == 2
        require(pair, f"(start, end) of {op}", got[op])
        exact = "Which line turns a time into a float?"
        floats = any(isinstance(time, float) for time in got[op])
        wanted = f"exact times of {op}: {start} and {end}"
        note = "times that are floats; a float is not exact, not even a whole one by luck"
        require(not floats, wanted, got[op], note=note, nudge=exact)
        equal(got[op][0], start, of=f"start of {op}", note=why)
        takes = f"a {'forward' if op[1] == 'F' else 'backward'} takes {end - start} here"
        equal(got[op][1], end, of=f"end of {op}", note=f"{takes}, and it starts at {start}")
    equal(got, expected, of="times")


@pytest.mark.rubric("simulate")
@pytest.mark.parametrize(
    ("orders", "times"),
    [
        (["F0 B0"], ["F0 0-1 B0 1-3"]),
        (["F0 B0", "F0 B0"], ["F0 0-1 B0 4-6", "F0 1-2 B0 2-4"]),
        (
            ["F0 F1 B0 B1", "F0 F1 B0 B1"],
            ["F0 0-1 F1 1-2 B0 5-7 B1 7-9", "F0 1-2 F1 2-3 B0 3-5 B1 5-7"],
        ),
        (
            ["F0 F1 B0 B1", "F0 B0 F1 B1"],
            ["F0 0-1 F1 1-2 B0 4-6 B1 7-9", "F0 1-2 B0 2-4 F1 4-5 B1 5-7"],
        ),
        (
            ["F0 F1 B0 B1", "F0 F1 B1 B0"],
            ["F0 0-1 F1 1-2 B0 7-9 B1 9-11", "F0 1-2 F1 2-3 B1 3-5 B0 5-7"],
        ),
        (["F7 F3 B3 B7"], ["F7 0-1 F3 1-2 B3 2-4 B7 4-6"]),
        (
            ["F1 F0 B0 B1"] * 3,
            [
                "F1 0-1 F0 1-2 B0 8-10 B1 10-12",
                "F1 1-2 F0 2-3 B0 6-8 B1 8-10",
                "F1 2-3 F0 3-4 B0 4-6 B1 6-8",
            ],
        ),
    ],
)
def test_simulate(student, orders, times):
    """A forward takes 1 and a backward 2, as they do when nothing else is said."""
    orders = [ops(text) for text in orders]
    check_times(student.simulate(orders), orders, spans(*times))


@pytest.mark.rubric("any-ratio")
@pytest.mark.parametrize(
    ("forward", "backward", "orders", "times"),
    [
        (3, 1, ["F0 B0"], ["F0 0-3 B0 3-4"]),
        (F(1, 2), F(1, 3), ["F0 B0"], ["F0 0-1/2 B0 1/2-5/6"]),
        (
            F(3, 2),
            F(5, 2),
            ["F0 F1 B0 B1", "F0 B0 F1 B1"],
            ["F0 0-3/2 F1 3/2-3 B0 11/2-8 B1 19/2-12", "F0 3/2-3 B0 3-11/2 F1 11/2-7 B1 7-19/2"],
        ),
    ],
)
def test_any_ratio(student, forward, backward, orders, times):
    """Any time above 0, whole or not."""
    orders = [ops(text) for text in orders]
    check_times(student.simulate(orders, forward, backward), orders, spans(*times))


def with_reason(failure, why):
    """Ends the case with the facts of a failure and the reason why the call must not pass."""
    finding = failure.finding
    if not finding.got:
        raise failure  # another exception than asked: its own words and its line say more
    note = "; ".join(filter(None, (finding.note, why)))
    require(False, finding.expected, finding.got, note=note)


WORDS = {"F": "f|fwd|forwards?", "B": "b|bwd|backwards?"}
KIND = rf"(?<![a-z])(?:{WORDS['F']}|{WORDS['B']})(?![a-z])"
STAGE = r"\b(?:stage|rank|s)\W{0,3}\d+(?!\d)"
# Between kind and number there may be words, and the stage, but no other kind or number.
BETWEEN = rf"(?:{STAGE}|\bnp\.int\d+(?!\d)|(?!{KIND}|{STAGE})\D){{0,60}}?"


def op_in_words(kind, i):
    """How a message names an op: its kind, then its number; the stage may stand anywhere."""
    kind = rf"(?<![a-z])(?:{WORDS[kind]})(?![a-z])"
    return re.compile(rf"{kind}{BETWEEN}{i}(?!\d)", re.IGNORECASE)


def refused(student, orders, named, why):
    """simulate must raise ValueError, and its message must name one of these ops."""
    at_fault = AnyOf(f"an op at fault, like {named[0]}", *(op_in_words(*op) for op in named))
    try:
        student.raises(ValueError, naming=(at_fault,)).simulate(orders)
    except CaseFailure as failure:
        with_reason(failure, why)


def is_no_number_for(student, function, arguments, argument, bad):
    """The call must raise TypeError for that argument, and name it."""
    try:
        call = getattr(student.raises(TypeError, naming=(argument,)), function)
        call(**(arguments | {argument: bad}))
    except CaseFailure as failure:
        with_reason(failure, f"{argument} is {bad!r} here, a {type(bad).__name__}")


@pytest.mark.rubric("illegal-orders")
@pytest.mark.parametrize(
    "case",
    [
        (["B0 F0"], "B0 F0", "B0 stands before the forward it needs"),
        (["F0 B0 F0"], "F0", "F0 stands twice"),
        (["F0 F1 B0 B1 B1"], "B1", "B1 stands twice"),
        (["F0 B0", "F0 B0 B0"], "B0", "B0 stands twice on stage 1"),
        (["F0 F1 B0"], "B1 F1", "B1 is missing"),
        (["F0 F1 B0 B0"], "B0 B1 F1", "B0 stands twice, and B1 is missing"),
        (["F0 B0", "F0"], "B0 F0", "B0 is missing on stage 1, and stage 0 waits for it"),
        (["F0", "F0 B0"], "B0 F0", "B0 is missing on stage 0, where nobody waits for it"),
        (["F0 B0", "B0"], "F0 B0", "F0 is missing on stage 1"),
        (["F0 B0", "F0 F1 B0 B1"], "F1 B1", "F1 is missing on stage 0, and so is B1"),
        (["F0 B0", "B0 F0"], "B0 F0", "on stage 1 B0 stands before the forward it needs"),
        (
            ["F0 B0 F1 B1", "F1 B1 F0 B0"],
            "B0 F1 F0 B1",
            "stage 0 waits for B0 on stage 1, which waits for F1 on stage 0, which comes later",
        ),
    ],
)
def test_illegal_orders(student, case):
    """What can't be run, or is not complete, is refused; the message names an op at fault."""
    orders, named, why = case
    refused(student, [ops(text) for text in orders], ops(named), why)


@pytest.mark.rubric("schedule-bubble")
@pytest.mark.parametrize(
    "case",
    [
        (["F0 0-1 B0 1-3"], F(0), "one stage, busy from 0 to 3"),
        (
            ["F0 0-1 B0 4-6", "F0 1-2 B0 2-4"],
            F(1, 2),
            "from 0 to 6 stage 0 works 3 and stage 1 works 3, of 12 in all",
        ),
        (
            ["F0 0-1 F1 1-2 B0 5-7 B1 7-9", "F0 1-2 F1 2-3 B0 3-5 B1 5-7"],
            F(1, 3),
            "from 0 to 9 each stage works 6, so 6 of 18 is idle",
        ),
        (
            ["F0 0-1 F1 1-2 B0 4-6 B1 7-9", "F0 1-2 B0 2-4 F1 4-5 B1 5-7"],
            F(1, 3),
            "from 0 to 9 each stage works 6, so 6 of 18 is idle",
        ),
        (
            ["F0 0-1/2 B0 4/3-5/3", "F0 1/2-1 B0 1-4/3"],
            F(1, 2),
            "from 0 to 5/3 each stage works 5/6, so 5/3 of 10/3 is idle",
        ),
    ],
)
def test_idle_share_of_a_schedule(student, case):
    """Idle time over the time that all stages have."""
    stages, share, note = case
    got = student.bubble_of_schedule(spans(*stages), len(stages))
    check_share(got, share, note, of="bubble")


@pytest.mark.rubric("schedule-bubble")
def test_idle_share_whatever_stands_first(student):
    """A dict has no first and last entry that mean anything."""
    times = spans("F0 0-1 B0 4-6", "F0 1-2 B0 2-4")
    got = student.bubble_of_schedule(dict(sorted(times.items())), 2)
    note = "from 0 to 6 each stage works 3; the entries stand in another order than they ran"
    check_share(got, F(1, 2), note, of="bubble")


# -- decode --------------------------------------------------------------------------------


@pytest.mark.rubric("decode")
@pytest.mark.parametrize(
    ("p", "batches", "tokens", "share_and_stage_0"),
    [
        (1, 1, 1, (F(1), "a")),
        (2, 1, 1, (F(1, 2), "a _")),
        (2, 1, 3, (F(1, 2), "a _ a _ a _")),
        (2, 2, 3, (F(6, 7), "a b a b a b _")),
        (2, 3, 2, (F(6, 7), "a b c a b c _")),
        (4, 2, 2, (F(4, 9), "a b _ _ a b _ _ _")),
        (4, 4, 3, (F(4, 5), "a b c d a b c d a b c d _ _ _")),
    ],
)
def test_decode(student, p, batches, tokens, share_and_stage_0):
    """Busy slots of a stage over all slots until the last stage has done the last token."""
    share, stage_0 = share_and_stage_0
    note = f"stage 0, a letter a batch, _ idle: {stage_0}"
    got = student.decode_utilization(p, batches, tokens)
    nudge = "When stage 0 has done its last token, who is still at work?" if batches >= p else ""
    check_share(got, share, note, of="utilization", nudge=nudge)


# -- what is refused -----------------------------------------------------------------------

COUNTS = {
    "forward_grid": {"num_stages": 2, "num_microbatches": 2},
    "bubble_fraction": {"num_stages": 2, "num_microbatches": 2},
    "min_microbatches": {"num_stages": 2, "max_bubble": F(1, 2)},
    "gpipe_order": {"num_stages": 2, "num_microbatches": 2},
    "one_f_one_b_order": {"num_stages": 2, "num_microbatches": 2},
    "bubble_of_schedule": {"times": spans("F0 0-1 B0 1-3"), "num_stages": 1},
    "decode_utilization": {"num_stages": 2, "batches_in_flight": 2, "num_tokens": 2},
}
EACH_COUNT = [(f, a) for f in COUNTS for a in COUNTS[f] if a not in ("max_bubble", "times")]


@pytest.mark.rubric("bad-values")
@pytest.mark.parametrize(("function", "argument"), EACH_COUNT)
def test_bad_counts(student, function, argument):
    """0 and -1 are ValueErrors that name the argument and the value; 2.0 and bools TypeErrors."""
    for bad in (0, -1):
        call = student.raises(ValueError, naming=(argument, bad))
        getattr(call, function)(**(COUNTS[function] | {argument: bad}))
    for bad in (2.0, True, False):
        is_no_number_for(student, function, COUNTS[function], argument, bad)


@pytest.mark.rubric("bad-values")
def test_bad_limits(student):
    """A limit of 0 can't be met and one of 1 is none; a float is not exact."""
    for p, bad in ((2, F(0)), (2, F(1)), (2, F(3, 2)), (2, 1), (2, F(-1, 2)), (1, F(1))):
        student.raises(ValueError, naming=("max_bubble", bad)).min_microbatches(p, bad)
    is_no_number_for(student, "min_microbatches", {"num_stages": 2}, "max_bubble", 0.5)


@pytest.mark.rubric("bad-values")
@pytest.mark.parametrize("argument", ["forward_time", "backward_time"])
def test_bad_times(student, argument):
    """An op takes some time, and exactly so much."""
    for bad in (0, -1):
        student.raises(ValueError, naming=(argument, bad)).simulate(
            [ops("F0 B0")], **{argument: bad}
        )
    for bad in (1.0, True):
        is_no_number_for(student, "simulate", {"orders": [ops("F0 B0")]}, argument, bad)


@pytest.mark.rubric("bad-values")
def test_numpy_counts(student):
    """numpy's integers are integers, and good ones."""
    grid = student.forward_grid(np.int64(2), np.int64(2))
    require(is_grid(grid) and drawn(grid) == "0 1 _ | _ 0 1", "0 1 _ | _ 0 1", grid)


# -- one number, four ways -----------------------------------------------------------------


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize(("p", "m", "share"), [(2, 2, F(1, 3)), (4, 2, F(3, 5)), (4, 4, F(3, 7))])
def test_grid_and_algebra_agree(student, p, m, share):
    """Your grid, counted by your bubble_of_grid, and your algebra."""
    grid = student.forward_grid(p, m)
    note = f"this is your forward_grid({p}, {m})"
    check_share(student.bubble_of_grid(grid), share, note, of="the grid's share")
    check_share(student.bubble_fraction(p, m), share, of="the algebra's share")


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize(("forward", "backward"), [(1, 2), (F(2, 3), 1)])
@pytest.mark.parametrize(("p", "m", "share"), [(2, 2, F(1, 3)), (4, 2, F(3, 5)), (3, 4, F(1, 3))])
@pytest.mark.parametrize("schedule", ["gpipe_order", "one_f_one_b_order"])
def test_schedules_have_one_bubble(student, schedule, p, m, share, forward, backward):
    """Your orders, run by your simulate, counted by your bubble_of_schedule."""
    times = student.simulate(getattr(student, schedule)(p, m), forward, backward)
    note = f"your {schedule}({p}, {m}), run by your simulate with F = {forward}, B = {backward}"
    check_share(student.bubble_of_schedule(times, p), share, note, of="bubble")


@pytest.mark.rubric("reconcile")
@pytest.mark.parametrize(
    ("schedule", "peaks"), [("gpipe_order", [4, 4, 4]), ("one_f_one_b_order", [3, 2, 1])]
)
def test_schedules_differ_in_memory(student, schedule, peaks):
    """Three stages, four microbatches: what is in flight on each stage."""
    orders = getattr(student, schedule)(3, 4)
    check_orders(orders, 3)
    note = f"your {schedule}(3, 4)"
    for stage, peak in enumerate(peaks):
        got = student.peak_in_flight(orders[stage])
        equal(got, peak, of=f"peak on stage {stage}", note=note)


def panel_of_decode(p, batches, tokens, caption):
    """Who is on each stage in each slot, a letter a batch, when batches decode in turns."""
    turn = max(p, batches)
    slots = turn * tokens + min(p, batches) - 1
    rows = [
        tuple(
            Bar(turn * token + batch + stage, turn * token + batch + stage + 1, "abcd"[batch])
            for token in range(tokens)
            for batch in range(batches)
        )
        for stage in range(p)
    ]
    return Panel(f"decode: {batches} batches, {tokens} tokens", tuple(rows), slots, (caption,))


def panel_of_grid(student):
    grid = student.forward_grid(4, 4)
    equal(grid, [[*[_] * s, 0, 1, 2, 3, *[_] * (3 - s)] for s in range(4)])
    shares = student.bubble_of_grid(grid), student.bubble_fraction(4, 4)
    equal(shares, (F(3, 7), F(3, 7)))
    rows = [
        tuple(Bar(slot, slot + 1, f"F{i}") for slot, i in enumerate(row) if i is not None)
        for row in grid
    ]
    caption = f"counted 12 idle of 28 = {shares[0]}; algebra {shares[1]}"
    return [Panel("forward_grid(4, 4), a column a slot", tuple(rows), 7, (caption,))]


def bars_of(times, stage, slots):
    """One stage of what simulate returned, once it is known to fit into that many slots."""
    bars = []
    for kind, i in [(kind, i) for kind in "FB" for i in range(4)]:
        span = times.get((stage, kind, i))
        require(isinstance(span, (list, tuple)) and len(span) == 2, "(start, end)", span)
        start, end = (number(time) for time in span)
        whole = start == int(start) and end == int(end)
        require(whole and 0 <= start < end <= slots, f"{kind}{i} within {slots} slots", span)
        bars.append(Bar(int(start), int(end), f"{kind}{i}"))
    bars.sort(key=lambda bar: bar.start)
    for one, other in pairwise(bars):
        require(one.end <= other.start, "one op at a time", f"{one.label} and {other.label}")
    return tuple(bars)


def panel_of_schedule(student):
    orders = student.one_f_one_b_order(4, 4)
    times = student.simulate(orders)
    share = student.bubble_of_schedule(times, 4)
    equal(share, F(3, 7))
    require(isinstance(times, dict) and len(times) == 32, "times of 32 ops", times)
    rows = tuple(bars_of(times, stage, 21) for stage in range(4))
    peaks = [student.peak_in_flight(order) for order in orders]
    equal(peaks, [4, 3, 2, 1])
    caption = f"counted 36 idle of 84 = {share}; in flight at most {' '.join(map(str, peaks))}"
    return [Panel("one_f_one_b_order(4, 4), B = 2F", rows, 21, (caption,))]


def panels_of_decode(student):
    few, enough = student.decode_utilization(4, 2, 3), student.decode_utilization(4, 4, 3)
    equal((few, enough), (F(6, 13), F(4, 5)))
    return [
        panel_of_decode(4, 2, 3, f"busy {few}"),
        panel_of_decode(4, 4, 3, f"busy {enough} = 12/15"),
    ]


@pytest.mark.rubric("reconcile")
def test_picture_of_your_own_run(student, picture):
    """Draws your grid, your 1F1B run and decode, each with its share, where they are right."""
    panels = []
    for panels_of in (panel_of_grid, panel_of_schedule, panels_of_decode):
        with suppress(CaseFailure):  # what is wrong is said by the item it belongs to
            panels += panels_of(student)
    if panels:
        picture.draw(Gantt("your schedules on 4 stages", tuple(panels)))
