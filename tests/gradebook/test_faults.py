"""Whatever dies while a class is graded: nothing lost, nothing graded twice, no wrong score."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from grader.errors import StoreError
from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.grading import Local, Settings
from grader.grading.pending import Backlog, grade_pending
from grader.sandbox import Level
from grader.submissions import from_source

pytestmark = pytest.mark.slow

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
KILLS = 20
MANY = 120

RUN = """
import sys
from pathlib import Path
from grader.grading import Local, Settings
from grader.course import load_course
from grader.gradebook.store import Gradebook
from grader.grading.pending import Backlog, grade_pending
from grader.sandbox import Level

if __name__ == "__main__":
    course, level = load_course(Path(sys.argv[1])), Level(int(sys.argv[2]))
    with Gradebook.open(sys.argv[3]) as book:
        print("open", flush=True)
        settings = Settings(course.lab("adding"), level)
        with Local(settings, 1) as workers:
            for attempt, _ in grade_pending(Backlog.of(book, settings), workers):
                print(attempt.student, flush=True)
"""


@pytest.fixture
def sources(course):
    """What students hand in, and the score of each: right, wrong, wrong in the second item."""
    lab = course.lab("adding")
    right = (course.solutions(lab) / lab.assignment.file).read_bytes()
    return [
        (right, 100),
        (right.replace(b"x + y", b"x - y"), 0),
        (right.replace(b"group.all_reduce(x)", b"x"), 40),
    ]


@pytest.fixture
def a_class(course, book, sources):
    """Takes in so many submissions; returns each student's right score."""

    def take_in(count):
        chosen = {f"s{number:03}": sources[number % len(sources)] for number in range(count)}
        lab = course.lab("adding")
        book.take_in("adding", [
            Arrival(from_source(lab, student, source), NOW)
            for student, (source, _) in chosen.items()
        ])  # fmt: skip
        return {student: score for student, (_, score) in chosen.items()}

    return take_in


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "run.py"
    path.write_text(RUN)
    return path


def begun(script, course, level, url):
    """A run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, script, course.root, str(int(level)), url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def graded(book, course):
    return {
        grade.student.id: grade.score
        for grade in book.grades(course.lab("adding"))
        if grade.status == "graded"
    }


def finish(book, course, level, after=lambda: None):
    """Grades to the end, doing something after each; returns the students that it graded."""
    settings, students = Settings(course.lab("adding"), level), []
    with (
        Local(settings, 2) as workers,
        contextlib.closing(grade_pending(Backlog.of(book, settings), workers)) as found,
    ):
        for attempt, _ in found:
            students.append(attempt.student)
            after()
    return students


def rows(url, query):
    engine = sa.create_engine(url if "://" in url else f"sqlite:///{url}")
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(query)).all()
    finally:
        engine.dispose()


def test_a_batch_killed_at_random_moments(course, level, book, book_url, a_class, script):
    """kill -9, twenty times: no half result, and the last run does exactly what was left."""
    right = a_class(MANY)
    moments = random.Random(0)
    for _ in range(KILLS):
        with begun(script, course, level, book_url) as process:
            for _ in range(moments.randint(1, 6)):  # "open", and perhaps some results
                assert process.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):  # which is the moment
                process.wait(moments.uniform(0, 0.1))
            process.kill()
        found = graded(book, course)
        assert found.items() <= right.items()
        assert rows(book_url, "SELECT DISTINCT count(*) FROM case_verdicts GROUP BY result") in (
            [], [(2,)],
        )  # fmt: skip
    assert KILLS < len(found) < MANY, "the moments tell nothing about recording: choose others"
    assert set(finish(book, course, level)) == right.keys() - found.keys()
    assert graded(book, course) == right
    assert rows(book_url, "SELECT count(*), count(DISTINCT submission) FROM results") == [
        (MANY, MANY)
    ]


def test_a_worker_killed_in_the_middle(course, level, book, a_class, descendants):
    """kill -9 of a worker process: its submission is graded by the one that follows."""
    right = a_class(12)
    killed = []

    def kill_one():
        if not killed:
            workers = [pid for pid in sorted(descendants(os.getpid())) if _is_worker(pid)]
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)

    assert len(finish(book, course, level, kill_one)) == 12
    assert killed
    assert graded(book, course) == right


SLOW = b"""
def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} {y.shape}")
    for _ in range(400_000):
        pass
    return x + y


def total(x, group):
    for _ in range(400_000):
        pass
    return group.all_reduce(x)
