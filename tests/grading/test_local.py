"""Many submissions: order, faults, neighbours, and what is left behind."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs

from grader.errors import SandboxError
from grader.grading import Settings, grade_all, local, work
from grader.judge import steps
from grader.results import GRADED, WITHHELD
from grader.sandbox import Sandbox
from grader.submissions import from_source

GOOD = """\
def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} {y.shape}")
    return x + y


def total(x, group):
    return group.all_reduce(x)
"""
HANGS = GOOD.replace("return x + y", "while True: pass")


@pytest.fixture
def settings(course, level):
    return Settings(course.lab("adding"), level)


@pytest.fixture
def submissions(course):
    """A function from sources to submissions s0, s1 and so on."""
    lab = course.lab("adding")

    def make(*sources):
        return [from_source(lab, f"s{i}", source.encode()) for i, source in enumerate(sources)]

    return make


def test_results_come_in_the_order_of_submissions(settings, submissions):
    """However many jobs, result i is of submission i."""
    work = submissions(*[GOOD, "def add(x, y):\n    return x\n"] * 4)
    results = grade_all(settings, work, jobs=3)
    assert [result.submission for result in results] == [each.name for each in work]
    assert [result.score for result in results] == [100, 0] * 4


def test_a_hanging_submission_costs_its_neighbours_nothing(settings, submissions):
    """Scores of the others are the same as without it."""
    alone = grade_all(settings, submissions(GOOD, GOOD, GOOD), jobs=2)
    beside = grade_all(settings, submissions(GOOD, HANGS, GOOD), jobs=2)
    assert [beside[0].score, beside[2].score] == [alone[0].score, alone[2].score] == [100, 100]


@pytest.fixture
def starving(monkeypatch):
    """Names of submissions for which the machine is too busy, once for each time they stand there.

    `seen` has, for each try of those, the names of what was being graded at that moment.
    """
    names, seen, running, submit = [], {}, set(), local._Worker.submit

    def starved(self, submission):
        name = submission.name
        running.add(name)
        if name in starving.ever:
            seen.setdefault(name, []).append(set(running))
        future = submit(self, submission)
        if name not in names:
            future.add_done_callback(lambda _: running.discard(name))
            return future
        names.remove(name)
        busy = Future()
        busy.set_result(structs.replace(future.result(), status=WITHHELD, score=None, starved=True))
        running.discard(name)
        return busy

    starving = SimpleNamespace(names=names, ever=set(), seen=seen)
    monkeypatch.setattr(local._Worker, "submit", starved)
    return starving


def test_who_was_starved_is_tried_again_alone(settings, submissions, starving):
    """The second try finds nobody else at work, and counts."""
    starving.names.append("s1")
    starving.ever.add("s1")
    results = grade_all(settings, submissions(*[GOOD] * 6), jobs=3)
    assert [(result.status, result.score) for result in results] == [(GRADED, 100)] * 6
    assert len(starving.seen["s1"]) == 2
    assert starving.seen["s1"][1] == {"s1"}


def test_alone_begins_when_all_others_have_ended():
    """Whoever is to be alone waits for who works, and whoever comes later waits for them."""
    turns, order = local._Turns(), []

    def alone():
        with turns.alone():
            order.append("alone")

    def later():
        with turns.beside_others():
            order.append("later")

    threads = [threading.Thread(target=each, daemon=True) for each in (alone, later)]
    with turns.beside_others():
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(turns._changed._waiters) < waiting and thread.is_alive():
                time.sleep(0.001)  # until it waits, or has not waited and is done
        order.append("first")
    for thread in threads:
        thread.join(60)
    assert order == ["first", "alone", "later"]


def test_who_is_starved_even_alone_is_withheld(settings, submissions, starving):
    """No score, no zero; the others have theirs."""
    starving.names += ["s1", "s1"]
    starving.ever.add("s1")
    results = grade_all(settings, submissions(*[GOOD] * 3), jobs=2)
    assert [result.status for result in results] == [GRADED, WITHHELD, GRADED]
    assert results[1].score is None


@pytest.fixture
def deaths(monkeypatch):
    """Names of submissions over which the worker dies, once for each time they stand there."""
    names, submit = [], local._Worker.submit

    def dying(self, submission):
        if submission.name not in names:
            return submit(self, submission)
        names.remove(submission.name)
        submit(self, submission).result()  # the worker is up, and then it is not
        return self._executor.submit(os._exit, 1)

    monkeypatch.setattr(local._Worker, "submit", dying)
    return names


def test_a_worker_that_dies_is_replaced(settings, submissions, deaths):
    """One death is mended: every submission gets its right score."""
    deaths.append("s1")
    results = grade_all(settings, submissions(GOOD, GOOD, GOOD), jobs=1)
    assert not deaths
    assert [result.score for result in results] == [100, 100, 100]


def test_a_submission_that_always_kills_its_worker_is_withheld(settings, submissions, deaths):
    """Two deaths in a row are ours to look at: no score, and the run goes on."""
    deaths += ["s1", "s1"]
    results = grade_all(settings, submissions(GOOD, GOOD, GOOD), jobs=1)
    assert [result.status for result in results] == [GRADED, WITHHELD, GRADED]
    assert "by hand" in results[1].note


def test_what_is_under_way_at_the_end_is_not_begun_again(settings, submissions, monkeypatch):
    """Closing ends the workers: none takes the place of one that was ended so."""
    begun, submit = threading.Event(), local._Worker.submit

    def telling(self, submission):
        future = submit(self, submission)
        begun.set()
        return future

    monkeypatch.setattr(local._Worker, "submit", telling)
    with local.Local(settings, 1) as workers:
        future = workers.submit(*submissions(HANGS))
        assert begun.wait(20)
    assert future.result(60).status == WITHHELD
    assert [worker._executor for worker in workers._workers] == [None]


KILLED_FROM_OUTSIDE = """
import sys
from pathlib import Path
from grader.grading import Settings, grade_all
from grader.sandbox import Level
from grader.course import load_course
from grader.submissions import from_source

