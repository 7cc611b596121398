"""Right answers, written as students write them, keep every point at every level of isolation.

Each way of writing is one that has lost points to a fault of ours. The lab preloads nothing.
"""

import importlib.util
from pathlib import Path

import pytest

from grader.course import load_course
from grader.judge import Judge, grade
from grader.results import GRADED, Verdict
from grader.sandbox import Level
from grader.submissions import from_bytes

ROOT = Path(__file__).parent.parent
SLUG = "pipeline-bubble"
SOLUTION = (ROOT / "solutions" / SLUG / "pipeline_bubble.py").read_bytes()
NO_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is absent (extra: shardlab[torch])"
)

# What stands before and after the solution.
WAYS = {
    "a number of numpy's": (b"", b"""
import numpy as np
_peak = peak_in_flight
def peak_in_flight(order):
    return np.int64(_peak(order))
"""),
    "numbers of numpy's within numbers and keys": (b"", b"""
import numpy as np
_bubble, _simulate = bubble_fraction, simulate
def bubble_fraction(num_stages, num_microbatches):
    exact = _bubble(num_stages, num_microbatches)
    return Fraction(np.int64(exact.numerator), np.int32(exact.denominator))
def simulate(orders, forward_time=1, backward_time=2):
    times = _simulate(orders, forward_time, backward_time)
    return {(np.int64(s), np.str_(kind), np.uint8(i)): t for (s, kind, i), t in times.items()}
"""),
    "another spelling of UTF-8": (b"# -*- coding: utf8 -*-\n", b""),
    "a name in Latin-1": (b"# Ren\xe9\n# -*- coding: latin-1 -*-\n", b""),
    "GBK": (b"# coding: gbk\n# \xc4\xe3\xba\xc3\n", b""),
    "an output stream that is set up": (b"", b"""
import sys
sys.stdout.reconfigure(encoding="utf-8")
sys.stdin.reconfigure(encoding="utf-8")
"""),
    "an output stream that is replaced": (b"", b"""
import io, sys
sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8")
"""),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    """Hidden inputs that are the same wherever this runs."""
    monkeypatch.setenv("SHARDLAB_COURSE_KEY", "a key for tests only")


def _graded(level, before, after):
    lab = load_course(ROOT).lab(SLUG)
    with Judge(lab, level) as judge:
        return grade(judge, from_bytes(lab, "s1", before + SOLUTION + after))


@pytest.mark.parametrize("way", WAYS)
def test_a_right_answer_keeps_every_point(level, way):
    """Whatever of Python it uses."""
    result = _graded(level, *WAYS[way])
    assert (result.status, result.score, result.note) == (GRADED, 100, "")


@pytest.mark.parametrize("wanted", list(Level), ids=lambda level: level.word)
def test_every_level_takes_what_the_lab_does_not_preload(level, wanted):
    """A student without isolation sees what the grader sees."""
    if wanted > level:
        pytest.skip(f"isolation level {wanted.word} is not reached here")
    result = _graded(wanted, *WAYS["numbers of numpy's within numbers and keys"])
    assert (result.status, result.score) == (GRADED, 100)


@NO_TORCH
def test_a_heavy_library_costs_nothing_but_its_own_memory(level):
    """torch is mapped, half a gigabyte of it, within a lab's 256 MB, as what is mapped is none."""
    assert _graded(level, b"", b"\nimport torch\n").score == 100


def test_a_list_that_is_emptied_costs_its_item(level):
    """The contract says that inputs are never changed, lists too."""
    empties = b"""
_simulate = simulate
def simulate(orders, forward_time=1, backward_time=2):
    times = _simulate(orders, forward_time, backward_time)
    for order in orders:
        order.clear()
    return times
"""
    result = _graded(level, b"", empties)
    assert result.verdict("simulate") is Verdict.FAILED
    told = next(each.finding for each in result.rubric if each.item == "simulate")
    assert told.got == "simulate changed orders in place"
