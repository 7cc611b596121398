"""One submission through all steps: sandbox, hidden suite, score, explanation."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.course import Course, Lab, RubricItem, suite_digest
from grader.errors import CourseError, SandboxError
from grader.fabric import INSIDE
from grader.sandbox import Level, Limits, Sandbox
from grader.submissions import Submission
from grader.suite.finding import CaseResult, Finding, Verdict
from grader.suite.message import lines_of
from grader.suite.processes import Processes
from grader.suite.run import SuiteRun, run_suite

GRADED, WITHHELD = "graded", "withheld"
_EXPLAIN_SECONDS = 6.0


class RubricResult(msgspec.Struct, frozen=True):
    """One rubric item of one submission. `message` is for the student, and safe to show."""

    item: str
    points: int
    max_points: int
    verdict: Verdict
    message: str = ""


class Result(msgspec.Struct, frozen=True):
    """What one submission came to. The score is None when it is withheld."""

    submission: str
    status: str
    score: int | None
    max_score: int
    seconds: float
    rubric: tuple[RubricResult, ...]
    fault: str = ""

    def verdict(self, item: str) -> Verdict:
        return next(each.verdict for each in self.rubric if each.item == item)


@dataclass(frozen=True)
class GradedLab:
    """A lab with all that grading it takes. `suite` is the digest that results depend on."""

    lab: Lab
    hidden: Path
    key: bytes
    suite: str

    @classmethod
    def of(cls, course: Course, slug: str) -> "GradedLab":
        """The lab of that course, with its hidden suite and the course key."""
        lab = course.lab(slug)
        hidden = course.hidden_suite(lab)
        return cls(lab, hidden, course.key(), suite_digest(lab, hidden))

    def seed(self, student: str) -> bytes:
        """What the hidden inputs of this student are drawn from."""
        return hmac.digest(self.key, f"{self.lab.slug}\0{student}".encode(), hashlib.sha256)


def open_sandbox(lab: Lab, level: Level) -> Sandbox:
    """A sandbox at that level with what the lab's submissions may import, already imported."""
    return Sandbox(level, preload=lab.assignment.preload, services={"group": INSIDE})


def limits_of(lab: Lab) -> Limits:
    """The limits of one call, from the assignment."""
    limits = lab.assignment.limits
    return Limits(wall_time_s=limits.call_seconds, memory_bytes=limits.memory_mb << 20)


def grade(
    graded: GradedLab, submission: Submission, sandbox: Sandbox, student: str | None = None
) -> Result:
    """Grades one submission; hidden inputs are those of `student`, else of its name.

    A fault of the suite or the sandbox withholds the score and is told in `fault`; it never
    raises and never is a zero.
    """
    started = time.perf_counter()
    try:
        rubric = _rubric(graded, submission, sandbox, graded.seed(student or submission.name))
    except (CourseError, SandboxError) as error:
        return withheld(graded.lab, submission.name, str(error), time.perf_counter() - started)
    seconds = time.perf_counter() - started
    faults = [each.message for each in rubric if each.verdict is Verdict.GRADER_FAULT]
    if faults:
        return withheld(graded.lab, submission.name, faults[0], seconds, rubric)
    score = sum(each.points for each in rubric)
    return Result(submission.name, GRADED, score, _total(graded.lab), seconds, tuple(rubric))


def withheld(
    lab: Lab, name: str, fault: str, seconds: float = 0.0, rubric: Sequence[RubricResult] = ()
) -> Result:
    """The result where the fault is ours: no score, and the reason for a person to read."""
    return Result(name, WITHHELD, None, _total(lab), seconds, tuple(rubric), fault)


def check(
    lab: Lab,
    submission: Submission,
    sandbox: Sandbox,
    *,
    suite: Path | None = None,
    keep_going: bool = False,
    on_result: Callable[[CaseResult], None] = lambda _: None,
) -> SuiteRun:
    """Runs the public suite alone: what a student sees before submitting.

    Ends at the first item that fails, unless told to keep going; `suite` is the file to run
    where it is not the lab's own.
    """
    with _processes(lab, submission, sandbox) as processes:
        return run_suite(
            suite or lab.public_suite,
            lab,
            processes,
            b"public",
            stop_early=not keep_going,
            on_result=on_result,
        )


def invariant_text(lab: Lab, item: RubricItem) -> str:
    """`I3: what it says`, as hand-out and messages name it."""
    return f"{item.invariant}: {lab.assignment.invariants[item.invariant]}"


def _rubric(
    graded: GradedLab, submission: Submission, sandbox: Sandbox, seed: bytes
) -> list[RubricResult]:
    lab = graded.lab
    if submission.problem:
        return [_scored(item, Verdict.FAILED, submission.problem) for item in lab.rubric]
    with _processes(lab, submission, sandbox) as processes:
        run = run_suite(graded.hidden, lab, processes, seed)
    verdicts = {item.item: _verdict(item.item, run.results) for item in lab.rubric}
    shown = _public_findings(lab, submission, sandbox, verdicts)
    return [
        _scored(item, verdicts[item.item].verdict, _message(lab, item, verdicts[item.item], shown))
        for item in lab.rubric
    ]


def _verdict(item: str, results: Sequence[CaseResult]) -> CaseResult:
    """The worst of an item's cases: a fault of ours first, then the first failure."""
    cases = [result for result in results if result.item == item]
    faults = [case for case in cases if case.verdict is Verdict.GRADER_FAULT]
    losses = [case for case in cases if case.verdict is not Verdict.PASSED]
    return (faults or losses or cases)[0]


def _public_findings(
    lab: Lab, submission: Submission, sandbox: Sandbox, verdicts: Mapping[str, CaseResult]
) -> Mapping[str, CaseResult]:
    """For each lost item the first public case that fails on this submission, if one does.

    In fresh processes: one that has seen hidden inputs could carry them into what is shown.
    """
    silent = (Verdict.PASSED, Verdict.BLOCKED, Verdict.GRADER_FAULT)
    lost = frozenset(name for name, case in verdicts.items() if case.verdict not in silent)
    if not lost:
        return {}
    with _processes(lab, submission, sandbox, _EXPLAIN_SECONDS) as processes:
        run = run_suite(lab.public_suite, lab, processes, b"public", only=lost)
    return {case.item: case for case in reversed(run.results) if case.verdict not in silent}


def _message(lab: Lab, item: RubricItem, case: CaseResult, shown: Mapping[str, CaseResult]) -> str:
    if case.verdict is Verdict.PASSED:
        return ""
    if case.verdict in (Verdict.BLOCKED, Verdict.GRADER_FAULT):
        return case.finding.note or case.finding.error
    if item.item in shown:
        return "\n".join(lines_of(shown[item.item].finding, invariant_text(lab, item)))
    # Nothing of the hidden case itself: what it raised or printed may hold its inputs.
    finding = Finding(
        error=f"every public case passes; a hidden case ends as '{case.verdict}'", nudge=item.nudge
    )
    return "\n".join(lines_of(finding, invariant_text(lab, item)))


def _scored(item: RubricItem, verdict: Verdict, message: str) -> RubricResult:
    points = item.points if verdict is Verdict.PASSED else 0
    return RubricResult(item.item, points, item.points, verdict, message)


def _processes(
    lab: Lab, submission: Submission, sandbox: Sandbox, budget_s: float | None = None
) -> Processes:
    budget = lab.assignment.limits.submission_seconds if budget_s is None else budget_s
    return Processes(sandbox, submission.files, lab.entry, limits_of(lab), budget)


def _total(lab: Lab) -> int:
    return sum(item.points for item in lab.rubric)
