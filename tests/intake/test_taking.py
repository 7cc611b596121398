"""Collecting into the gradebook: attempts once, receipts beside their bundles, nothing lost."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.course import load_course
from grader.errors import UsageError
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import students
from grader.intake.bundle import pack, short_code
from grader.intake.finds import Intake, IntakeRefusal
from grader.intake.inbox import deliver
from grader.intake.lms import Lms
from grader.intake.receipts import public_key, read_receipt, verify
from grader.intake.taking import take_in
from grader.submissions import from_source

# Runs one child after another, each on a course of its own; the N-th is killed before it runs its
# N-th line of taking.py, until one comes to its end.
KILLER = """
import itertools, os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from grader.intake import taking
from grader.course import load_course
from grader.gradebook.store import Gradebook

made, places = Path(sys.argv[1]), Path(sys.argv[2])

def collect_and_die_at(number, place):
    lines = itertools.count(1)
    def trace(frame, event, _):
        if frame.f_code.co_filename != taking.__file__:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    course = load_course(place / "course")
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        sys.settrace(trace)
        now = datetime(2025, 11, 23, tzinfo=UTC)
        for _ in taking.take_in(course, book, [place / "inbox"], now=now):
            pass
    os._exit(0)

for number in itertools.count(1, 7):
    place = places / str(number)
    for name in ("course", "inbox"):
        shutil.copytree(made / name, place / name)
    if (pid := os.fork()) == 0:
        collect_and_die_at(number, place)
    if os.WIFEXITED(os.waitpid(pid, 0)[1]):
        break
"""

NOW = datetime(2025, 11, 22, 14, 3, tzinfo=UTC)


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def book(course):
    """The course's gradebook, whose clock stands an hour after the submissions."""
    url = str(course.root / "gradebook.sqlite3")
    with Gradebook.open(url, who="staff", clock=lambda: NOW + timedelta(hours=1)) as opened:
        yield opened


@pytest.fixture
def send(course, inbox):
    """A student submits."""
    lab = course.lab("adding")

    def run(student="s1", source="x = 1\n", minute=0):
        now = NOW + timedelta(minutes=minute)
        submission = from_source(lab, student, source.encode())
        return deliver(inbox, pack(lab, student, submission, now=now)).path

    return run


@pytest.fixture
def attempt_of(book):
    """The attempt that something was taken in as."""
    return lambda taken_in: {each.id: each for each in book.attempts()}[taken_in.attempt]


@pytest.fixture
def collect(course, book, inbox):
    """Staff collect; returns intakes and refusals."""

    def run(*paths, now=NOW + timedelta(hours=1), **options):
        got = list(take_in(course, book, paths or [inbox], now=now, **options))
        taken_in = [each for each in got if isinstance(each, Intake)]
        return taken_in, [each for each in got if isinstance(each, IntakeRefusal)]

    return run


def attempts(book):
    return [(each.student, each.number, each.submitted_at) for each in book.attempts()]


def test_what_was_submitted_is_received(collect, book, send):
    """Every attempt in its order, with its bytes and the time of the bundle."""
    send("s1", "x = 1\n", 0)
    send("s1", "x = 2\n", 5)
    send("s2", "x = 3\n", 1)
    taken_in, refused = collect()
    assert refused == []
    assert [each.new for each in taken_in] == [True] * 3
    assert attempts(book) == [
        ("s1", 1, NOW),
        ("s1", 2, NOW + timedelta(minutes=5)),
        ("s2", 1, NOW + timedelta(minutes=1)),
    ]
    assert book.submission(book.attempts()[1]).files == {"adding.py": b"x = 2\n"}


