"""From cases to points: each rubric item's verdict and message, and what withholds a score."""

from collections.abc import Mapping, Sequence

from grader.course import Lab, RubricItem
from grader.results import WITHHELD, Result, RubricResult, Verdict
from grader.suite.finding import CaseFailure, CaseResult, Finding
from grader.suite.message import lines_of


def withheld(
    lab: Lab, name: str, fault: str, seconds: float = 0.0, rubric: Sequence[RubricResult] = ()
) -> Result:
    """The result where the fault is ours: no score, and the reason for a person to read."""
    return Result(name, WITHHELD, None, total(lab), seconds, tuple(rubric), fault)


def invariant_text(lab: Lab, item: RubricItem) -> str:
    """`I3: what it says`, as hand-out and messages name it."""
    return f"{item.invariant}: {lab.assignment.invariants[item.invariant]}"


def verdict_of(item: str, results: Sequence[CaseResult]) -> CaseResult:
    """The worst of an item's cases: a fault of ours first, then the first failure."""
    cases = [result for result in results if result.item == item]
    faults = [case for case in cases if case.verdict is Verdict.GRADER_FAULT]
    losses = [case for case in cases if case.verdict is not Verdict.PASSED]
    return (faults or losses or cases)[0]


def unloadable(
    lab: Lab, verdicts: Mapping[str, CaseResult], failure: CaseFailure
) -> tuple[list[RubricResult], str]:
    """The same words for every item that was lost because the file does not load."""
    message = "\n".join(lines_of(failure.finding))
    note = " ".join(filter(None, (failure.finding.error, failure.finding.where)))
    rubric = [
        scored(each, case.verdict, "" if case.verdict is Verdict.PASSED else message)
        for each, case in zip(lab.rubric, verdicts.values(), strict=True)
    ]
    return rubric, note


def message_of(
    lab: Lab, item: RubricItem, case: CaseResult, shown: Mapping[str, CaseResult]
) -> str:
    if case.verdict is Verdict.PASSED:
        return ""
    if case.verdict is Verdict.BLOCKED:
        return case.finding.note
    if case.verdict is Verdict.GRADER_FAULT:  # its text is of a hidden case, and not for students
        return "a fault of the grader's, not yours; the score is withheld until it is mended"
    if item.item in shown:
        return "\n".join(lines_of(shown[item.item].finding, invariant_text(lab, item)))
    # Nothing of the hidden case itself: what it raised or printed may hold its inputs.
    finding = Finding(
        note=f"every public case passes; a hidden case ends as '{case.verdict}'", nudge=item.nudge
    )
    return "\n".join(lines_of(finding, invariant_text(lab, item)))


def scored(item: RubricItem, verdict: Verdict, message: str) -> RubricResult:
    points = item.points if verdict is Verdict.PASSED else 0
    return RubricResult(item.item, points, item.points, verdict, message)


def total(lab: Lab) -> int:
    return sum(item.points for item in lab.rubric)
