"""A gradebook is copied while others work with it, and comes back whole, in both databases."""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from grader.course import Deadline
from grader.course.key import COURSE_KEY
from grader.errors import StoreError
from grader.gradebook import backup as backups
from grader.gradebook.attempts import Arrival
from grader.gradebook.backup import back_up, look_into
from grader.gradebook.restore import restore
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import metadata
from grader.submissions import Submission

NOW = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DEADLINE = Deadline(datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
KILLS = 8
LARGE = 24 << 20  # bytes of all work in a gradebook that takes a while to copy

WRITER = """
import sys
from datetime import UTC, datetime
from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.results import GRADED, Result
from grader.submissions import Submission

with Gradebook.open(sys.argv[1]) as book:
    run = book.runs.begin()
    for number in range(100_000):
        name = f"s{number:05}"
        work = Submission(name, {"adding.py": b"x = 1  # " + name.encode() * 200})
        attempt, _ = book.take_in("adding", [Arrival(work, datetime.now(UTC))])[0]
        key = key_of(attempt, "suite", "engine", name.encode(), "full")
        result = Result("x", GRADED, number % 101, 100, 0.1, ())
        book.record(attempt, key, result, suite="suite", engine="engine", isolation="full")
        print(number + 1, flush=True)
"""
BACKUP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from grader.gradebook.backup import back_up

print("begun", flush=True)
back_up(sys.argv[1], Path(sys.argv[2]), {}, datetime.now(UTC))
"""
RESTORE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from grader.gradebook.restore import restore

print("begun", flush=True)
restore(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), who="x", now=datetime.now(UTC))
"""


@contextlib.contextmanager
def process(code, *arguments):
    """Python code in a process of its own, which is ended at the end."""
    begun = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield begun
    finally:
        begun.kill()
        begun.communicate()


@pytest.fixture
def filled(book, classroom, lab, noon):
    """A gradebook with something in every table that a course uses."""
    book.add_students([Student("zoe", "Zoë, Ünal", "zoe@x", "b", "17"), Student("Émil")])
    ann, ben = classroom.hand_in("ann"), classroom.hand_in("ben", at=noon + timedelta(days=2))
    classroom.grade(ann, 40, 0)
    classroom.grade(ben, 0, 60)
    classroom.grade(classroom.hand_in("ann", "B"), 40, 60)
    classroom.fault(classroom.hand_in("cy"))
    odd = Submission("odd\udcff", {"adding.py": b"\0\xff"}, trace=b"a trace")
    book.take_in("adding", [Arrival(odd, None, "some/where", lasting=True)])
    book.override("ann", lab, "total", Decimal("7.25"), reason="part of it")
    book.extend("ben", lab, noon + timedelta(days=1), reason="ill")
    book.publications.publish("adding", book.grades(lab, DEADLINE))
    book.again([ann.id], reason="to see")
    book.seen.collected("inbox", noon, "3 new")
    book.keys.check(COURSE_KEY, "f" * 32)
    return book


def everything(url):
    """Every row of every table but for the audit's last entries, which tell of restores."""
    database = sa.create_engine(url if "://" in url else f"sqlite:///{url}")
    try:
        with database.connect() as connection:
            return {
                name: sorted(
                    (
                        tuple(row)
                        for row in connection.execute(sa.select(table))
                        if name != "audit" or row.what != "restore"
                    ),
                    key=repr,
                )
                for name, table in metadata.tables.items()
                if name != "claims"
            }
    finally:
        database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request, tmp_path):
    """Where another gradebook can be made, in either database."""
    if request.param == "sqlite":
        return str(tmp_path / "other.sqlite3")
    return request.getfixturevalue("postgres_server").url


def test_everything_comes_back(filled, book_url, other_url, lab, tmp_path, classroom_at):
    """Every row, and so every grade, from either database into either; and work goes on."""
    file = tmp_path / "backup.sqlite3"
    made = back_up(book_url, file, {}, NOW)
    assert made.counts == {"student": 6, "attempt": 5, "result": 3}
    with Gradebook.open(other_url):
        pass
    restore(other_url, file, tmp_path / "kept.sqlite3", who="ada", now=NOW)
    assert everything(other_url) == everything(book_url)
    with Gradebook.open(other_url) as there:
        assert there.grades(lab, DEADLINE) == filled.grades(lab, DEADLINE)
        for each in filled.attempts():
            assert there.submission(each) == filled.submission(each)
        assert (there.audit()[-1].who, there.audit()[-1].what) == ("ada", "restore")
        others = classroom_at(there)
        attempt = others.hand_in("new")
        assert attempt.id > max(each.id for each in filled.attempts())
        assert others.grade(attempt, 40, 60)
        there.override("new", lab, "add", 1, reason="numbers go on in every table")
        there.publications.publish("adding", there.grades(lab))


