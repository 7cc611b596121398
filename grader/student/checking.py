"""Runs the public checks on a student's own file, for `check`, `watch` and `submit`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import CourseError
from grader.judge import Judge
from grader.results import Finding, Verdict
from grader.sandbox import Level
from grader.student.workspace import OWN_TESTS_MEND, Checked, Workspace
from grader.submissions import Submission, read_submission
from grader.suite.finding import CaseResult
from grader.suite.run import Suite, SuiteRun

OnResult = Callable[[CaseResult], None]


def work_of(workspace: Workspace) -> Submission:
    """The student's file as it is now, or its problem if it can't be read."""
    return read_submission(workspace.lab, workspace.file, workspace.lab.slug)


def check_once(
    workspace: Workspace,
    level: Level,
    *,
    submission: Submission | None = None,
    on_result: OnResult = lambda _: None,
    stop_early: bool = True,
) -> SuiteRun:
    """Runs the public checks once on the submission, or on the file as it is now."""
    submission = submission or work_of(workspace)
    if submission.problem:
        return _unreadable(workspace, submission.problem, on_result)
    with PublicChecks(workspace, level) as checks:
        return checks.run(submission, on_result=on_result, stop_early=stop_early)


class PublicChecks(Judge):
    """The judge of a student's own folder, whose public tests may change from run to run."""

    def __init__(self, workspace: Workspace, level: Level) -> None:
        super().__init__(workspace.lab, level, nonce=workspace.nonce)
        self._workspace = workspace
        self._tests = b""

    def run(
        self,
        submission: Submission,
        *,
        on_result: OnResult,
        stop_early: bool = True,
        with_trace: bool = True,
    ) -> SuiteRun:
        """Runs the public tests, as they are now, on the submission; see `judge`.

        Without `with_trace`, just the items about code.

        Raises:
            UsageError: the tests can't be read.
        """
        path, tests = self._workspace.public_suite, self._workspace.public_tests()
        if tests != self._tests:
            self.drop_suites()
            self._tests = tests
        try:
            only = None if with_trace else self._items_of_code(path)
            return self.judge(
                submission, path, only=only, stop_early=stop_early, on_result=on_result
            )
        except CourseError as error:
            if self._workspace.public_suite_changed:
                raise CourseError(*error.problems, OWN_TESTS_MEND) from None
            raise

    def _items_of_code(self, path: Path) -> frozenset[str]:
        return frozenset(each.item for each in self.lab.rubric) - self.suite(path).of_trace

    def suite(self, path: Path) -> Suite:
        """The collected suite of that path."""
        with _nothing_compiled_kept():
            return super().suite(path)


def passed_items(run: SuiteRun) -> int:
    """How many rubric items lost no case."""
    items = {result.item for result in run.results}
    lost = {result.item for result in run.results if result.verdict is not Verdict.PASSED}
    return len(items - lost)


def open_items(run: SuiteRun) -> list[str]:
    """The items that this machine could not show; none of them is a mistake."""
    return [result.item for result in run.results if result.finding.open]


def checked_of(run: SuiteRun) -> Checked:
    """What is remembered of a check."""
    items = {result.item for result in run.results}
    return Checked(passed_items(run), len(items), len(open_items(run)))


def _unreadable(workspace: Workspace, problem: str, on_result: OnResult) -> SuiteRun:
    """The run of a file that can't be read: the first item says why, the others wait for it."""
    first, *others = (item.item for item in workspace.lab.rubric)
    failed = CaseResult(first, "reading the file", Verdict.FAILED, Finding(error=problem))
    waiting = [CaseResult(item, "reading the file", Verdict.BLOCKED) for item in others]
    for result in (failed, *waiting):
        on_result(result)
    return SuiteRun((failed, *waiting))


@contextmanager
def _nothing_compiled_kept() -> Iterator[None]:
    """Writes no `.pyc` in the block: older pytests know its age only by second and source size."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
