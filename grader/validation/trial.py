"""Whether a submission of the course's own is judged alike for every student.

Luck must not decide: a mistake costs points whoever hands it in, and a right answer earns them.
Most cases have the same inputs for everyone; only those that ask for `rng` differ, so one
student's run of the others holds for all, and just the drawn ones are run again, in the same
processes. Where a case with fixed inputs is lost, nothing is left to be drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import CourseError, SandboxError
from grader.grading import Grader, processes_of, withheld
from grader.results import GRADED, Result, Verdict
from grader.submissions import Submission
from grader.suite.finding import CaseResult

STUDENTS = tuple(f"student-{number}" for number in range(20))


@dataclass(frozen=True)
class Trial(Submission):
    """A submission that is tried for `students`, and is not explained to any of them."""

    students: tuple[str, ...] = STUDENTS


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
        kept, lost = _kept_for(grader, submission, submission.students)
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
    return Tried(submission.name, GRADED, score, total, 0.0, (), "", "", kept, number, case)


def _kept_for(
    grader: Grader, submission: Submission, students: Sequence[str]
) -> tuple[tuple[str, ...], CaseResult | None]:
    """The students for whom no case is lost, and the first that is lost for another one."""
    graded, suite = grader.graded, grader.hidden_suite
    kept, first = [], None
    with processes_of(graded.lab, submission, grader.sandbox) as processes:
        evidence = graded.evidence(submission)
        seed = graded.seed(submission.student)
        fixed = suite.run(processes, seed, evidence=evidence, stop_early=True, drawn=False)
        if lost := _first_lost(fixed.results):
            return (), lost
        for student in students:
            processes.renew()
            seed = graded.seed(student)
            drawn = suite.run(processes, seed, evidence=evidence, stop_early=True, drawn=True)
            lost = _first_lost(drawn.results)
            if lost is None:
                kept.append(student)
            first = first or lost
            if lost is not None and lost.verdict is Verdict.GRADER_FAULT:
                return (), lost
    return tuple(kept), first


def _first_lost(results: Sequence[CaseResult]) -> CaseResult | None:
    """The first fault of ours, else the first lost case; None where all passed."""
    faults = (each for each in results if each.verdict is Verdict.GRADER_FAULT)
    losses = (each for each in results if each.verdict is not Verdict.PASSED)
    return next(faults, None) or next(losses, None)