def test_what_was_there_is_kept_and_comes_back(filled, book_url, lab, tmp_path, classroom):
    """Restoring what the restore has kept is its undo."""
    file, kept, again = (tmp_path / f"{name}.sqlite3" for name in ("backup", "kept", "again"))
    back_up(book_url, file, {}, NOW)
    early = everything(book_url)
    classroom.grade(classroom.hand_in("later"), 40, 60)
    late = everything(book_url)
    assert restore(book_url, file, kept, who="ada", now=NOW).kept == kept
    assert everything(book_url) == early
    entry = filled.audit()[-1]
    assert (entry.what, entry.subject) == ("restore", "backup.sqlite3")
    assert "kept.sqlite3" in entry.detail
    restore(book_url, kept, again, who="ada", now=NOW)
    assert everything(book_url) == late
    assert filled.grade("later", lab).score == 100, "an open gradebook sees what came back"


def test_a_backup_while_another_process_grades(book_url, lab, tmp_path):
    """Each has all that was recorded before it began, and nothing that is not in the gradebook."""
    with Gradebook.open(book_url):
        pass
    seen = []
    with process(WRITER, book_url) as writer:
        for turn in range(4):
            for _ in range(5):
                recorded = int(writer.stdout.readline())
            back_up(book_url, tmp_path / f"{turn}.sqlite3", {}, NOW)
            seen.append(recorded)
    with Gradebook.open(book_url) as book:
        final = {each.student.id: each.score for each in book.grades(lab)}
    for turn, recorded in enumerate(seen):
        with Gradebook.open(str(tmp_path / f"{turn}.sqlite3")) as copy:
            found = {each.student.id: each.score for each in copy.grades(lab)}
        for number in range(recorded):
            assert found[f"s{number:05}"] == number % 101
        graded = {name: score for name, score in found.items() if score is not None}
        assert graded.items() <= final.items()


def test_a_restore_waits_for_no_run_but_names_it(filled, book_url, tmp_path):
    """While a run is at work nothing is changed, and nothing is kept beside."""
    file, kept = tmp_path / "backup.sqlite3", tmp_path / "kept.sqlite3"
    back_up(book_url, file, {}, NOW)
    with process(WRITER, book_url) as writer:
        assert writer.stdout.readline()
        with pytest.raises(StoreError, match=rf"run \d+ is at work .*process {writer.pid}"):
            restore(book_url, file, kept, who="ada", now=datetime.now(UTC))
        assert writer.stdout.readline()
    assert not kept.exists()
    assert not [each for each in filled.audit() if each.what == "restore"]
    restore(book_url, file, kept, who="ada", now=datetime.now(UTC))  # it has ended


def test_a_run_that_began_before_is_not_mixed_up(filled, book_url, tmp_path, classroom):
    """What it took for an attempt is another now: it is told, and grades nothing wrong."""
    file = tmp_path / "backup.sqlite3"
    back_up(book_url, file, {}, NOW)
    mine = classroom.hand_in("mine", "M")
    restore(book_url, file, tmp_path / "kept.sqlite3", who="ada", now=NOW)
    theirs = classroom.hand_in("theirs", "T")
    assert theirs.id == mine.id
    with pytest.raises(StoreError, match="another gradebook was restored meanwhile"):
        filled.submission(mine)


@pytest.fixture
def large(tmp_path, classroom_at):
    """An SQLite gradebook that takes a while to copy, and an older backup of it."""
    url, file = str(tmp_path / "large.sqlite3"), tmp_path / "older.sqlite3"
    with Gradebook.open(url) as book:
        for number in range(24):
            work = Submission(f"s{number}", {"adding.py": bytes([number]) * (1 << 20)})
            book.take_in("adding", [Arrival(work, NOW)])
            if number == 20:
                back_up(url, file, {}, NOW)
    return url, file


def _until(running, folder, name, size):
    """Waits until what the process writes has that size, or the process has ended."""
    end = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):  # it is renamed meanwhile
            if sum(each.stat().st_size for each in folder.glob(name)) > size:
                return


@pytest.mark.slow
def test_a_backup_killed_midway(large, tmp_path):
    """kill -9 at any moment leaves no file of that name, or a whole one."""
    url, _ = large
    whole, moments = everything(url), random.Random(0)
    outcomes = set()
    for turn in range(KILLS):
        file = tmp_path / f"{turn}.backup"
        with process(BACKUP, url, file) as running:
            assert running.stdout.readline() == "begun\n"
            share = moments.uniform(0, 0.5) if turn else 2
            _until(running, tmp_path, f".{file.name}*", share * LARGE)
        outcomes.add(file.exists())
        if file.exists():
            assert look_into(file).counts["attempt"] == 24
            assert everything(str(file)) == whole
    assert outcomes == {True, False}, "the moments tell nothing: choose others"
    assert everything(url) == whole


