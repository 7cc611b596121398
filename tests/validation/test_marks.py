"""Line 1 of a mutant: what it says, and whether that is true."""

import pytest

from grader.errors import CourseError
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.validation.marks import Mark, mark_of, mark_problems

LOST, KEPT, WAITS = Verdict.FAILED, Verdict.PASSED, Verdict.BLOCKED


def result(**verdicts):
    rubric = tuple(RubricResult(item, 0, 50, verdict) for item, verdict in verdicts.items())
    return Result("m.py", GRADED, 0, 100, 0.0, rubric)


@pytest.mark.parametrize(
    ("line", "mistake", "items"),
    [
        ('"""Adds one."""  # loses: add', "Adds one.", ("add",)),
        ("'''Adds one.'''  # loses: add, total", "Adds one.", ("add", "total")),
        ('"""Adds one."""  #loses:add,total,', "Adds one.", ("add", "total")),
        ("# Adds one.  # loses: add", "# Adds one.", ("add",)),
        ('"""Adds # one."""  # loses: add', "Adds # one.", ("add",)),
        ('"""Adds one."""', "Adds one.", ()),
        ('"""Adds one."""  # loses:', "Adds one.", ()),
        ('"""Adds one."""  # looses: add', 'Adds one."""  # looses: add', ()),
        ("", "", ()),
    ],
)
def test_line_1_is_read(tmp_path, line, mistake, items):
    """The mistake without its quotes, and every item that is named."""
    path = tmp_path / "m.py"
    path.write_text(f"{line}\n# loses: nothing\n")
    assert mark_of(path) == Mark(mistake, items)


def test_a_mutant_that_cannot_be_read_is_named(tmp_path):
    """By its path."""
    with pytest.raises(CourseError, match=r"m\.py: missing"):
        mark_of(tmp_path / "m.py")


@pytest.mark.parametrize(
    ("items", "verdicts", "words"),
    [
        (("add",), {"add": LOST, "total": KEPT}, []),
        (("add", "total"), {"add": LOST, "total": Verdict.RAISED}, []),
        (("total",), {"add": KEPT, "total": Verdict.TIMEOUT}, []),
        ((), {"add": LOST, "total": KEPT}, ["line 1 does not say which item it loses"]),
        (("ad",), {"add": LOST, "total": KEPT}, ["'ad', which is no rubric item; there are add,"]),
        (
            ("total",),
            {"add": LOST, "total": KEPT},
            ["does not lose 'total', as line 1 says, but add"],
        ),
        (
            ("total",),
            {"add": LOST, "total": WAITS},
            ["'total', which line 1 names, is only blocked: it builds on add, which it loses"],
        ),
        (
            ("add", "total", "x"),
            {"add": KEPT, "total": KEPT},
            ["does not lose 'add', as line 1 says, but nothing", "does not lose 'total'", "'x'"],
        ),
    ],
)
def test_every_item_that_is_named_is_lost_for_itself(tiny_course, items, verdicts, words):
    """Not kept, and not merely blocked by another."""
    lab = tiny_course.lab("adding")
    problems = list(mark_problems(lab, Mark("x", items), result(**verdicts)))
    assert len(problems) == len(words)
    for problem, expected in zip(problems, words, strict=True):
        assert expected in problem
