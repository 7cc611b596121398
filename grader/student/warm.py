"""A check of which everything but the student's own processes is ready."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import SandboxError, UsageError
from grader.judge import PUBLIC_SEED, open_sandbox, processes_of
from grader.sandbox import Level, Sandbox
from grader.student.checking import OnResult, evidence_of
from grader.student.workspace import Workspace
from grader.submissions import Submission
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes
from grader.suite.run import Suite, SuiteRun


class WarmCheck:
    """A workspace's public checks, with sandbox and suite kept from one to the next."""

    def __init__(self, workspace: Workspace, level: Level) -> None:
        self._workspace = workspace
        self._level = level
        self._sandbox: Sandbox | None = None
        self._suite: Suite | None = None
        self._collected: tuple[Path, bytes] | None = None
        self._processes: Processes | None = None

    def run(
        self, submission: Submission, *, on_result: OnResult, stop_early: bool = True
    ) -> SuiteRun:
        """What the public tests, as they are now, say of the submission.

        A sandbox that died is opened anew, and the check goes on where it broke off.

        Raises:
            CourseError: the public tests can't be collected, or break off.
            UsageError: they can't be read.
            SandboxError: there is no sandbox to be had, or this submission ends every one.
        """
        told = 0
        for _ in range(2):
            sandbox, suite, seen = self._warm_sandbox(), self._warm_suite(), 0

            def tell(result: CaseResult, sandbox: Sandbox = sandbox) -> None:
                nonlocal told, seen
                seen += 1
                if sandbox.alive and seen > told:
                    told += 1
                    on_result(result)

            run = self._run(suite, sandbox, submission, tell, stop_early=stop_early)
            if sandbox.alive:
                return run
        raise SandboxError("the sandbox ended during the check, twice")

    def give_up(self) -> None:
        """Ends the check under way soon, whatever it is in. May be called from any thread."""
        processes = self._processes
        if processes is not None:
            processes.give_up()

    def close(self) -> None:
        """Ends the suite's session and the sandbox."""
        self._drop_suite()
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def _run(
        self,
        suite: Suite,
        sandbox: Sandbox,
        submission: Submission,
        on_result: OnResult,
        *,
        stop_early: bool,
    ) -> SuiteRun:
        workspace = self._workspace
        evidence = evidence_of(workspace, submission)
        try:
            with processes_of(workspace.lab, submission, sandbox) as processes:
                self._processes = processes
                return suite.run(
                    processes,
                    PUBLIC_SEED,
                    stop_early=stop_early,
                    on_result=on_result,
                    evidence=evidence,
                )
        except BaseException:
            self._drop_suite()  # a session that broke off is not asked again
            raise
        finally:
            self._processes = None

    def _warm_sandbox(self) -> Sandbox:
        if self._sandbox is not None and not self._sandbox.alive:
            self._sandbox.close()
            self._sandbox = None
        if self._sandbox is None:
            self._sandbox = open_sandbox(self._workspace.lab, self._level)
        return self._sandbox

    def _warm_suite(self) -> Suite:
        path = self._workspace.public_suite
        try:
            now = (path, path.read_bytes())
        except OSError as error:
            raise UsageError(f"{path} can't be read: {error.strerror}") from None
        if self._suite is None or self._collected != now:
            self._drop_suite()
            with _nothing_compiled_kept():
                self._suite = Suite(path, self._workspace.lab)
            self._collected = now
        return self._suite

    def _drop_suite(self) -> None:
        suite, self._suite = self._suite, None
        if suite is not None:
            suite.close()


@contextmanager
def _nothing_compiled_kept() -> Iterator[None]:
    """Has no `.pyc` written: older pytests tell its age by whole seconds and the source's size."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
