"""No feedback holds a hidden input, a seed, the key or a line of a solution."""

import json
from html import unescape

import msgspec
import pytest

from grader.course import load_course
from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Student
from grader.judge import Judge, grade
from grader.report.classroom import class_report
from grader.report.facts import facts_of
from grader.report.feedback import Feedback
from grader.report.from_grade import feedback_of_grade
from grader.report.pages import class_page, feedback_page
from grader.report.runs import public_run
from grader.report.text import feedback_lines
from grader.submissions import from_source
from grader.validation.overlay import answers
from grader.validation.release import _secrets, _squeezed, solution_lines

from .conftest import DUE

SLUG = "tp-sharding"


def graded_by(judge, submission):
    """The row that grading this submission makes."""
    result = grade(judge, submission)
    attempt = Attempt(1, submission.student, judge.lab.slug, 1, "0" * 64, DUE, DUE)
    counts = GradedAttempt(attempt, result, result.score)
    return Grade(Student(submission.student), attempt.lab, 100, (counts,), counts)


def forms_of(lab, grade, run=None):
    """Everything that is made of one grade, as its readers read it."""
    told = feedback_of_grade(lab, grade, run=run)
    yield from read(told)
    yield "\n".join(feedback_lines(told))
    yield unescape(class_page(class_report("A course", [(lab, [grade])])))


def read(told):
    """Page and JSON of a feedback without the escapes of their formats."""
    yield unescape(feedback_page(told))
    yield "\n".join(strings(json.loads(msgspec.json.encode(told))))


def strings(value):
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["variant", "mutant"])
def test_no_secret_of_a_lab_is_told(repository, level, kind):
    """Real gradings of right and wrong answers, searched as a released bundle is.

    A submission shares lines with the solution; its feedback must not show even those, but for
    the student's own line on which an exception was raised.
    """
    course = load_course(repository)
    lab = course.lab(SLUG)
    secrets = list(_secrets(course, lab))
    submissions = list(answers(lab, course.solutions(lab), kind))[::4]
    assert len(secrets) > 50
    assert len(submissions) > 3
    with Judge(lab, level) as judge:
        for submission in submissions:
            row = graded_by(judge, submission)
            seed = lab.seed(submission.student).hex()
            own = {_squeezed(each.finding.source) for each in row.counts.result.rubric} - {""}
            for form in forms_of(lab, row, public_run(judge, submission)):
                text = _squeezed(form)
                for line in own:
                    text = text.replace(line, "")
                assert [what for what, secret in secrets if secret in text] == []
                assert seed not in text


def test_the_search_finds_what_is_there(repository):
    """Were a line of a solution in a message, it would be found on the page and in the JSON."""
    course = load_course(repository)
    lab = course.lab(SLUG)
    for line in solution_lines(course.solutions(lab) / lab.assignment.file):
        told = Feedback(lab=SLUG, title="t", headline="h", max_score=100, note=line)
        assert all(_squeezed(line) in _squeezed(form) for form in read(told))


def test_what_a_hidden_case_shows_a_student_stays_there(tiny_course, judge):
    """Code that puts its inputs into errors and prints tells nothing of the hidden ones."""
    lab = judge.lab
    solution = (tiny_course.root / "solutions/adding/adding.py").read_text()
    telling = solution.replace(
        "    return x + y",
        "    if not ((x == 1).all() and (y == 2).all()):\n"
        "        print('HIDDEN', x.tolist(), y.tolist())\n"
        "        raise RuntimeError(f'HIDDEN {x.tolist()} {y.tolist()}')\n"
        "    return x + y",
    )
    submission = from_source(lab, "ann", telling.encode())
    row = graded_by(judge, submission)
    assert row.counts.result.verdict("add") == "raised"  # by a hidden case
    for form in forms_of(lab, row, public_run(judge, submission)):
        assert "HIDDEN" not in form.replace("print('HIDDEN'", "")
        assert "a hidden case ends as" in form
    assert facts_of(lab, [row, row]).warnings  # which goes by the same words
