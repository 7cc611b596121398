"""Finds out whether a submission of the course's own is judged alike for every student.

Luck must not decide: a mistake costs points whoever hands it in, and a right answer earns them.
Most cases have the same inputs for everyone. Only those that ask for `rng` differ, so one
student's run of the others holds for all, and just the drawn ones are run again, in the same
processes: the case first that another student has lost. Where a case with fixed inputs is lost,
nothing is left to be drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from grader.course import POINTS_OF_A_LAB, Lab
from grader.errors import CourseError, SandboxError
from grader.evidence import Challenge, nonce_of, synthetic_trace
from grader.judge import Judge, grade, verdict_of, withheld
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.submissions import Submission, read_submission
from grader.suite.explain.loading import in_a_line, load_failure
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes

SubmissionT = TypeVar("SubmissionT", bound=Submission)

STUDENTS = tuple(f"student-{number}" for number in range(20))


@dataclass(frozen=True)
class Trial(Submission):
    """A submission that is tried for `students`, and is explained to none of them.

    The cases of the items in `first` are run before all others: they are likely to tell. With
    `told`, its result has a rubric of what its own student lost. `loses` are the items that it
    has to lose: only these and what they build on are run, unless it keeps one of them.
    """

    students: tuple[str, ...] = STUDENTS
    first: frozenset[str] = frozenset()
    told: bool = False
    loses: frozenset[str] = frozenset()


class TrialResult(Result, frozen=True):
    """The result of a trial. `kept_for` are the students who lose nothing, or keep one of `loses`.

    `students` is how many were tried; `lost` names the first case that one of them loses.
    """

    kept_for: tuple[str, ...] = ()
    students: int = 0
    lost: str = ""


def with_trace(lab: Lab, submission: SubmissionT) -> SubmissionT:
    """The submission with a synthetic trace, where code alone can't earn every point."""
    if not lab.assignment.trace:
        return submission
    challenge = Challenge(lab.slug, nonce_of(lab.key, lab.slug, submission.student))
    return replace(submission, trace=_answer(lab.folder, lab.hidden_suite, challenge))


def read_solution(lab: Lab, folder: Path) -> Submission:
    """The lab's solution; CourseError where it can't be read as a submission."""
    path = folder / lab.assignment.file
    solution = read_submission(lab, path, "solution")
    if solution.problem:
        raise CourseError(f"{path}: {solution.problem}")
    return solution


# A student's answer is the same for all that is handed in as theirs.
_answer = lru_cache(maxsize=4)(synthetic_trace)


def try_out(judge: Judge, submission: Submission) -> Result:
    """The result of a `Trial`; that of any other submission as for a student."""
    if not isinstance(submission, Trial):
        return grade(judge, submission)
    try:
        with judge.open(submission) as processes:
            return _Trying(judge, submission, processes).result()
    except (CourseError, SandboxError) as error:
        return withheld(submission.name, error)


