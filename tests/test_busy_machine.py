"""A machine that others keep busy: what a submission earns does not depend on it."""

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest

from grader.grading import Settings, grade_all
from grader.submissions import from_source

pytestmark = [pytest.mark.slow, pytest.mark.alone]

GOOD = """\
def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} {y.shape}")
    return x + y


def total(x, group):
    return group.all_reduce(x)
"""
# Within its limits where it is alone: a third of the time that a call may take, 1 s.
WORKS_HARD = """\
import time

def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

work(0.2)
""" + GOOD.replace("    return x + y", "    work(0.3)\n    return x + y")
SOURCES = {
    "right": GOOD,
    "works hard": WORKS_HARD,
    "loops": GOOD.replace("return x + y", "while True: pass"),
    "sleeps": "import time\n" + GOOD.replace("return x + y", "time.sleep(1e6)"),
    "wrong": GOOD.replace("all_reduce(x)", "all_reduce(x) / group.world_size"),
}
_BUSY = "import os\nwhile os.getppid() == {parent}: pass"


@contextmanager
def busy(processes):
    """That many processes that never rest. They end with this one, too."""
    with ExitStack() as stack:
        for _ in range(processes):
            command = [sys.executable, "-S", "-c", _BUSY.format(parent=os.getpid())]
            stack.callback(stack.enter_context(subprocess.Popen(command)).kill)
        yield


@pytest.fixture
def results(course, level):
    """Grades the sources, six at once; name to what each came to."""
    lab = course.lab("adding")
    settings = Settings(lab, level)
    work = [from_source(lab, name, source.encode()) for name, source in SOURCES.items()]

    def grade():
        graded = grade_all(settings, work, jobs=6)
        return {r.submission: (r.status, r.score, r.rubric) for r in graded}

    return grade


def test_a_busy_machine_changes_no_result(results):
    """Beside ten processes for each core: scores, verdicts and findings are the same."""
    idle = results()
    assert {name: score for name, (_, score, _) in idle.items()} == {
        "right": 100,
        "works hard": 100,
        "loops": 0,
        "sleeps": 0,
        "wrong": 40,
    }
    with busy(10 * len(os.sched_getaffinity(0))):
        assert results() == idle