def test_every_bundle_gets_its_receipt(collect, course, book, send):
    """Signed by the course, of what lies beside it, with the attempt that it is."""
    send("s1", "x = 1\n", 0)
    path = send("s1", "x = 2\n", 5)
    collect()
    receipt_path = path.with_name(path.name.replace(".shardlab.zip", ".receipt.json"))
    receipt = verify(read_receipt(receipt_path), public_key(course.root))
    assert (receipt.student, receipt.attempt) == ("s1", 2)
    assert receipt.submitted_at == NOW + timedelta(minutes=5)
    assert receipt.received_at == NOW + timedelta(hours=1)
    assert short_code(receipt.sha256) in path.name


def test_collecting_again_changes_nothing(attempt_of, collect, book, send, inbox):
    """A, B and A again are three attempts, and stay three however often they are collected."""
    for minute, source in enumerate(("a = 1\n", "b = 1\n", "a = 1\n")):
        send("s1", source, minute)
    collect()
    before = attempts(book), {path: path.read_bytes() for path in inbox.rglob("*.json")}
    taken_in, _ = collect()
    assert [each.new for each in taken_in] == [False] * 3
    assert [attempt_of(each).number for each in taken_in] == [1, 2, 3]
    assert (attempts(book), {p: p.read_bytes() for p in inbox.rglob("*.json")}) == before
    assert len(before[1]) == 3


@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_a_receipt_that_was_lost_or_forged_comes_back(collect, send, inbox, content):
    """After a kill between gradebook and receipt, or a student's own idea of one."""
    send()
    collect()
    (path,) = inbox.rglob("*.receipt.json")
    good = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content)
    collect()
    assert path.read_bytes() == good


def test_a_receipt_is_not_written_through_a_link(collect, send, tmp_path):
    """A student who plants a link in the own folder does not have staff overwrite a file."""
    path = send()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = path.with_name(path.name.replace(".shardlab.zip", ".receipt.json"))
    link.symlink_to(victim)
    collect()
    assert victim.read_text() == "precious"
    assert not link.is_symlink()


