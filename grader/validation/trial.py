"""Whether a submission of the course's own is judged alike for every student.

Luck must not decide: a mistake costs points whoever hands it in, and a right answer earns them.
Most cases have the same inputs for everyone; only those that ask for `rng` differ, so one
student's run of the others holds for all, and just the drawn ones are run again, in the same
processes. Where a case with fixed inputs is lost, nothing is left to be drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from grader.errors import CourseError, SandboxError, StarvedError
from grader.grading import Grader, processes_of, withheld
from grader.results import GRADED, Result, Verdict
from grader.submissions import Submission
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes

STUDENTS = tuple(f"student-{number}" for number in range(20))


@dataclass(frozen=True)
class Trial(Submission):
    """A submission that is tried for `students`, and is not explained to any of them.

    The cases of the items in `first` are run before all others: they are likely to tell.
    """

    students: tuple[str, ...] = STUDENTS
    first: frozenset[str] = frozenset()


class Tried(Result, frozen=True):
    """What came of a trial: for whom it loses nothing, of how many, and its first lost case."""

    kept_for: tuple[str, ...] = ()
    students: int = 0
    lost: str = ""


def try_out(grader: Grader, submission: Submission) -> Result:
    """The result of a `Trial`; that of any other submission as for a student."""
    if not isinstance(submission, Trial):
        return grader.grade(submission)
    lab = grader.graded.lab
    try:
        kept, lost = _kept_for(grader, submission)
    except StarvedError as error:
        return replace(withheld(lab, submission.name, str(error)), starved=True)
    except (CourseError, SandboxError) as error:
        grader.close()  # as after any session that broke off
        return withheld(lab, submission.name, str(error))
    if lost is not None and lost.verdict is Verdict.GRADER_FAULT:
        return withheld(lab, submission.name, lost.finding.error)
    total = sum(each.points for each in lab.rubric)
    all_kept = len(kept) == len(submission.students)
    score = total if all_kept else 0
    case = f"{lost.item}: {lost.case}" if lost else ""
    number = len(submission.students)
    return Tried(
        submission.name, GRADED, score, total, 0.0, (), kept_for=kept, students=number, lost=case
    )


def _kept_for(grader: Grader, trial: Trial) -> tuple[tuple[str, ...], CaseResult | None]:
    """The students for whom no case is lost, and the first case that is lost for another one."""
    kept: list[str] = []
    first: CaseResult | None = None
    with processes_of(grader.graded.lab, trial, grader.sandbox) as processes:
        if lost := _lost(grader, trial, processes, trial.student, drawn=False):
            return (), lost
        for student in trial.students:
            processes.renew()
            lost = _lost(grader, trial, processes, student, drawn=True)
            if lost is None:
                kept.append(student)
            elif lost.verdict is Verdict.GRADER_FAULT:
                return (), lost
            first = first or lost
    return tuple(kept), first


def _lost(
    grader: Grader, trial: Trial, processes: Processes, student: str, *, drawn: bool
) -> CaseResult | None:
    """The case that the trial loses for this student, among those that are drawn or not."""
    graded = grader.graded
    others = frozenset(each.item for each in graded.lab.rubric) - trial.first
    for items in filter(None, (trial.first, others)):
        run = grader.hidden_suite.run(
            processes,
            graded.seed(student),
            only=items,
            stop_early=True,
            evidence=graded.evidence(trial),
            drawn=drawn,
        )
        processes.check_time()
        if lost := _first_lost(run.results):
            return lost
    return None


def _first_lost(results: Sequence[CaseResult]) -> CaseResult | None:
    """The first fault of ours, else the first lost case; None where all passed."""
    faults = (each for each in results if each.verdict is Verdict.GRADER_FAULT)
    losses = (each for each in results if each.verdict is not Verdict.PASSED)
    return next(faults, None) or next(losses, None)
