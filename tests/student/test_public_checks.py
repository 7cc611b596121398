"""A warm check says what a cold one says, again and again, whatever died or changed meanwhile."""

import os
import re
import signal
import sys
import threading
from pathlib import Path

import pytest

from grader.course import load_course
from grader.errors import CourseError
from grader.student.checking import PublicChecks, check_once, work_of
from grader.student.workspace import start

ADD = "def add(x, y):\n    return {}\n"
HANGS = "while True:\n    pass\n"


@pytest.fixture
def workspace(course, tmp_path):
    """A student's folder, in which a call may take a minute: a test that waits for it fails."""
    toml = course.root / "assignments/adding/assignment.toml"
    toml.write_text(toml.read_text().replace("call_seconds = 1.0", "call_seconds = 60.0"))
    made = start(load_course(course.root).lab("adding"), tmp_path)
    made.file.write_text(ADD.format("x - y"))
    return made


@pytest.fixture
def warm(workspace, level):
    """Nothing in it is warm yet."""
    check = PublicChecks(workspace, level)
    yield check
    check.close()


def told(warm, workspace):
    """What a run tells of the file as it is now."""
    results = []
    run = warm.run(work_of(workspace), on_result=results.append)
    assert tuple(results) == run.results
    return results


def facts(results):
    """Results but for how long they took."""
    return [(each.item, each.case, each.verdict, each.finding) for each in results]


def children():
    """The processes that this one has started and not reaped."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for path in tasks for pid in path.read_text().split()}


def test_it_says_what_a_cold_check_says(warm, workspace, level):
    """Kept sandbox, kept suite, fresh processes: the same results, twice over."""
    cold = facts(check_once(workspace, level).results)
    assert facts(told(warm, workspace)) == cold
    assert facts(told(warm, workspace)) == cold


def test_the_newest_file_is_checked(warm, workspace):
    """Nothing of the code that ran before is left in what runs next."""
    assert told(warm, workspace)[0].verdict == "failed"
    workspace.file.write_text(ADD.format("x + y"))
    assert told(warm, workspace)[0].verdict == "passed"


def test_edited_tests_are_collected_anew(warm, workspace, monkeypatch):
    """An edit counts at once, also one of the same length within the same second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    workspace.file.write_text(ADD.format("x + y"))
    released = workspace.public_suite.read_text()
    own = workspace.folder / "test_public.py"
    for edited, verdict in (("x - y", "failed"), ("x + y", "passed"), ("y - x", "failed")):
        own.write_text(released.replace("x + y", edited))
        assert told(warm, workspace)[0].verdict == verdict, edited


def test_tests_that_do_not_load_are_told_and_mended(warm, workspace):
    """A mistake in the tests ends one check with its reason; the next one is new."""
    own = workspace.folder / "test_public.py"
    released = own.read_text()
    own.write_text("def test_(:\n")
    with pytest.raises(CourseError, match=r"test_public\.py"):
        told(warm, workspace)
    own.write_text(released)
    assert told(warm, workspace)[0].verdict == "failed"


def test_a_sandbox_that_died_between_checks_is_opened_anew(warm, workspace):
    """Whatever ended it, the student sees the result and nothing else."""
    before = children()
    first = facts(told(warm, workspace))
    for pid in children() - before:
        os.kill(pid, signal.SIGKILL)
    assert facts(told(warm, workspace)) == first


def test_a_sandbox_that_dies_during_a_check_is_opened_anew(warm, workspace, level):
    """Each result is told once, in order, and none is the sandbox's death."""
    workspace.file.write_text(ADD.format("x + y"))
    cold, before, results = facts(check_once(workspace, level).results), children(), []

    def kill_first(result):
        results.append(result)
        for pid in children() - before if len(results) == 1 else ():
            os.kill(pid, signal.SIGKILL)

    run = warm.run(work_of(workspace), on_result=kill_first)
    assert facts(results) == facts(run.results) == cold


ENDLESS = {
    "import": HANGS,
    "call": "def add(x, y):\n    while True:\n        pass\n",
    "rank": ADD.format("x + y")
    + "def total(x, group):\n    while group.rank:\n        pass\n    return group.all_reduce(x)\n",
}


@pytest.mark.parametrize("where", ENDLESS)
def test_a_check_that_nobody_wants_ends_soon(warm, workspace, where):
    """Endless at import, in a call, or in one rank that others wait for: no limit is waited for."""
    workspace.file.write_text(ENDLESS[where])
    results, ended = [], threading.Event()

    def check():
        warm.run(work_of(workspace), on_result=results.append)
        ended.set()

    threading.Thread(target=check, daemon=True).start()
    for _ in range(400):
        if ended.wait(0.05):
            break
        warm.give_up()
    assert ended.is_set()
    lost = next(each for each in results if each.verdict != "passed")
    assert not re.search(r"no answer within (5|60) s", lost.finding.error)


def test_after_one_that_was_given_up_the_next_is_whole(warm, workspace):
    """Giving up is about one check, not about those that come."""
    test_a_check_that_nobody_wants_ends_soon(warm, workspace, "call")
    workspace.file.write_text(ADD.format("x + y"))
    assert told(warm, workspace)[0].verdict == "passed"
