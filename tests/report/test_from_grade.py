"""A student's feedback: what the record says, in words, and nothing that is not theirs."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from grader.gradebook.rows import Extension, Override
from grader.report.from_grade import feedback_of_grade
from grader.report.text import feedback_lines


@pytest.fixture
def due(rows):
    return rows.grade("x").due


def told(rows, grade):
    """The feedback, and its text with the wrapping undone."""
    feedback = feedback_of_grade(rows.lab, grade, course="A tiny course")
    lines = feedback_lines(feedback)
    assert max(map(len, lines), default=0) <= 80
    return feedback, " ".join(" ".join(lines).split())


def test_each_item_is_told_with_its_points_and_message(rows):
    """Title, points, verdict as a word, and the finding fact for fact."""
    result = rows.result(add="failed", total="blocked")
    feedback, text = told(rows, rows.grade("ann", result, name="Ann"))
    add, total = feedback.items
    assert (add.title, add.status, add.points, add.max_points) == ("add adds", "failed", 0, 40)
    assert add.finding == result.rubric[0].finding
    assert total.status == "waits"
    assert "1/2 failed add adds 0/40" in text
    assert "Got-Exp [[ 5 -2] [ 5 -2]]" in text
    assert feedback.headline == "0 of 100 points"


def test_lateness_is_a_sum_that_can_be_followed(rows):
    """What the rubric gave, what was taken for which days, and what is left."""
    grade = rows.grade("ann", rows.result())
    late = replace(grade.counts, penalty=20, late_days=2)
    grade = replace(grade, attempts=(late,), counts=late)
    feedback, text = told(rows, grade)
    assert feedback.score == 80
    assert "Rubric 100, less 20 for 2 days late: 80." in text
    assert feedback.attempts[0].late == "2 days late: less 20"


def test_what_came_after_the_last_day_counts_nothing_and_says_so(rows):
    """The score is 0 and the reason is lateness, not the work."""
    grade = rows.grade("ann", rows.result())
    late = replace(grade.counts, late_days=9, refused=True)
    feedback, text = told(rows, replace(grade, attempts=(late,), counts=late))
    assert feedback.score == 0
    assert "9 days late, after the last day: it counts 0" in text


def test_overrides_and_extensions_come_with_their_reasons(rows, due):
    """Who decided, what, and why; the item shows the points that were decided."""
    override = Override("add", 40, "fp64 is valid", "prof", due)
    extension = Extension(due + timedelta(days=3), "illness", "dean", due)
    grade = rows.grade("ann", rows.result(add="failed"), overrides=(override,), extension=extension)
    counts = replace(grade.counts, raw=100)
    feedback, text = told(rows, replace(grade, counts=counts))
    assert feedback.items[0].points == 40
    assert "add: 40 points decided by prof: fp64 is valid" in text
    assert "Extended to 2026-11-25 23:59 UTC by dean: illness" in text
    assert "Due 2026-11-22" not in text


def test_every_attempt_is_told_and_which_counts(rows):
    """By number and time, with what each came to; the drawing has the scores."""
    better = rows.result(add="failed")
    grade = rows.grade("ann", rows.result(), better, None)
    grade = replace(grade, counts=grade.attempts[0])
    feedback, _ = told(rows, grade)
    assert [each.outcome for each in feedback.attempts] == ["100 of 100", "60 of 100", "not graded"]
    assert [each.counts for each in feedback.attempts] == [True, False, False]
    assert any("100" in line for line in feedback.progress.lines)
    assert len(feedback.progress.drawings) == 1


def test_many_attempts_are_counted_where_they_are_not_shown(rows):
    """The last twenty stand there; how many came before is said."""
    feedback, text = told(rows, rows.grade("ann", *[rows.result()] * 30))
    assert (len(feedback.attempts), feedback.left_out) == (20, 10)
    assert feedback.attempts[-1].number == 30
    assert "10 before these" in text


@pytest.mark.parametrize(
    ("results", "headline"),
    [((), "Nothing was handed in."), ((None,), "Handed in, not yet graded.")],
)
def test_without_a_result_there_is_no_score(rows, results, headline):
    """And nobody is told a zero."""
    feedback, _ = told(rows, rows.grade("ann", *results))
    assert feedback.score is None
    assert feedback.headline == headline


def test_a_fault_of_ours_is_told_without_its_text(rows):
    """The text of a fault may be that of a hidden case: it is for staff."""
    result = replace(rows.result(), status="withheld", score=None, note="hidden input 31 41 59")
    feedback, text = told(rows, rows.grade("ann", result))
    assert feedback.score is None
    assert "31 41 59" not in repr(feedback)
    assert "withheld" in text
    assert all(each.points is None for each in feedback.items)


def test_why_nothing_ran_is_told(rows):
    """A file that does not load says so above the rubric."""
    grade = rows.grade("ann", rows.result("does not load: SyntaxError", add="failed"))
    assert "does not load: SyntaxError" in told(rows, grade)[1]


def test_a_score_that_has_changed_since_is_said_to_have(rows):
    """A page with 100 for who was told 70 is a draft, and says so."""
    _, text = told(rows, rows.grade("ann", rows.result(), published=70))
    assert "Not published yet: a draft for staff. The student was last told 70." in text