@dataclass
class _Trying:
    """A trial under way, in the processes of its submission."""

    judge: Judge
    trial: Trial
    processes: Processes

    @property
    def lab(self) -> Lab:
        return self.judge.lab

    def result(self) -> Result:
        trial, items = self.trial, frozenset(each.item for each in self.lab.rubric)
        cases = self._cases(items) if trial.told else ()
        rubric = tuple(self._rubric(cases))
        asking = [_Asking(self, each, cases) for each in self._to_be_lost(items)]
        note = self._not_loaded()
        kept = tuple(each for each in trial.students if not all(one.loses(each) for one in asking))
        score = POINTS_OF_A_LAB if len(kept) == len(trial.students) else 0
        if rubric:
            score = POINTS_OF_A_LAB - sum(each.max_points - each.points for each in rubric)
        facts = (trial.name, GRADED, score, POINTS_OF_A_LAB, 0.0, rubric, note)
        lost = next((each.lost for each in asking if each.lost), "")
        return TrialResult(*facts, kept_for=kept, students=len(trial.students), lost=lost)

    def run(self, student: str, *, early: bool = True, **options: Any) -> Sequence[CaseResult]:
        """The results of the cases. A fault of ours, or too busy a machine, is raised."""
        run = self.judge.suite(self.lab.hidden_suite).run(
            self.processes,
            self.lab.seed(student),
            stop_early=early,
            evidence=self.judge.evidence(self.trial),
            **options,
        )
        self.processes.check_time()
        for each in run.results:
            if each.verdict is Verdict.GRADER_FAULT:
                raise CourseError(each.finding.error)
        return run.results

    def _to_be_lost(self, items: frozenset[str]) -> Iterator[frozenset[str]]:
        """The sets of items of which one must be lost: each named item alone, or all together."""
        named = self.trial.loses & items
        yield from (frozenset({each}) for each in sorted(named)) if named else (items,)

    def _cases(self, items: frozenset[str]) -> Sequence[CaseResult]:
        """The results for its own student: of the cases that matter, or of all if it loses none."""
        if self.trial.loses and self.trial.loses <= items:
            cases = self.run(self.trial.student, only=self._with_bases(), early=False)
            if {each.item for each in cases if _is_lost(each)} >= self.trial.loses:
                return cases
        return self.run(self.trial.student, early=False)

    def _with_bases(self) -> frozenset[str]:
        """The items to be lost with all that they build on, directly or not."""
        found = set(self.trial.loses)
        for each in reversed(self.lab.rubric):  # what one builds on stands above it
            if each.item in found:
                found |= set(each.builds_on)
        return frozenset(found)

    def _rubric(self, cases: Sequence[CaseResult]) -> Iterator[RubricResult]:
        """The result, without a message, of every item that was asked."""
        asked = {each.item for each in cases}
        for item in self.lab.rubric:
            if item.item in asked:
                verdict = verdict_of(item.item, cases).verdict
                points = item.points if verdict is Verdict.PASSED else 0
                yield RubricResult(item.item, points, item.points, verdict)

    def _not_loaded(self) -> str:
        """Why the file can't be imported, as a result notes it; empty where it can."""
        failure = self.processes.load_failure
        if failure is None or self.processes.fickle:
            return ""
        file = self.lab.assignment.file
        return in_a_line(load_failure(failure, file, self.processes.source).finding)


class _Asking:
    """Whether one of these items is lost, student by student; `known` is of its own student."""

    def __init__(self, trying: _Trying, items: frozenset[str], known: Sequence[CaseResult]) -> None:
        self._trying, self._items = trying, items
        self._killer: CaseResult | None = None  # the first case that a student has lost
        self._lost_to_all: bool | None = None  # by a case that all have alike; None: not known
        self.lost = ""
        lost = [each for each in known if each.item in items and _is_lost(each)]
        fixed = [each for each in lost if not each.drawn]
        if fixed or (known and not lost):
            self._lost_to_all = bool(fixed)
        self._note(fixed or lost, trying.trial.student)

    def loses(self, student: str) -> bool:
        """Whether a case is lost for this student; the likeliest to tell are run first."""
        if self._lost_to_all:
            return True
        self._trying.processes.renew()
        killer = self._killer
        if killer and self._any_lost(student, frozenset({killer.item}), case=killer.case):
            return True
        if self._lost_to_all is None:
            self._lost_to_all = self._in_turn(self._trying.trial.student, drawn=False)
        return self._lost_to_all or self._in_turn(student, drawn=True)

    def _in_turn(self, student: str, *, drawn: bool) -> bool:
        """Whether a case is lost for this student, of those that are drawn or of the others."""
        first = self._trying.trial.first & self._items
        parts = filter(None, (first, self._items - first))
        return any(self._any_lost(student, each, drawn=drawn) for each in parts)

    def _any_lost(self, student: str, items: frozenset[str], **options: Any) -> bool:
        """Whether a case of these items is lost."""
        lost = [each for each in self._trying.run(student, only=items, **options) if _is_lost(each)]
        self._note(lost, student)
        return bool(lost)

    def _note(self, lost: Sequence[CaseResult], student: str) -> None:
        if lost and self._killer is None:
            self._killer = lost[0]
            self.lost = f"{lost[0].item}, {lost[0].case}, for {student}"


def _is_lost(case: CaseResult) -> bool:
    return case.verdict not in (Verdict.PASSED, Verdict.BLOCKED)
