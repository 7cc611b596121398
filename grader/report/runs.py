"""Public runs of what was handed in, for the pictures of a student's own work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grader.course import Lab
from grader.errors import CourseError, SandboxError
from grader.judge import Judge
from grader.sandbox import Level, check_installed
from grader.submissions import Submission
from grader.suite.run import SuiteRun


@contextmanager
def public_runs(lab: Lab, level: Level) -> Iterator[Callable[[Submission], SuiteRun | None]]:
    """Yields what runs a submission for its picture.

    Raises SandboxError where the lab can't be run here, and CourseError where its public suite
    can't be collected, before any submission is.
    """
    check_installed(lab.assignment.preload)
    with Judge(lab, level) as judge:
        judge.suite(lab.public_suite)
        yield lambda submission: public_run(judge, submission)


def public_run(judge: Judge, submission: Submission) -> SuiteRun | None:
    """What the public suite says of it, up to what failed first; None if nothing could run.

    Public inputs only, so what is drawn holds nothing that is hidden.
    """
    if submission.problem:
        return None
    try:
        return judge.judge(submission, judge.lab.public_suite, stop_early=True)
    except (CourseError, SandboxError):
        return None  # a page without its picture is better than none
