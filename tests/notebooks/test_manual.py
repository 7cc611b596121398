"""Manual grades of nbgrader's as overrides of ours: none lost, none twice, none by surprise."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Override, Student
from grader.notebooks.manual import REASON, Decision, decisions_of
from grader.notebooks.sync import ManualGrade
from grader.results import GRADED, Finding, Result, RubricResult, Verdict

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def lab(course):
    return course.lab("adding")


def ann(*overrides):
    """Ann's grade: full points for `add`, none for `total`."""
    rubric = (
        RubricResult("add", 40, 40, Verdict.PASSED),
        RubricResult("total", 0, 60, Verdict.FAILED, Finding(text="why")),
    )
    result = Result("ann", GRADED, 40, 100, 0.1, rubric)
    counts = GradedAttempt(Attempt(1, "ann", "adding", 1, "", AT, AT), result, 40)
    return Grade(Student("ann"), "adding", 100, (counts,), counts, overrides)


def wanted(lab, manual, grade=None):
    return decisions_of(lab, [manual], [grade or ann()]).wanted


def left(lab, manual, grade=None):
    decisions = decisions_of(lab, [manual], [grade or ann()])
    assert not decisions.wanted
    return decisions.left


def test_a_manual_grade_is_an_override(lab):
    """Its points, and where it came from with what was said."""
    manual = ManualGrade("ann", "total", 30.0, comment="half\x1b[2J of it")
    assert wanted(lab, manual) == (Decision("ann", "total", 30, f"{REASON}: half\\x1b[2J of it"),)


@pytest.mark.parametrize(
    ("points", "extra", "expected", "told"),
    [
        (29.5, None, Decimal("29.5"), ""),
        (0.1, 0.2, Decimal("0.3"), ""),
        (29.335, None, Decimal("29.34"), " 29.335, rounded"),
        (29.999, None, 30, " 29.999, rounded"),
        (10.0, 5.0, 15, ""),
        (None, 5.0, 5, ""),
        (0.0, None, 0, ""),
    ],
)
def test_points_are_exact_to_two_places(lab, points, extra, expected, told):
    """As nbgrader counts them, manual before automatic, plus extra; rounding is told."""
    decision = Decision("ann", "total", expected, f"{REASON}{told}")
    assert wanted(lab, ManualGrade("ann", "total", points, extra)) == (decision,)


@pytest.mark.parametrize(
    ("points", "extra"),
    [(61.0, None), (60.0, 1.0), (-1.0, None), (float("inf"), None), (float("nan"), None)],
)
def test_points_that_an_item_has_not_are_left(lab, points, extra):
    """nbgrader takes 99 of 10; we say so and leave it, rather than cut it down."""
    [line] = left(lab, ManualGrade("ann", "total", points, extra))
    assert "an override has 0 to 60" in line


def test_what_is_not_ours_is_left(lab):
    """Cells that an instructor added, and students that only nbgrader has, are told."""
    assert "no item of the rubric" in left(lab, ManualGrade("ann", "essay", 3.0))[0]
    assert "no such student" in left(lab, ManualGrade("zoe", "add", 3.0))[0]


def test_a_comment_alone_changes_nothing(lab):
    """Comments stay nbgrader's."""
    assert not left(lab, ManualGrade("ann", "solution-add", comment="nice"))


def test_nothing_is_done_twice(lab):
    """What is in force already is not decided again; what changed there is."""
    grade = ann(Override("total", 30, REASON, "staff", AT))
    assert not left(lab, ManualGrade("ann", "total", 30.0), grade)
    assert wanted(lab, ManualGrade("ann", "total", 31.0), grade)[0].points == 31


def test_a_grade_taken_back_there_is_withdrawn_here(lab):
    """An override that came from nbgrader ends with its manual grade; another stays."""
    grade = ann(
        Override("add", 1, "by hand", "staff", AT), Override("total", 30, f"{REASON}: x", "s", AT)
    )
    decisions = decisions_of(lab, [], [grade])
    assert decisions.wanted == (Decision("ann", "total", None, f"{REASON} was taken back there"),)


def test_a_decision_made_here_is_kept(lab):
    """Two people, two systems: both are told, and neither is written over."""
    grade = ann(Override("total", 10, "agreed with ann", "prof", AT))
    assert left(lab, ManualGrade("ann", "total", 30.0), grade) == (
        "ann, total: 30 points there, but prof decided on 10 here",
    )
