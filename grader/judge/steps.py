"""One submission against the hidden suite: its score, and an explanation of what was lost."""

import time
from collections.abc import Mapping

from grader.course import POINTS_OF_A_LAB
from grader.errors import CourseError, SandboxError
from grader.judge.judge import PUBLIC_SEED, Judge
from grader.judge.scoring import finding_of, scored, unloadable, verdict_of, withheld
from grader.results import GRADED, Finding, Result, RubricResult, Verdict
from grader.submissions import Submission
from grader.suite.evidence import Evidence
from grader.suite.explain.loading import load_failure
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes

EXPLAIN_SECONDS = 6.0  # of its own time, for public cases that explain hidden ones
_SILENT = (Verdict.PASSED, Verdict.BLOCKED, Verdict.GRADER_FAULT)  # no public case explains it


def grade(judge: Judge, submission: Submission, seed: bytes | None = None) -> Result:
    """The submission's result, with inputs drawn from the seed, by default its student's.

    A fault of the suite or the sandbox withholds the score and is told in `note`; it never
    raises and never is a zero.
    """
    name, started = submission.name, time.perf_counter()
    try:
        evidence = judge.evidence(submission)
        drawn_from = judge.lab.seed(submission.student) if seed is None else seed
        rubric, note = _rubric(judge, submission, evidence, drawn_from)
        faulty = any(each.verdict is Verdict.GRADER_FAULT for each in rubric)
        silent = faulty or submission.problem
        told = evidence.verdict() if evidence and not silent else ""
    except (CourseError, SandboxError) as error:
        return withheld(name, error, time.perf_counter() - started)
    seconds = time.perf_counter() - started
    if faulty:
        return withheld(name, note, seconds, rubric)
    score = sum(each.points for each in rubric)
    return Result(name, GRADED, score, POINTS_OF_A_LAB, seconds, tuple(rubric), note, told)


def _rubric(
    judge: Judge, submission: Submission, evidence: Evidence | None, seed: bytes
) -> tuple[list[RubricResult], str]:
    """Every item's result, and the note: what could not be run, or our first fault."""
    lab, problem = judge.lab, submission.problem
    if problem:
        told = Finding(text=problem)
        return [scored(item, Verdict.FAILED, told) for item in lab.rubric], problem
    with judge.open(submission) as processes:
        suite = judge.suite(lab.hidden_suite)
        run = suite.run(processes, seed, evidence=evidence)
        processes.check_time()
        # What is raised by a file that has loaded before may hold hidden inputs.
        broken = None if processes.fickle else processes.load_failure
    verdicts = {item.item: verdict_of(item.item, run.results) for item in lab.rubric}
    faults = [each for each in verdicts.values() if each.verdict is Verdict.GRADER_FAULT]
    if broken is not None and not faults:
        failure = load_failure(broken, lab.assignment.file, processes.source)
        return unloadable(lab, verdicts, failure)
    lost = frozenset(name for name, case in verdicts.items() if case.verdict not in _SILENT)
    shown = _public_findings(judge, submission, lost, evidence, processes) if lost else {}
    rubric = [
        scored(each, case.verdict, finding_of(lab, each, case, shown))
        for each, case in zip(lab.rubric, verdicts.values(), strict=True)
    ]
    return rubric, faults[0].finding.error if faults else ""


def _public_findings(
    judge: Judge,
    submission: Submission,
    lost: frozenset[str],
    evidence: Evidence | None,
    hidden: Processes,
) -> Mapping[str, CaseResult]:
    """For each lost item the first public case that fails on this submission, if one does.

    In fresh processes: one that has seen hidden inputs could carry them into what is shown.
    """
    with judge.open(submission, EXPLAIN_SECONDS, after=hidden) as processes:
        suite = judge.suite(judge.lab.public_suite)
        run = suite.run(processes, PUBLIC_SEED, only=lost, evidence=evidence)
        processes.check_time()  # or it would say that every public case passes
    return {case.item: case for case in reversed(run.results) if case.verdict not in _SILENT}
