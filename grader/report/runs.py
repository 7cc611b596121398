"""Public runs of what was handed in, for the pictures of a student's own work."""

from grader.errors import CourseError, SandboxError
from grader.judge import Judge
from grader.submissions import Submission
from grader.suite.run import SuiteRun


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
