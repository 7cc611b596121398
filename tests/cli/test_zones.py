"""A student in a course of another zone: from release to receipt, times are the course's."""

import re
import sqlite3
import zipfile
from contextlib import closing

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.intake.bundle import read_bundle

ZONE = "Asia/Kathmandu"  # which has no summer time, and 45 minutes in its offset
SHOWN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC\+05:45")


def run(*arguments):
    """One command, as typed; what it says."""
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def inbox(course, tmp_path, monkeypatch):
    """The inbox of a course with a zone; a student has started its lab, in the present folder."""
    for name in ("SHARDLAB_STUDENT", "SHARDLAB_INBOX", "SHARDLAB_DB", "SHARDLAB_RECEIPT_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "inbox").mkdir()
    path = course.root / "course.toml"
    path.write_text(f'{path.read_text()}inbox = "{tmp_path / "inbox"}"\ntimezone = "{ZONE}"\n')
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    run("--course", course.root, "release", "adding")
    with zipfile.ZipFile("adding.zip") as archive:
        archive.extractall("released")
    run("--course", "released", "start", "adding")
    return tmp_path / "inbox"


def test_what_is_released_has_the_courses_zone(inbox):
    """So that it does not depend on a student's machine."""
    assert load_course(inbox.parent / "desk" / "released").timezone == ZONE


def test_a_student_reads_the_courses_time(inbox, course, monkeypatch):
    """When it was handed in, received and signed; the bundle and the receipt keep UTC."""
    sent = run("submit", "adding", "--student", "s1")
    run("--course", course.root, "collect")
    (at,) = SHOWN.findall(sent)
    status = run("status", "adding")
    assert (SHOWN.findall(status)[0], len(SHOWN.findall(status))) == (at, 2)
    (receipt,) = inbox.rglob("*.receipt.json")
    monkeypatch.chdir("adding")
    assert SHOWN.findall(run("receipt", "show", receipt))[0] == at
    assert SHOWN.findall(run("receipt", "verify", receipt))[0] == at
    assert SHOWN.findall(run("feedback", "adding", "--text"))[0] == at
    (bundle,) = inbox.rglob("*.shardlab.zip")
    made = read_bundle(bundle.read_bytes()).manifest.created_at
    assert f"{made.utctimetuple().tm_min:02}" != at.split(":")[1][:2]
    assert made.isoformat().endswith("+00:00")


def test_a_receipt_can_be_shown_where_no_course_is(inbox, course, tmp_path, monkeypatch):
    """In UTC then, which is said behind each time."""
    run("submit", "adding", "--student", "s1")
    run("--course", course.root, "collect")
    (receipt,) = inbox.rglob("*.receipt.json")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    said = run("receipt", "show", receipt)
    assert len(re.findall(r"\d\d:\d\d UTC$", said, re.MULTILINE)) == 2


def test_a_zone_that_a_students_machine_does_not_know_is_utc(inbox):
    """A folder that `start` made works on, with times that say so."""
    facts = inbox.parent / "desk" / "adding" / ".shardlab" / "course.json"
    facts.write_text(facts.read_text().replace(ZONE, "Mars/Olympus"))
    assert re.search(r"\d\d:\d\d UTC\s", run("submit", "adding", "--student", "s1"))


def test_a_gradebook_that_can_only_be_read_is_read_for_all_that(course, monkeypatch):
    """The change of the policy is told, not logged; whoever may write logs it."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    grades = ("--course", course.root, "grades", "adding")
    before = run(*grades)
    book = course.root / "gradebook.sqlite3"
    refuses = "CREATE TRIGGER shut BEFORE INSERT ON policies BEGIN SELECT RAISE(ABORT, 'shut'); END"
    with closing(sqlite3.connect(book)) as connection:
        connection.execute(refuses)
    path = course.root / "course.toml"
    path.write_text(f'{path.read_text()}timezone = "{ZONE}"\n')
    result = CliRunner().invoke(main, [str(each) for each in grades])
    assert (result.exit_code, result.stdout) == (0, before)
    assert "late policy is another now, which can't be logged" in result.stderr
    with closing(sqlite3.connect(book)) as connection:
        connection.execute("DROP TRIGGER shut")
    assert run(*grades) == before
    assert ZONE in run("--course", course.root, "audit")
