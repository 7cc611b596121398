"""backup and restore as an instructor types them: what is said, kept, and asked for by name."""

import fcntl
import json
import stat

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course.key import KINDS
from grader.gradebook.store import Gradebook

pytestmark = pytest.mark.usefixtures("one_process")
GRADE = ("grade", "adding", "--isolation", "none", "--jobs", "1")


@pytest.fixture
def run(course, tmp_path, monkeypatch):
    """Types a command at a course with one graded submission, from the course's folder."""
    monkeypatch.chdir(course.root)
    for variable in ("SHARDLAB_DB", *(kind.variable for kind in KINDS)):
        monkeypatch.delenv(variable, raising=False)
    (course.root / "ann.py").write_bytes((course.root / "solutions/adding/adding.py").read_bytes())

    def invoke(*words, code=0):
        result = CliRunner().invoke(main, [str(each) for each in words])
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    invoke(*GRADE, "ann.py")
    return invoke


def scores(course):
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        return {each.student.id: each.score for each in book.grades(course.lab("adding"))}


def test_there_and_back_again(run, course):
    """What is said names the undo, which works; both are in the log."""
    said = run("backup", "monday.sqlite3", "--json", "made.json")
    assert "Wrote monday.sqlite3: 1 student, 1 attempt, 1 result." in said
    assert "Not in it: .course-key and .receipt-key." in said
    assert json.loads((course.root / "made.json").read_text())["keys"] == []
    run("override", "ann", "adding", "add", "7.5", "--reason", "copied")
    assert scores(course) == {"ann": 67.5}
    said = run("restore", "monday.sqlite3", "--json", "restored.json")
    assert "Restored." in said
    assert scores(course) == {"ann": 100}
    kept = json.loads((course.root / "restored.json").read_text())["kept"]
    assert f"to go back: shardlab restore {kept}" in said
    told = f"restore monday.sqlite3: monday.sqlite3; before it: {kept.rpartition('/')[2]}"
    assert told.replace(" ", "") in run("audit").replace(" ", "")
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        entry = book.audit()[-1].id
    assert "in the file that it names: shardlab restore FILE" in run("undo", entry, code=2)
    run("restore", kept)
    assert scores(course) == {"ann": 67.5}


def test_a_backup_is_nobody_elses_to_read(run, course):
    """It holds every grade, and with --with-keys the keys, which is said."""
    run("backup", "plain.sqlite3")
    said = run("backup", "secret.sqlite3", "--with-keys")
    assert "It holds the course-key: keep it as secret as they are." in said
    for name in ("plain", "secret"):
        assert stat.S_IMODE((course.root / f"{name}.sqlite3").stat().st_mode) == 0o600
    key = (course.root / ".course-key").read_bytes().strip()
    assert key.hex().encode() in (course.root / "secret.sqlite3").read_bytes()
    assert key.hex().encode() not in (course.root / "plain.sqlite3").read_bytes()


def test_keys_come_back_where_there_are_none(run, course):
    """On a new machine: gradebook and key, and grading goes on as if nothing had been."""
    run("backup", "secret.sqlite3", "--with-keys")
    key = (course.root / ".course-key").read_bytes()
    (course.root / ".course-key").unlink()
    (course.root / "gradebook.sqlite3").unlink()
    said = run("restore", "secret.sqlite3")
    assert ".course-key from the backup" in said
    assert "What was there is kept" not in said
    assert (course.root / ".course-key").read_bytes().strip() == key.strip()
    assert stat.S_IMODE((course.root / ".course-key").stat().st_mode) == 0o600
    assert key.strip().hex().encode() not in (course.root / "gradebook.sqlite3").read_bytes()
    assert "Nothing to grade in adding: every submission has a result." in run(*GRADE)


def test_what_grades_hang_on_beside_is_compared(run, course):
    """Another key or another course.toml is told: scores would not be what they were."""
    run("backup", "secret.sqlite3", "--with-keys")
    (course.root / ".course-key").write_text("a key that was made elsewhere\n")
    with (course.root / "course.toml").open("a") as file:
        file.write("[deadlines.adding]\ndue = 2026-12-01T23:59:00Z\n")
    said = run("restore", "secret.sqlite3")
    assert "course.toml has changed since" in said
    assert ".course-key here is not that gradebook's" in said
    assert (course.root / ".course-key").read_text() == "a key that was made elsewhere\n"


def test_looking_changes_nothing(run, course):
    """With --dry-run a file is only looked into."""
    run("backup", "monday.sqlite3")
    run("override", "ann", "adding", "add", "7.5", "--reason", "copied")
    before = sorted(each.name for each in course.root.iterdir())
    said = run("restore", "monday.sqlite3", "--dry-run")
    assert "UTC: 1 student, 1 attempt, 1 result." in said
    assert "Restored" not in said
    assert scores(course) == {"ann": 67.5}
    assert sorted(each.name for each in course.root.iterdir()) == before
    (course.root / "monday.sqlite3").write_bytes(b"nothing")
    assert "is no gradebook" in run("restore", "monday.sqlite3", "--dry-run", code=3)


def test_not_while_somebody_collects(run, course):
    """What is taken in meanwhile would be lost."""
    run("backup", "monday.sqlite3")
    with (course.root / "course.toml").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "being collected" in run("restore", "monday.sqlite3", code=2)
    assert [each.name for each in course.root.glob("*before-restore*")] == []


def test_what_is_said_fits_a_terminal(run, course):
    """A path stays whole in its line, to be copied; all else is folded."""
    for words in (["backup", "monday.sqlite3"], ["restore", "monday.sqlite3"]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
        lines = [each for each in result.output.splitlines() if str(course.root) not in each]
        assert max(map(len, lines)) <= 80
        assert all(len(each.split()) == 1 for each in result.output.splitlines() if len(each) > 80)
