"""Public runs of what was handed in, for the pictures of a student's own work."""

from typing import Self

from grader.course import Lab
from grader.errors import CourseError, SandboxError
from grader.evidence import nonce_of
from grader.judge import PUBLIC_SEED, open_sandbox, processes_of
from grader.sandbox import Level
from grader.submissions import Submission
from grader.suite.evidence import Evidence
from grader.suite.run import Suite, SuiteRun


class PublicRuns:
    """One warm sandbox and the public suite, for one submission after another."""

    def __init__(self, lab: Lab, key: bytes, level: Level) -> None:
        self._lab, self._key = lab, key
        self._sandbox = open_sandbox(lab, level)
        try:
            self._suite = Suite(lab.public_suite, lab)
        except BaseException:
            self._sandbox.close()
            raise

    def of(self, submission: Submission) -> SuiteRun | None:
        """What the public suite made of it, up to what failed first; None if nothing could run.

        Public inputs only, so what is drawn holds nothing that is hidden.
        """
        if submission.problem:
            return None
        nonce = nonce_of(self._key, self._lab.slug, submission.student)
        try:
            evidence = Evidence.of(self._lab, nonce, submission.trace)
            with processes_of(self._lab, submission, self._sandbox) as processes:
                return self._suite.run(processes, PUBLIC_SEED, stop_early=True, evidence=evidence)
        except (CourseError, SandboxError):
            return None  # a page without its picture is better than none

    def close(self) -> None:
        """Ends the suite's session and the sandbox."""
        self._suite.close()
        self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