def test_a_receipt_that_can_t_be_written_is_told(collect, book, send, monkeypatch):
    """The submission is taken in all the same; the receipt comes the next time."""
    path = send()

    def locked(*_, **__):
        raise UsageError("the receipt can't be written: Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("grader.intake.taking.write_whole", locked)
        ((taken_in,), _) = collect()
    assert "can't be written: Permission denied" in taken_in.problem
    assert len(book.attempts()) == 1
    assert collect()[0][0].problem == ""
    assert list(path.parent.glob("*.receipt.json"))


def test_a_receipt_that_is_there_is_left_alone(collect, send, monkeypatch):
    """Nothing has to be written, so an inbox that was locked since is no problem."""
    send()
    collect()

    def locked(*_, **__):
        raise UsageError("the receipt can't be written: Permission denied")

    monkeypatch.setattr("grader.intake.taking.write_whole", locked)
    assert [each.problem for each in collect()[0]] == [""]


def test_an_interrupted_collect_goes_on(collect, course, book, inbox, send, monkeypatch):
    """Ended after the gradebook knows and before a receipt: run again, nothing is doubled."""
    for number in range(5):
        send(f"s{number}")

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("grader.intake.taking.write_whole", die)
        with pytest.raises(KeyboardInterrupt):
            list(take_in(course, book, [inbox], now=NOW))
    assert len(book.attempts()) == 5
    taken_in, _ = collect()
    assert [each.new for each in taken_in] == [False] * 5
    assert len(list(inbox.rglob("*.receipt.json"))) == 5


@pytest.mark.slow
def test_killed_at_any_line_nothing_is_lost_or_doubled(course, send, inbox, tmp_path):
    """Killed anywhere in collecting, and run again: each attempt once, each with its receipt."""
    for minute, (student, source) in enumerate(
        [("s1", "a"), ("s1", "b"), ("s1", "a"), ("s2", "a")]
    ):
        send(student, f"{source} = 1\n", minute)
    public_key(course.root)
    (tmp_path / "killed").mkdir()
    command = [sys.executable, "-c", KILLER, str(tmp_path), str(tmp_path / "killed")]
    subprocess.run(command, check=True, timeout=300, cwd=Path(__file__).parents[2])
    attempts_then = set()
    for place in (tmp_path / "killed").iterdir():
        killed = load_course(place / "course")
        with Gradebook.open(str(killed.root / "gradebook.sqlite3")) as book:
            attempts_then.add(len(book.attempts()))
            list(take_in(killed, book, [place / "inbox"], now=NOW + timedelta(days=1)))
            assert [(each.student, each.number) for each in book.attempts()] == [
                ("s1", 1), ("s1", 2), ("s1", 3), ("s2", 1)]  # fmt: skip
        signed = [read_receipt(path) for path in place.rglob("*.receipt.json")]
        whose = {verify(each, public_key(killed.root)).attempt for each in signed}
        assert (len(signed), whose) == (4, {1, 2, 3})
    assert attempts_then == {0, 4}


def test_a_bundle_that_comes_after_a_look_is_not_older(collect, book, send):
    """Its own time says three days ago; but it was not there when the inbox was collected."""
    send("s1")
    collect(now=NOW + timedelta(hours=1))
    send("s2", minute=-3 * 24 * 60)
    collect(now=NOW + timedelta(hours=2))
    assert attempts(book) == [("s1", 1, NOW), ("s2", 1, NOW + timedelta(hours=1))]


def test_another_inbox_has_not_been_looked_at(collect, book, send, tmp_path, inbox):
    """Bundles that waited in a second inbox keep their times."""
    send("s1")
    collect()
    send("s2", minute=-60)
    shutil.copytree(inbox / "adding" / "s2", tmp_path / "second" / "adding" / "s2")
    collect(tmp_path / "second", now=NOW + timedelta(hours=2))
    assert attempts(book)[-1] == ("s2", 1, NOW - timedelta(minutes=60))


def test_a_part_of_an_inbox_has_been_looked_at_with_it(collect, book, send, inbox):
    """And one lab of it, too."""
    send("s1")
    collect()
    send("s2", minute=-60)
    collect(inbox / "adding", now=NOW + timedelta(hours=2))
    assert attempts(book)[-1] == ("s2", 1, NOW + timedelta(hours=1))


def test_changed_bytes_under_an_old_name_are_new(collect, book, send, inbox):
    """A name in an inbox is no promise; the content is what was handed in."""
    path = send("s1", "x = 1\n")
    collect()
    other = send("s1", "x = 2\n", 5)
    other.replace(path)
    taken_in, _ = collect()
    assert [each.new for each in taken_in] == [True]
    assert len(book.attempts()) == 2


def test_the_roster_s_numbers_are_used(attempt_of, collect, book, tmp_path):
    """A Canvas download counts for the student whose number it has."""
    book.add_students([Student("s041", "Ada", lms_id="4711")])
    folder = tmp_path / "canvas"
    folder.mkdir()
    (folder / "ada_4711_1_adding.py").write_text("x = 1\n")
    taken_in, _ = collect(folder)
    assert attempt_of(taken_in[0]).student == "s041"
    assert [each.new for each in collect(folder)[0]] == [False]


def test_a_class_is_received_in_order(collect, book, send, inbox):
    """More than fit into one transaction: all are there once."""
    for number in range(150):
        send(f"s{number:03}")
    taken_in, refused = collect()
    assert (len(taken_in), refused) == (150, [])
    assert len({each.attempt for each in taken_in}) == len(book.attempts()) == 150
    assert len(list(inbox.rglob("*.receipt.json"))) == 150


@pytest.mark.parametrize(("bound", "most"), [("_AT_ONCE", 2), ("_BYTES_AT_ONCE", 11)])
def test_a_class_is_never_in_memory_as_a_whole(course, book, send, inbox, monkeypatch, bound, most):
    """Neither many submissions nor large ones: what came first is taken in before others are."""
    monkeypatch.setattr(f"grader.intake.taking.{bound}", most)
    for number in range(5):
        send(f"s{number}")  # of six bytes
    receiving = take_in(course, book, [inbox], now=NOW)
    next(receiving)
    assert len(book.attempts()) == 2
    assert len(list(receiving)) == 4
    assert len(book.attempts()) == 5


def test_two_at_once_are_kept_apart(course, book, send, inbox):
    """The second is told to wait; else both would take the same for new."""
    send("s1")
    send("s2")
    first = take_in(course, book, [inbox], now=NOW)
    next(first)
    with pytest.raises(UsageError, match="is being collected already"):
        next(take_in(course, book, [inbox], now=NOW))
    assert len(list(first)) == 1
    assert len(list(take_in(course, book, [inbox], now=NOW))) == 2


@pytest.mark.parametrize("name", ["z.shardlab.zip", os.fsdecode(b"a\xff.shardlab.zip")])
def test_a_copy_is_no_new_attempt_however_often_it_is_collected(
    attempt_of, collect, book, send, name
):
    """Packed twice before something else was: its second file is the first attempt, for good."""
    first = send(source="x = 1\n", minute=0)
    shutil.copyfile(first, first.with_name(name))
    send(source="x = 2\n", minute=9)
    for _ in range(3):
        taken_in, _ = collect()
        assert sorted(attempt_of(each).number for each in taken_in) == [1, 1, 2]
    assert [each.number for each in book.attempts()] == [1, 2]


@pytest.mark.parametrize("part", ["adding", "adding/s1"])
def test_what_part_was_collected_counts_in_the_whole(collect, book, send, inbox, part):
    """After one lab's collecting, nobody is in time any more by the collecting of all."""
    send(source="x = 1\n", minute=-9)
    collect(inbox / part, now=NOW)
    send(source="x = 2\n", minute=-5)  # so it says
    collect()
    assert [at for *_, at in attempts(book)] == [NOW - timedelta(minutes=9), NOW]


def test_a_lab_s_folder_and_its_name_are_one_place(collect, book, send, inbox):
    """Asked for twice, by the path and by --lab, it has been looked at all the same."""
    send(source="x = 1\n", minute=-9)
    collect(inbox / "adding", lab="adding", now=NOW)
    assert list(book.seen.last_collected()) == [str(inbox / "adding")]
    send(source="x = 2\n", minute=-5)  # so it says
    collect()
    assert [at for *_, at in attempts(book)] == [NOW - timedelta(minutes=9), NOW]


def test_a_lab_that_the_course_does_not_have_is_refused(collect, send):
    """By name, before anything is taken in."""
    send()
    with pytest.raises(UsageError, match="no lab 'other'"):
        collect(lab="other")


def test_a_number_that_two_students_have_is_nobody_s(collect, book, tmp_path):
    """Work is never given to one of them by chance, nor to a third: who they are is told."""
    book.add_students([Student("ada"), Student("bob")])
    same = students.update().values(lms_id="4711")  # a roster is refused that says so
    book._database.write(lambda each: each.execute(same))
    folder = tmp_path / "download"
    folder.mkdir()
    (folder / "doe_4711_1_adding.py").write_text("x = 1\n")
    _, (refused,) = collect(folder)
    assert "number 4711 may be ada or bob" in refused.reason
    assert book.attempts() == []


@pytest.mark.parametrize("received", [None, NOW - timedelta(days=2)])
def test_a_plain_file_came_when_staff_say_so(course, book, tmp_path, received):
    """Its own date is that of a copy, a checkout or an unpacking: nobody's word."""
    path = tmp_path / "ann.py"
    path.write_text("x = 1\n")
    lms = Lms(received=received)
    (taken_in,) = take_in(course, book, [path], lab="adding", as_named=True, lms=lms, now=NOW)
    (attempt,) = book.attempts()
    assert attempt.id == taken_in.attempt
    assert attempt.submitted_at == received
    assert attempt.time_from == ("staff" if received else "unknown")
