"""One submission through all steps: sandbox, hidden suite, score, explanation."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from grader.course import Course, Lab, suite_digest
from grader.errors import CourseError, SandboxError, StarvedError
from grader.evidence import live_trace, nonce_of
from grader.fabric import services_for
from grader.judge.scoring import message_of, scored, total, unloadable, verdict_of, withheld
from grader.results import GRADED, Result, RubricResult, Verdict
from grader.sandbox import Level, Limits, Sandbox
from grader.submissions import Submission
from grader.suite.evidence import Evidence
from grader.suite.failures import failure_of
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes
from grader.suite.run import Suite

PUBLIC_SEED = b"public"  # public cases draw nothing; were one to, everyone would get the same
EXPLAIN_SECONDS = 6.0  # of its own time, for public cases that explain hidden ones


@dataclass(frozen=True)
class GradedLab:
    """A lab with all that grading it takes. `suite` is the digest that results depend on."""

    lab: Lab
    hidden: Path
    key: bytes
    suite: str
    synthetic: bool = False  # whether traces that nothing ran for count: for `validate` only
    live: bool = False  # whether what has no trace is run on a GPU here, without isolation

    @classmethod
    def of(
        cls, course: Course, slug: str, *, synthetic: bool = False, live: bool = False
    ) -> "GradedLab":
        """The lab of that course, with its hidden suite and the course key."""
        lab = course.lab(slug)
        hidden = course.hidden_suite(lab)
        return cls(lab, hidden, course.key(), suite_digest(lab, hidden), synthetic, live)

    @property
    def stamp(self) -> str:
        """Tells this suite with this course key from any other, and nothing of the key."""
        return hmac.digest(self.key, self.suite.encode(), hashlib.sha256).hex()

    def seed(self, student: str) -> bytes:
        """What the hidden inputs of this student are drawn from."""
        return hmac.digest(self.key, f"{self.lab.slug}\0{student}".encode(), hashlib.sha256)

    def evidence(self, submission: Submission) -> Evidence | None:
        """The submission's trace, or one made here, and the challenge that its student has.

        None where the lab asks for no trace.
        """
        nonce = nonce_of(self.key, self.lab.slug, submission.student)
        found = Evidence.of(self.lab, nonce, submission.trace, synthetic=self.synthetic)
        if found and self.live and found.raw is None and not submission.problem:
            source = submission.files[self.lab.assignment.file]
            found.raw = live_trace(found.kind, source, found.challenge)
        return found


def open_sandbox(lab: Lab, level: Level) -> Sandbox:
    """A sandbox at that level with what the lab's submissions may import, already imported."""
    preload = lab.assignment.preload
    return Sandbox(level, preload=preload, services=services_for(preload))


def limits_of(lab: Lab) -> Limits:
    """The limits of one call, from the assignment."""
    limits = lab.assignment.limits
    return Limits(call_time_s=limits.call_seconds, memory_bytes=limits.memory_mb << 20)


class Grader:
    """Grades one submission after another: suites collected, a sandbox warm."""

    def __init__(self, graded: GradedLab, sandbox: Sandbox) -> None:
        self.graded = graded
        self.sandbox = sandbox
        self._suites: dict[Path, Suite] = {}

    def grade(self, submission: Submission) -> Result:
        """The result.

        A fault of the suite or the sandbox withholds the score and is told in `note`; it
        never raises and never is a zero.
        """
        lab, name, started = self.graded.lab, submission.name, time.perf_counter()
        try:
            evidence = self.graded.evidence(submission)
            rubric, note = self._rubric(submission, evidence)
            faulty = any(each.verdict is Verdict.GRADER_FAULT for each in rubric)
            silent = faulty or submission.problem
            told = evidence.verdict() if evidence and not silent else ""
        except StarvedError as error:
            result = withheld(lab, name, str(error), time.perf_counter() - started)
            return msgspec.structs.replace(result, starved=True)
        except (CourseError, SandboxError) as error:
            self.close()  # a session that broke off is not asked again: the next one is new
            return withheld(lab, name, str(error), time.perf_counter() - started)
        seconds = time.perf_counter() - started
        if faulty:
            return withheld(lab, name, note, seconds, rubric)
        score = sum(each.points for each in rubric)
        return Result(name, GRADED, score, total(lab), seconds, tuple(rubric), note, told)

    @property
    def hidden_suite(self) -> Suite:
        """The hidden suite, collected."""
        return self._suite(self.graded.hidden)

    def close(self) -> None:
        """Ends the suites' sessions; the sandbox is its owner's."""
        for suite in self._suites.values():
            suite.close()
        self._suites.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rubric(
        self, submission: Submission, evidence: Evidence | None
    ) -> tuple[list[RubricResult], str]:
        """Every item's result, and the note: what could not be run, or our first fault."""
        lab, problem = self.graded.lab, submission.problem
        if problem:
            return [scored(item, Verdict.FAILED, problem) for item in lab.rubric], problem
        seed = self.graded.seed(submission.student)
        with processes_of(lab, submission, self.sandbox) as processes:
            run = self.hidden_suite.run(processes, seed, evidence=evidence)
            processes.check_time()
            # What is raised by a file that has loaded before may hold hidden inputs.
            broken = None if processes.fickle else processes.load_failure
            compiled = processes.compiled
        verdicts = {item.item: verdict_of(item.item, run.results) for item in lab.rubric}
        faults = [each for each in verdicts.values() if each.verdict is Verdict.GRADER_FAULT]
        if broken is not None and not faults:
            return unloadable(lab, verdicts, failure_of(broken, lab.assignment.file, loading=True))
        shown = self._public_findings(submission, verdicts, evidence, compiled)
        rubric = [
            scored(each, case.verdict, message_of(lab, each, case, shown))
            for each, case in zip(lab.rubric, verdicts.values(), strict=True)
        ]
        return rubric, faults[0].finding.error if faults else ""

    def _public_findings(
        self,
        submission: Submission,
        verdicts: Mapping[str, CaseResult],
        evidence: Evidence | None,
        compiled: bytes,
    ) -> Mapping[str, CaseResult]:
        """For each lost item the first public case that fails on this submission, if one does.

        In fresh processes: one that has seen hidden inputs could carry them into what is shown.
        """
        silent = (Verdict.PASSED, Verdict.BLOCKED, Verdict.GRADER_FAULT)
        lost = frozenset(name for name, case in verdicts.items() if case.verdict not in silent)
        if not lost:
            return {}
        lab = self.graded.lab
        with processes_of(lab, submission, self.sandbox, EXPLAIN_SECONDS) as processes:
            processes.compiled = compiled
            suite = self._suite(lab.public_suite)
            run = suite.run(processes, PUBLIC_SEED, only=lost, evidence=evidence)
            processes.check_time()  # or it would say that every public case passes
        return {case.item: case for case in reversed(run.results) if case.verdict not in silent}

    def _suite(self, path: Path) -> Suite:
        if path not in self._suites:
            self._suites[path] = Suite(path, self.graded.lab)
        return self._suites[path]


def processes_of(
    lab: Lab, submission: Submission, sandbox: Sandbox, budget_s: float | None = None
) -> Processes:
    """The processes of one submission, within the lab's limits."""
    budget = lab.assignment.limits.submission_seconds if budget_s is None else budget_s
    return Processes(sandbox, submission.files, lab.entry, limits_of(lab), budget)
