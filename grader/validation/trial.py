"""Whether a submission of the course's own is judged alike for every student.

Luck must not decide: a mistake costs points whoever hands it in, and a right answer earns them.
Most cases have the same inputs for everyone. Only those that ask for `rng` differ, so one
student's run of the others holds for all, and just the drawn ones are run again, in the same
processes. Where a case with fixed inputs is lost, nothing is left to be drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from grader.errors import CourseError, SandboxError, StarvedError
from grader.grading import Grader, processes_of, verdict_of, withheld
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.submissions import Submission
from grader.suite.failures import failure_of
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
        return _Trying(grader, submission).result()
    except StarvedError as error:
        return msgspec.structs.replace(withheld(lab, submission.name, str(error)), starved=True)
    except (CourseError, SandboxError) as error:
        grader.close()  # as after any session that broke off
        return withheld(lab, submission.name, str(error))


@dataclass
class _Trying:
    """A trial under way."""

    grader: Grader
    trial: Trial
    lost: str = ""

    def result(self) -> Result:
        graded, trial = self.grader.graded, self.trial
        total = sum(each.points for each in graded.lab.rubric)
        with processes_of(graded.lab, trial, self.grader.sandbox) as processes:
            rubric = tuple(self._rubric(processes)) if trial.whole else ()
            lost = frozenset(each.item for each in rubric if each.verdict != Verdict.PASSED)
            note = self._not_loaded(processes)
            kept = tuple(self._kept_for(processes, trial.first | lost))
        score = total if len(kept) == len(trial.students) else 0
        if rubric:
            score = sum(each.points for each in rubric)
        plain = Result(trial.name, GRADED, score, total, 0.0, rubric, note)
        facts = msgspec.structs.asdict(plain)
        return Tried(**facts, kept_for=kept, students=len(trial.students), lost=self.lost)

    def _rubric(self, processes: Processes) -> Iterator[RubricResult]:
        """Every item's result for the trial's own student, without a message."""
        results = self._run(processes, self.trial.student, early=False)
        for item in self.grader.graded.lab.rubric:
            verdict = verdict_of(item.item, results).verdict
            points = item.points if verdict is Verdict.PASSED else 0
            yield RubricResult(item.item, points, item.points, verdict)

    def _not_loaded(self, processes: Processes) -> str:
        """Why the file can't be imported, as a result notes it; empty where it can."""
        if processes.load_failure is None or processes.fickle:
            return ""
        file = self.grader.graded.lab.assignment.file
        finding = failure_of(processes.load_failure, file, loading=True).finding
        return " ".join(filter(None, (finding.error, finding.where)))

    def _kept_for(self, processes: Processes, first: frozenset[str]) -> Iterator[str]:
        """The students for whom no case is lost."""
        if self._loses(processes, self.trial.student, first, drawn=False):
            return
        for student in self.trial.students:
            processes.renew()
            if not self._loses(processes, student, first, drawn=True):
                yield student

    def _loses(
        self, processes: Processes, student: str, first: frozenset[str], *, drawn: bool
    ) -> bool:
        """Whether a case is lost for this student, among those that are drawn or not."""
        others = frozenset(each.item for each in self.grader.graded.lab.rubric) - first
        for items in filter(None, (first, others)):
            for each in self._run(processes, student, items, drawn=drawn):
                if each.verdict is not Verdict.PASSED:
                    self.lost = self.lost or f"{each.item}, {each.case}, for {student}"
                    return True
        return False

    def _run(
        self,
        processes: Processes,
        student: str,
        items: frozenset[str] | None = None,
        *,
        drawn: bool | None = None,
        early: bool = True,
    ) -> Sequence[CaseResult]:
        """What the cases came to. A fault of ours, or too busy a machine, is raised."""
        graded = self.grader.graded
        run = self.grader.hidden_suite.run(
            processes,
            graded.seed(student),
            only=items,
            stop_early=early,
            evidence=graded.evidence(self.trial),
            drawn=drawn,
        )
        processes.check_time()
        for each in run.results:
            if each.verdict is Verdict.GRADER_FAULT:
                raise CourseError(each.finding.error)
        return run.results
