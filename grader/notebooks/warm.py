"""A grader that stays warm from one notebook to the next, in nbgrader's process.

nbgrader makes a new preprocessor for every notebook. The sandbox and the collected suites are
kept here between them; formgrader's server lives for days, so what is kept is looked at again
for each notebook, and replaced if the lab has changed or the sandbox has died.
"""

import atexit
from pathlib import Path

from grader.course import load_course
from grader.judge import GradedLab, Grader, open_sandbox
from grader.results import Result
from grader.sandbox import Level
from grader.submissions import Submission

_kept: dict[tuple[Path, str, Level, str], Grader] = {}


def grade_warm(root: Path, slug: str, level: Level, submission: Submission) -> Result:
    """The result of one submission; what it takes stays open until `close_kept`."""
    graded = GradedLab.of(load_course(root), slug)
    key = (root, slug, level, graded.stamp)
    if key not in _kept or not _kept[key].sandbox.alive:
        close_kept()
        _kept[key] = Grader(graded, open_sandbox(graded.lab, level))
    return _kept[key].grade(submission)


def close_kept() -> None:
    """Ends what is kept open; at the end of the process by itself."""
    while _kept:
        _, grader = _kept.popitem()
        grader.close()
        grader.sandbox.close()


atexit.register(close_kept)
