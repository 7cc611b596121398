"""The judge of one lab: keeps a sandbox and the collected suites from submission to submission."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from grader.course import Lab
from grader.errors import SandboxError
from grader.evidence import live_trace, nonce_of
from grader.fabric import services_for
from grader.sandbox import Level, Sandbox
from grader.submissions import Submission
from grader.suite.evidence import Evidence
from grader.suite.finding import CaseResult
from grader.suite.processes import Processes
from grader.suite.run import Suite, SuiteRun

PUBLIC_SEED = b"public"  # public cases draw nothing; were one to, everyone would get the same
TRIES = 2  # of a submission whose sandbox died meanwhile


class Judge:
    """Judges one submission after another, each in processes of its own.

    Sandbox and suites are opened when they are first needed. A sandbox that died, and a suite
    whose session broke off, are replaced at the next use. `nonce` is that of the one student
    whose machine this is; elsewhere each student's follows from the course key. With `synthetic`,
    traces that nothing ran for count, as `validate` needs. With `live`, what has no trace is run
    on a GPU here, without isolation. `patience_s` is for suites that hang; see `Suite`.
    """

    def __init__(
        self,
        lab: Lab,
        level: Level,
        *,
        nonce: str = "",
        synthetic: bool = False,
        live: bool = False,
        patience_s: float | None = None,
    ) -> None:
        self.lab, self.level = lab, level
        self._patience_s = patience_s
        self._nonce, self._synthetic, self._live = nonce, synthetic, live
        self._sandbox: Sandbox | None = None
        self._suites: dict[Path, Suite] = {}
        self._processes: Processes | None = None

    def judge(
        self,
        submission: Submission,
        suite: Path,
        *,
        only: frozenset[str] | None = None,
        stop_early: bool = False,
        on_result: Callable[[CaseResult], None] = lambda _: None,
    ) -> SuiteRun:
        """What a public suite says of the submission; `on_result` is told each case once, in order.

        With `only`, just the cases of those rubric items.

        Where the sandbox dies meanwhile, the rest is judged in a new one.

        Raises:
            CourseError: the suite can't be collected, or breaks off.
            SandboxError: there is no sandbox to be had, or the submission ends every one.
        """
        told = 0
        for _ in range(TRIES):
            with self.open(submission) as processes:
                seen, sandbox = 0, processes.sandbox

                def tell(result: CaseResult, sandbox: Sandbox = sandbox) -> None:
                    nonlocal told, seen
                    seen += 1
                    if sandbox.alive and seen > told:
                        told += 1
                        on_result(result)

                run = self.suite(suite).run(
                    processes,
                    PUBLIC_SEED,
                    only=only,
                    stop_early=stop_early,
                    on_result=tell,
                    evidence=self.evidence(submission),
                    prints=True,
                )
            if self.alive:
                return run
        raise SandboxError("the sandbox ended during the check, twice")

    @contextmanager
    def open(
        self,
        submission: Submission,
        budget_s: float | None = None,
        *,
        after: Processes | None = None,
    ) -> Iterator[Processes]:
        """Fresh processes for a submission, ended with the block, within the lab's limits.

        All of them share the budget, by default the lab's. `after` are earlier processes of the
        same submission: these come from the same sandbox, dead or alive, and with what was
        compiled. An error in the block drops all suites: a session that broke off is not asked
        again.
        """
        sandbox, compiled = (
            (after.sandbox, after.compiled) if after else (self._live_sandbox(), b"")
        )
        processes = Processes.of(self.lab, submission, sandbox, budget_s, compiled)
        try:
            with processes as self._processes:
                yield self._processes
        except BaseException:
            self.drop_suites()
            raise
        finally:
            self._processes = None

    def suite(self, path: Path) -> Suite:
        """The suite there, collected: as it was when it was first asked for, until dropped."""
        if path not in self._suites:
            self._suites[path] = Suite(path, self.lab, self._patience_s)
        return self._suites[path]

    def evidence(self, submission: Submission) -> Evidence | None:
        """The submission's trace, or one made here, and the challenge that its student has.

        None where the lab asks for no trace.
        """
        nonce = self._nonce or nonce_of(self.lab.key, self.lab.slug, submission.student)
        found = Evidence.of(self.lab, nonce, submission.trace, synthetic=self._synthetic)
        if found and self._live and found.raw is None and not submission.problem:
            source = submission.files[self.lab.assignment.file]
            found.raw = live_trace(found.kind, source, found.challenge)
        return found

    @property
    def alive(self) -> bool:
        """Whether the sandbox that was used last still lives."""
        return self._sandbox is not None and self._sandbox.alive

    def give_up(self) -> None:
        """Ends the present judgement soon, whatever it waits for. May be called from any thread."""
        processes = self._processes
        if processes is not None:
            processes.give_up()

    def drop_suites(self) -> None:
        """Ends the suites' sessions; the next use collects anew."""
        while self._suites:
            self._suites.popitem()[1].close()

    def close(self) -> None:
        """Ends the suites' sessions and the sandbox; a later use opens them anew."""
        self.drop_suites()
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()

    def __enter__(self) -> Self:
        self._live_sandbox()  # where there is none to be had, that is said at once
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _live_sandbox(self) -> Sandbox:
        if self._sandbox is not None and not self._sandbox.alive:
            self._sandbox.close()
            self._sandbox = None
        if self._sandbox is None:
            preload = self.lab.assignment.preload
            self._sandbox = Sandbox(self.level, preload=preload, services=services_for(preload))
        return self._sandbox
