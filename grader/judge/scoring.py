"""Turns cases into points: the verdict and finding of each rubric item, and withheld scores."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from grader.course import POINTS_OF_A_LAB, Lab, RubricItem
from grader.errors import StarvedError
from grader.results import WITHHELD, Finding, Result, RubricResult, Verdict
from grader.suite.explain.loading import in_a_line
from grader.suite.explain.message import trimmed
from grader.suite.finding import CaseFailure, CaseResult

_OUR_FAULT = "a fault of the grader's, not yours; the score is withheld until it is mended"


def withheld(
    name: str, fault: Exception | str, seconds: float = 0.0, rubric: Sequence[RubricResult] = ()
) -> Result:
    """The result where the fault is ours: no score, and the reason for a person to read."""
    facts = (name, WITHHELD, None, POINTS_OF_A_LAB, seconds, tuple(rubric), str(fault))
    return Result(*facts, starved=isinstance(fault, StarvedError))


def verdict_of(item: str, results: Sequence[CaseResult]) -> CaseResult:
    """The worst of an item's cases: a fault of ours first, then the first failure."""
    cases = [result for result in results if result.item == item]
    faults = [case for case in cases if case.verdict is Verdict.GRADER_FAULT]
    losses = [case for case in cases if case.verdict is not Verdict.PASSED]
    return (faults or losses or cases)[0]


def unloadable(
    lab: Lab, verdicts: Mapping[str, CaseResult], failure: CaseFailure
) -> tuple[list[RubricResult], str]:
    """The same finding for every item that was lost because the file does not load."""
    finding = failure.finding
    rubric = [
        scored(each, case.verdict, Finding() if case.verdict is Verdict.PASSED else finding)
        for each, case in zip(lab.rubric, verdicts.values(), strict=True)
    ]
    return rubric, in_a_line(finding)


def finding_of(
    lab: Lab, item: RubricItem, case: CaseResult, shown: Mapping[str, CaseResult]
) -> Finding:
    """What the student may know of the item's case: of a hidden one, only what `shown` has."""
    if case.verdict is Verdict.PASSED:
        return Finding()
    if case.verdict is Verdict.BLOCKED:
        return Finding(text=case.finding.note)
    if case.verdict is Verdict.GRADER_FAULT:  # its text is of a hidden case, and not for students
        return Finding(text=_OUR_FAULT)
    if item.item in shown:
        return shown[item.item].finding
    # Nothing of the hidden case itself: what it raised or printed may hold its inputs.
    return Finding(
        broken=lab.invariant_text(item),
        note=f"every public case passes; a hidden case ends as '{case.verdict}'",
        nudge=item.nudge,
        unseen=True,
    )


def scored(item: RubricItem, verdict: Verdict, finding: Finding) -> RubricResult:
    """The item's result. Its finding has a place in the file only where that can't be imported."""
    points = item.points if verdict is Verdict.PASSED else 0
    kept = trimmed(replace(finding, where="") if finding.loads else finding)
    return RubricResult(item.item, points, item.points, verdict, kept)