"""


def test_rank_processes_killed_from_outside(course, level, book, descendants):
    """kill -9 of whatever runs a submission, over and over: never a lost point."""
    if level is not Level.FULL:
        pytest.skip("at less than full isolation a submission can do it to itself")
    lab = course.lab("adding")
    book.take_in("adding", [Arrival(from_source(lab, f"s{n}", SLOW), NOW) for n in range(8)])
    over, killed = threading.Event(), []

    def kill_ranks():
        while not over.is_set() and len(killed) < 6:
            for pid in [each for each in sorted(descendants(os.getpid())) if _is_rank(each)][:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    killer = threading.Thread(target=kill_ranks)
    killer.start()
    try:
        finish(book, course, level)
    finally:
        over.set()
        killer.join()
    assert killed
    finish(book, course, level)  # what was withheld, if two kills hit one submission
    assert graded(book, course) == {f"s{n}": 100 for n in range(8)}


def test_a_full_disk_while_recording(course, level, tmp_path, sources):
    """The run ends with the mend; what was recorded is whole; with room again it goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        lab = course.lab("adding")
        url = str(disk / "book.sqlite3")
        with Gradebook.open(url, patience_s=0.5) as book:
            book.take_in("adding", [
                Arrival(from_source(lab, f"s{n:03}", sources[0][0] + b"# %d" % n), NOW)
                for n in range(40)
            ])  # fmt: skip
            filler = disk / "filler"

            def fill():
                if not filler.exists():
                    filler.write_bytes(b"\0" * (shutil.disk_usage(disk).free - 8192))

            with pytest.raises(StoreError, match="disk"):
                finish(book, course, level, fill)
            filler.unlink()
            before = graded(book, course)
            assert 0 < len(before) < 40
            assert len(finish(book, course, level)) == 40 - len(before)
            assert set(graded(book, course).values()) == {100}
        assert rows(url, "SELECT count(*) FROM results") == [(40,)]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_database_that_goes_away_and_comes_back(course, level, postgres_server, sources):
    """PostgreSQL stopped while results come: recording waits, and nothing is graded twice."""
    lab = course.lab("adding")
    url = postgres_server.url
    with Gradebook.open(url, patience_s=60) as book:
        book.take_in("adding", [
            Arrival(from_source(lab, f"s{n}", sources[0][0]), NOW) for n in range(12)
        ])  # fmt: skip
        starter = threading.Timer(1.5, postgres_server.start)

        def stop():
            if not stopped:
                stopped.append(True)
                postgres_server.stop(crash=True)
                starter.start()

        stopped = []
        assert len(finish(book, course, level, stop)) == 12
        starter.join()
        assert graded(book, course) == {f"s{n}": 100 for n in range(12)}
    assert rows(url, "SELECT count(*) FROM results") == [(12,)]


def test_a_database_that_stays_away(course, level, postgres_server, sources):
    """After its patience the run ends with what is wrong; the next one does the rest."""
    lab = course.lab("adding")
    url = postgres_server.url
    with Gradebook.open(url, patience_s=1) as book:
        book.take_in("adding", [
            Arrival(from_source(lab, f"s{n}", sources[0][0]), NOW) for n in range(6)
        ])  # fmt: skip
        with pytest.raises(StoreError):
            finish(book, course, level, lambda: postgres_server.running and postgres_server.stop())
        postgres_server.start()
        assert len(finish(book, course, level)) == 5
        assert graded(book, course) == {f"s{n}": 100 for n in range(6)}


def test_a_clock_that_is_set_back(course, level, book_url, sources):
    """Attempts keep their order and a dead run's claims come free, whatever the clock says."""
    lab = course.lab("adding")
    times = iter([NOW + timedelta(minutes=5 * n) for n in range(0, -400, -1)])
    with Gradebook.open(book_url, clock=lambda: next(times)) as book:
        for source, _ in (sources[1], sources[2], sources[0]):
            book.take_in("adding", [Arrival(from_source(lab, "ann", source), NOW)])
        assert [each.number for each in book.attempts("adding", "ann")] == [1, 2, 3]
        dead = book.runs.begin()
        book.runs.claim(dead, {"f" * 64})
        finish(book, course, level)
        assert [each.raw for each in book.grades(lab)[0].attempts] == [0, 40, 100]
        assert book.runs.claim(book.runs.begin(), {"f" * 64}) == {"f" * 64}


# -- processes by their place --------------------------------------------------------------


def _is_worker(pid):
    """Whether it is a process that multiprocessing has spawned."""
    with contextlib.suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _is_rank(pid):
    """Whether it lives two pid namespaces deep: the sandbox's, and there one of its own."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return len(next(line for line in lines if line.startswith("NSpid")).split()) == 4
    return False