@pytest.mark.slow
def test_a_restore_killed_midway(large, tmp_path):
    """kill -9 at any moment leaves the gradebook as it was, or the restored one."""
    url, older = large
    both, moments = [everything(url), everything(str(older))], random.Random(1)
    newer = tmp_path / "newer.sqlite3"
    back_up(url, newer, {}, NOW)
    outcomes = []
    for turn in range(KILLS):
        kept = tmp_path / f"{turn}.kept"
        with process(RESTORE, url, older, kept) as running:
            assert running.stdout.readline() == "begun\n"
            share = moments.uniform(0, 0.5) if turn else 2
            _until(running, tmp_path, f".{kept.name}*", share * LARGE)
        now = everything(url)
        assert now in both
        outcomes.append(both.index(now))
        if now == both[1]:
            assert everything(str(kept)) == both[0], (
                "what was there is kept before anything is done"
            )
            restore(url, newer, tmp_path / f"{turn}.again", who="x", now=datetime.now(UTC))
    assert set(outcomes) == {0, 1}, "the moments tell nothing: choose others"


@pytest.fixture
def small_disk(tmp_path):
    """A disk that is soon full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_backup_on_a_full_disk(large, small_disk):
    """Told with the mend; no file is left, not even a part of one."""
    with pytest.raises(StoreError, match=r"no backup was made.*make room"):
        back_up(large[0], small_disk / "backup.sqlite3", {}, NOW)
    assert list(small_disk.iterdir()) == []


def test_a_restore_on_a_full_disk(large, small_disk, tmp_path, classroom_at):
    """The small gradebook there stays what it was."""
    url = str(small_disk / "book.sqlite3")
    with Gradebook.open(url) as book:
        classroom_at(book).grade(classroom_at(book).hand_in("ann"))
    before = everything(url)
    with pytest.raises(StoreError, match="nothing was changed"):
        restore(url, large[1], tmp_path / "kept.sqlite3", who="x", now=NOW)
    assert everything(url) == before


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = os.urandom(4096)
    path.write_bytes(content)


def _newer(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE shardlab_version SET version_num = '9999'")
        connection.commit()


def _of_another(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (x)")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (Path.unlink, "no such file"),
        (lambda path: path.write_bytes(b"PK\x03\x04"), "is no gradebook"),
        (lambda path: path.write_bytes(b""), "is no gradebook"),
        (_of_another, "a database, but no gradebook"),
        (_newer, "made by a newer Shardlab"),
        (_flip, "damaged|can't be read"),
        (lambda path: os.truncate(path, path.stat().st_size // 2), "damaged|can't be read"),
    ],
)
def test_what_is_no_whole_backup_is_refused(large, tmp_path, spoil, words):
    """Before anything is touched, by name."""
    url, file = large
    before = everything(url)
    spoil(file)
    with pytest.raises(StoreError, match=words) as refused:
        restore(url, file, tmp_path / "kept.sqlite3", who="x", now=NOW)
    assert str(file) in str(refused.value)
    assert everything(url) == before
    assert not (tmp_path / "kept.sqlite3").exists()


@pytest.mark.parametrize("spoil", [_flip, lambda path: path.write_bytes(b"nothing like it" * 99)])
def test_a_damaged_gradebook_is_replaced_and_kept_as_it_is(large, tmp_path, spoil):
    """That is when a backup is needed most."""
    url, file = large
    spoil(Path(url))
    damaged = Path(url).read_bytes()
    kept = tmp_path / "kept.sqlite3"
    restore(url, file, kept, who="x", now=NOW)
    assert everything(url) == everything(str(file))
    assert kept.read_bytes() == damaged


def test_a_backup_never_writes_over_a_file(large, tmp_path):
    """Neither over an older backup nor over the gradebook itself."""
    url, file = large
    for taken in (file, Path(url)):
        before = taken.read_bytes()
        with pytest.raises(StoreError, match="is there already"):
            back_up(url, taken, {}, NOW)
        assert taken.read_bytes() == before


def test_a_plain_copy_would_not_do(book_url, tmp_path, classroom, monkeypatch):
    """What the tests above would see: what lies in the write-ahead log is not in the file alone."""
    if "://" in book_url:
        pytest.skip("a server has no file to copy")
    classroom.grade(classroom.hand_in("ann"))
    monkeypatch.setattr(backups, "copy_pages", shutil.copyfile)
    with pytest.raises(StoreError):
        back_up(book_url, tmp_path / "plain.sqlite3", {}, NOW)
