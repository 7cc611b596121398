"""The public checks on a student's own file: what `check`, `watch` and `submit` have in common."""

from collections.abc import Callable

from grader.judge import PUBLIC_SEED, open_sandbox, processes_of
from grader.results import Verdict
from grader.sandbox import Level, Sandbox
from grader.student.workspace import Workspace
from grader.submissions import Submission, read_submission
from grader.suite.evidence import Evidence
from grader.suite.finding import CaseResult, Finding
from grader.suite.run import Suite, SuiteRun

OnResult = Callable[[CaseResult], None]


def work_of(workspace: Workspace) -> Submission:
    """The student's file as it is now; where it can't be read, the problem in words."""
    return read_submission(workspace.lab, workspace.file, workspace.lab.slug)


def check_once(
    workspace: Workspace,
    level: Level,
    *,
    submission: Submission | None = None,
    on_result: OnResult = lambda _: None,
    stop_early: bool = True,
) -> SuiteRun:
    """What the public checks say of the submission, or of the file as it is now.

    In a sandbox of its own; who checks again and again keeps one and calls `check_in`.
    """
    with open_sandbox(workspace.lab, level) as sandbox:
        return check_in(
            workspace, sandbox, submission=submission, on_result=on_result, stop_early=stop_early
        )


def check_in(
    workspace: Workspace,
    sandbox: Sandbox,
    *,
    submission: Submission | None = None,
    on_result: OnResult = lambda _: None,
    stop_early: bool = True,
) -> SuiteRun:
    """The same in a sandbox that is warm; the public tests are read anew, for they may change."""
    submission = submission or work_of(workspace)
    if submission.problem:
        return _unreadable(workspace, submission.problem, on_result)
    with (
        Suite(workspace.public_suite, workspace.lab) as suite,
        processes_of(workspace.lab, submission, sandbox) as processes,
    ):
        evidence = evidence_of(workspace, submission)
        return suite.run(
            processes, PUBLIC_SEED, stop_early=stop_early, on_result=on_result, evidence=evidence
        )


def evidence_of(workspace: Workspace, submission: Submission) -> Evidence | None:
    """What a public check knows besides the code: the student's own challenge, and the trace."""
    return Evidence.of(workspace.lab, workspace.nonce, submission.trace)


def passed_items(run: SuiteRun) -> int:
    """How many rubric items lost no case."""
    items = {result.item for result in run.results}
    lost = {result.item for result in run.results if result.verdict is not Verdict.PASSED}
    return len(items - lost)


def _unreadable(workspace: Workspace, problem: str, on_result: OnResult) -> SuiteRun:
    """Where there is nothing to run: the first item says why, and the others wait for it."""
    first, *others = (item.item for item in workspace.lab.rubric)
    failed = CaseResult(first, "reading the file", Verdict.FAILED, Finding(error=problem))
    waiting = [CaseResult(item, "reading the file", Verdict.BLOCKED) for item in others]
    for result in (failed, *waiting):
        on_result(result)
    return SuiteRun((failed, *waiting))
