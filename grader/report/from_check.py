"""Makes feedback from a public check of a student's own file."""

from collections.abc import Mapping, Sequence

from grader.course import Lab, RubricItem
from grader.report.feedback import (
    MOST_ATTEMPTS,
    AttemptFeedback,
    Feedback,
    Illustration,
    ItemFeedback,
    Prediction,
    cut,
    file_digest,
    picture_of,
)
from grader.report.verdicts import status_of
from grader.results import Finding, Verdict
from grader.sandbox import Level
from grader.student.checking import check_once, work_of
from grader.student.workspace import Workspace
from grader.suite.finding import CaseResult
from grader.suite.run import SuiteRun
from grader.text.times import minute


def feedback_of_workspace(here: Workspace, level: Level) -> Feedback:
    """Feedback on the student's file as it is now, from all public checks."""
    submission, state = work_of(here), here.state()
    run = check_once(here, level, submission=submission, stop_early=False)
    source = submission.files.get(here.lab.assignment.file, b"")
    sent = [
        AttemptFeedback(each.attempt, each.at, minute(each.at, here.zone), "handed in")
        for each in state.sent
    ]
    return feedback_of_check(
        here.lab,
        run,
        predictions=state.predictions,
        attempts=sent,
        course=here.course.name,
        student=state.student,
        digest=file_digest(source),
    )


def feedback_of_check(
    lab: Lab,
    run: SuiteRun,
    *,
    predictions: Mapping[str, str],
    attempts: Sequence[AttemptFeedback] = (),
    course: str = "",
    student: str = "",
    digest: str = "",
) -> Feedback:
    """Feedback without a score, which only hidden checks give, at grading.

    `attempts` are those handed in so far, as far as the student's machine knows.
    """
    items = tuple(_checked(lab, n, item, run) for n, item in enumerate(lab.rubric, 1))
    passed = all(each.passed or each.open for each in items)
    count = sum(each.passed for each in items)
    rest = f", {len(items) - count} open" if count < len(items) else ""
    said = [
        Prediction(each.question, cut(predictions[each.question]), each.answer * passed)
        for each in lab.assignment.predict
        if each.question in predictions
    ]
    return Feedback(
        lab=lab.slug,
        title=lab.assignment.title,
        headline=(
            f"Public checks passed{rest}. Hidden checks run at grading."
            if passed
            else f"{count} of {len(items)} public checks passed."
        ),
        max_score=sum(each.points for each in lab.rubric),
        course=course,
        student=student,
        items=items,
        picture=picture_of(run) if passed else Illustration(),
        predictions=tuple(said),
        attempts=tuple(attempts[-MOST_ATTEMPTS:]),
        left_out=max(0, len(attempts) - MOST_ATTEMPTS),
        digest=digest,
        public=True,
    )


def _checked(lab: Lab, number: int, item: RubricItem, run: SuiteRun) -> ItemFeedback:
    """One item of a public check: its first case that did not pass, if there is one."""
    own = (each for each in run.results if each.item == item.item)
    lost = (each for each in own if each.verdict is not Verdict.PASSED)
    case = next(lost, CaseResult(item.item, "", Verdict.PASSED))
    finding = case.finding
    if case.verdict is Verdict.BLOCKED:
        finding = Finding(text=finding.note)
    status, invariant = status_of(case.verdict, finding), lab.invariant_text(item)
    return ItemFeedback(
        number, item.title, status, item.points, invariant=invariant, finding=finding
    )
