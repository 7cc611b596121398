"""Feedback on a public check: the same page, without a score."""

import pytest

from grader.report.from_check import feedback_of_check
from grader.report.pages import feedback_page
from grader.report.text import feedback_lines
from grader.results import Finding, Verdict
from grader.submissions import from_source
from grader.suite.finding import CaseResult
from grader.suite.run import SuiteRun

QUESTION = "How many all-reduces does total need?"


@pytest.fixture
def check(judge):
    """What the public suite makes of a source."""
    lab = judge.lab

    def run(source):
        submission = from_source(lab, "ann", source.encode())
        found = judge.judge(submission, lab.public_suite)
        return feedback_of_check(lab, found, predictions={QUESTION: "Two, I think."})

    return run


@pytest.fixture
def solution(course):
    return (course.root / "solutions/adding/adding.py").read_text()


def test_all_passed_is_never_called_a_score(check, solution):
    """Hidden checks are still to come, and the page says so."""
    feedback = check(solution)
    assert feedback.score is None
    assert feedback.headline == "Public checks passed. Hidden checks run at grading."
    page = feedback_page(feedback).split("</head>")[1]
    assert "points" not in page
    assert "Nothing here is graded." in page


def test_the_picture_is_of_the_students_own_run(check, solution):
    """The lines that the public suite drew, once all its checks pass."""
    assert check(solution).picture.lines == ("all_reduce gives [2 4]",)


def test_predictions_stand_beside_their_answers_once_all_passes(check, solution):
    """Before that there is what was said, and not the answer."""
    (passed,) = check(solution).predictions
    assert (passed.said, passed.answer) == ("Two, I think.", "One.")
    (failed,) = check(solution.replace("x + y", "x - y")).predictions
    assert (failed.said, failed.answer) == ("Two, I think.", "")


def test_a_failure_has_its_message_and_line(check, solution):
    """Call, expected, got, invariant and nudge, as `check` shows them."""
    feedback = check(solution.replace("x + y", "x - y"))
    add, total = feedback.items
    assert (add.status, total.status) == ("failed", "waits")
    assert (add.mark, total.mark) == ("lost", "waits")
    told = add.finding
    assert told.called == "add(x, y)"
    assert all((told.expected, told.got, told.where, told.nudge))
    assert told.broken == "I1: adding nothing changes nothing"
    assert total.finding == Finding(text="builds on add")
    assert feedback.headline == "0 of 2 public checks passed."
    assert not feedback.picture.lines
    assert any("What is 2 + 2?" in line for line in feedback_lines(feedback))


def test_what_this_machine_can_not_show_is_open(course):
    """It is no loss: the headline says that the rest passed, with picture and answers."""
    results = (
        CaseResult("add", "test_add", Verdict.PASSED),
        CaseResult("total", "test_total", Verdict.FAILED, Finding(got="no GPU", open=True)),
    )
    run = SuiteRun(results, picture=("a picture",))
    question = course.lab("adding").assignment.predict[0].question
    feedback = feedback_of_check(course.lab("adding"), run, predictions={question: "Two."})
    add, total = feedback.items
    assert (add.mark, total.status, total.mark) == ("passed", "open", "waits")
    assert feedback.headline == "Public checks passed, 1 open. Hidden checks run at grading."
    assert feedback.picture.lines == ("a picture",)
    assert feedback.predictions[0].answer == "One."
    assert '<tr class="waits">' in feedback_page(feedback)
    assert '<tr class="lost">' not in feedback_page(feedback)