if __name__ == "__main__":
    root, level, source = Path(sys.argv[1]), Level(int(sys.argv[2])), sys.argv[3]
    lab = load_course(root).lab("adding")
    work = [from_source(lab, f"s{i}", source.encode()) for i in range(50)]
    seen = []
    def first(result):
        if not seen:
            seen.append(result)
            print("running", flush=True)
    grade_all(Settings(lab, level), work, 2, first)
"""


def test_a_batch_that_is_killed_leaves_no_process(course, level, tmp_path, descendants):
    """After kill -9 of the run, its workers, zygotes and students' processes are gone."""
    script = tmp_path / "killed_from_outside.py"
    script.write_text(KILLED_FROM_OUTSIDE)
    process = subprocess.Popen(
        [sys.executable, script, course.root, str(int(level)), GOOD], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"running\n"
        family = descendants(process.pid)
        process.kill()
    assert len(family) > 2
    _wait_until(lambda: not [pid for pid in family if _lives(pid)], seconds=20)


def _lives(pid):
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    return False


def _wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "still not so"
        os.sched_yield()


def test_workers_have_a_core_each_where_they_fill_the_machine(settings, monkeypatch):
    """Fewer workers, and those that run on a GPU, go where the system sends them."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3}, raising=False)
    assert local._cores_for(1, settings) == [None]
    assert local._cores_for(2, settings) == [2, 3]
    assert local._cores_for(3, settings) == [2, 3, 2]
    assert local._cores_for(2, replace(settings, live=True)) == [None, None]


# -- what a worker does ----------------------------------------------------------------------


@pytest.fixture
def grade(settings, submissions):
    """Grades a right answer as a worker does, but in this process, which keeps no sandbox."""
    yield lambda: work.grade_here(settings, *submissions(GOOD))
    work.close_kept()


def test_a_sandbox_that_dies_costs_no_points(grade, monkeypatch):
    """Whenever it does, even at the last of its processes: graded again, in a new one."""
    opened, dies_at, open_process = [], 0, Sandbox.open

    def dying(self, *arguments, **options):
        process = open_process(self, *arguments, **options)
        opened.append(process)
        if len(opened) == dies_at:
            self._zygote._process.kill()
            self._zygote._process.wait()
        return process

    monkeypatch.setattr(Sandbox, "open", dying)
    assert grade().score == 100
    needed = len(opened)
    assert needed
    for dies_at in range(1, needed + 1):
        opened.clear()
        assert grade().score == 100
        assert len(opened) >= dies_at + needed


def test_a_fault_that_passes_withholds_nothing(grade, monkeypatch):
    """A sandbox that goes on but gave no result once is asked once more."""
    faults, rubric_of = [SandboxError("too many processes")], steps._rubric

    def faulty(*arguments):
        if faults:
            raise faults.pop()
        return rubric_of(*arguments)

    monkeypatch.setattr(steps, "_rubric", faulty)
    assert grade().score == 100
    assert not faults
