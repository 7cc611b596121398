"""Whether a submission of the course's own is judged alike for every student.

Luck must not decide: a mistake costs points whoever hands it in, and a right answer earns them.
Most cases have the same inputs for everyone. Only those that ask for `rng` differ, so one
student's run of the others holds for all, and just the drawn ones are run again, in the same
processes: the case first that another student has lost. Where a case with fixed inputs is lost,
nothing is left to be drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from grader.errors import CourseError, SandboxError, StarvedError
from grader.grading import Grader, processes_of, verdict_of, withheld
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.submissions import Submission
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes

STUDENTS = tuple(f"student-{number}" for number in range(20))


@dataclass(frozen=True)
class Trial(Submission):
    """A submission that is tried for `students`, and is explained to none of them.

    The cases of the items in `first` are run before all others: they are likely to tell. With
    `whole`, every case is run once besides, for the rubric and for faults of the suite's own.
    """

    students: tuple[str, ...] = STUDENTS
    first: frozenset[str] = frozenset()
    whole: bool = False


class Tried(Result, frozen=True):
    """What came of a trial: the students for whom it loses nothing, of how many.

    `lost` names the first case that another one loses, or is empty.
    """

    kept_for: tuple[str, ...] = ()
    students: int = 0
    lost: str = ""


def try_out(grader: Grader, submission: Submission) -> Result:
    """The result of a `Trial`; that of any other submission as for a student."""
    if not isinstance(submission, Trial):
        return grader.grade(submission)
    lab = grader.graded.lab
    try:
        with processes_of(lab, submission, grader.sandbox) as processes:
            return _Trying(grader, submission, processes).result()
    except StarvedError as error:
        return msgspec.structs.replace(withheld(lab, submission.name, str(error)), starved=True)
    except (CourseError, SandboxError) as error:
        grader.close()  # as after any session that broke off
        return withheld(lab, submission.name, str(error))


@dataclass
class _Trying:
    """A trial under way. `killer` is the first case that a student loses."""

    grader: Grader
    trial: Trial
    processes: Processes
    killer: CaseResult | None = None
    lost: str = ""
    _lost_to_all: bool | None = None  # by a case that is the same for everyone; None: not known

    def result(self) -> Result:
        lab, trial = self.grader.graded.lab, self.trial
        rubric = tuple(self._rubric()) if trial.whole else ()
        kept = tuple(student for student in trial.students if not self._loses(student))
        total = sum(each.points for each in lab.rubric)
        score = total if len(kept) == len(trial.students) else 0
        if rubric:
            score = sum(each.points for each in rubric)
        facts = msgspec.structs.asdict(Result(trial.name, GRADED, score, total, 0.0, rubric))
        return Tried(**facts, kept_for=kept, students=len(trial.students), lost=self.lost)

    def _rubric(self) -> Iterator[RubricResult]:
        """Every item's result for the trial's own student, without a message."""
        results = self._run(self.trial.student, early=False)
        lost = [each for each in results if each.verdict not in (Verdict.PASSED, Verdict.BLOCKED)]
        fixed = [each for each in lost if not each.drawn]
        if fixed or not lost:
            self._lost_to_all = bool(fixed)
        self._note((fixed or lost)[:1], self.trial.student)
        for item in self.grader.graded.lab.rubric:
            verdict = verdict_of(item.item, results).verdict
            points = item.points if verdict is Verdict.PASSED else 0
            yield RubricResult(item.item, points, item.points, verdict)

    def _loses(self, student: str) -> bool:
        """Whether a case is lost for this student; the likeliest to tell are run first."""
        if self._lost_to_all:
            return True
        self.processes.renew()
        if self.killer and self._asked(student, {self.killer.item}, case=self.killer.case):
            return True
        if self._lost_to_all is None:
            self._lost_to_all = self._any_lost(self.trial.student, drawn=False)
        return self._lost_to_all or self._any_lost(student, drawn=True)

    def _any_lost(self, student: str, *, drawn: bool) -> bool:
        """Whether a case is lost for this student, of those that are drawn or of the others."""
        first = self.trial.first
        others = frozenset(each.item for each in self.grader.graded.lab.rubric) - first
        return any(self._asked(student, each, drawn=drawn) for each in (first, others) if each)

    def _asked(self, student: str, items: set[str] | frozenset[str], **options: Any) -> bool:
        """Whether a case of these items is lost."""
        results = self._run(student, only=frozenset(items), **options)
        lost = [each for each in results if each.verdict is not Verdict.PASSED]
        self._note(lost[:1], student)
        return bool(lost)

    def _note(self, lost: Sequence[CaseResult], student: str) -> None:
        for each in lost:
            self.killer = self.killer or each
            self.lost = self.lost or f"{each.item}, {each.case}, for {student}"

    def _run(self, student: str, *, early: bool = True, **options: Any) -> Sequence[CaseResult]:
        """What the cases came to. A fault of ours, or too busy a machine, is raised."""
        graded = self.grader.graded
        run = self.grader.hidden_suite.run(
            self.processes,
            graded.seed(student),
            stop_early=early,
            evidence=graded.evidence(self.trial),
            **options,
        )
        self.processes.check_time()
        for each in run.results:
            if each.verdict is Verdict.GRADER_FAULT:
                raise CourseError(each.finding.error)
        return run.results
