"""Feedback on a public check of a student's own file."""

from collections.abc import Mapping, Sequence

from grader.course import Lab, RubricItem
from grader.judge import invariant_text
from grader.report.feedback import (
    MOST_ATTEMPTS,
    AttemptFeedback,
    Feedback,
    ItemFeedback,
    Picture,
    Prediction,
    cut,
    picture_of,
)
from grader.report.verdicts import words_of
from grader.results import Verdict
from grader.suite.finding import CaseResult
from grader.suite.message import lines_of
from grader.suite.run import SuiteRun


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
    """What a public check says, without a score: hidden checks run at grading.

    `attempts` are what was handed in so far, as far as that is known where the check ran.
    """
    items = tuple(_checked(lab, n, item, run) for n, item in enumerate(lab.rubric, 1))
    passed = all(each.passed for each in items)
    count = sum(each.passed for each in items)
    said = [
        Prediction(each.question, cut(predictions[each.question]), each.answer * passed)
        for each in lab.assignment.predict
        if each.question in predictions
    ]
    return Feedback(
        lab=lab.slug,
        title=lab.assignment.title,
        headline=(
            "Public checks passed. Hidden checks run at grading."
            if passed
            else f"{count} of {len(items)} public checks passed."
        ),
        max_score=sum(each.points for each in lab.rubric),
        course=course,
        student=student,
        items=items,
        picture=picture_of(run) if passed else Picture(),
        predictions=tuple(said),
        attempts=tuple(attempts[-MOST_ATTEMPTS:]),
        left_out=max(0, len(attempts) - MOST_ATTEMPTS),
        digest=digest,
        public=True,
    )


def _checked(lab: Lab, number: int, item: RubricItem, run: SuiteRun) -> ItemFeedback:
    """One item of a public check: its first case that did not pass, if there is one."""
    invariant = invariant_text(lab, item)
    for case in run.results:
        if case.item == item.item and case.verdict is not Verdict.PASSED:
            message = "\n".join(_explained(case, invariant))
            status = words_of(case.verdict)
            return ItemFeedback(
                number, item.title, status, item.points, invariant=invariant, message=message
            )
    return ItemFeedback(
        number, item.title, words_of(Verdict.PASSED), item.points, invariant=invariant
    )


def _explained(case: CaseResult, invariant: str) -> Sequence[str]:
    if case.verdict is Verdict.BLOCKED:
        return [case.finding.note]
    where = [f"   {'Where':<10}{case.finding.where}"] if case.finding.where else []
    return [*where, *lines_of(case.finding, invariant)]
