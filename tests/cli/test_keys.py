"""A course that was copied without its keys: nothing is drawn or signed with others in silence."""

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import COMMANDS, main
from grader.course import load_course
from grader.course.key import KINDS
from grader.gradebook.store import Gradebook
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.submissions import read_submission

pytestmark = pytest.mark.usefixtures("one_process")

# What each command does with a key; `shardlab COMMAND …` in a copy that has none must not make one.
DRAWS = {
    "grade": ["grade", "adding", "--isolation", "none", "--jobs", "1"],
    "grade of a file": [
        "grade",
        "adding",
        "ann.py",
        "--no-record",
        "--isolation",
        "none",
        "--jobs",
        "1",
    ],
    "regrade": ["regrade", "adding", "--isolation", "none", "--jobs", "1"],
    "debug": ["debug", "adding", "ann.py", "--isolation", "none"],
    "nonce": ["nonce", "adding", "ann"],
    "start": ["start", "adding", "--student", "ann"],
    "report": ["report", "adding", "--anonymous"],
    "validate": ["validate", "adding"],
    "collect": ["collect", "drop"],
    "release": ["release", "adding"],
}
# Those that need none, and `demo`, which is graded as `grade` is and recorded nowhere.
NEEDS_NONE = {
    "list", "predict", "check", "watch", "hint", "capture", "submit", "status", "receipt", "reset",
    "doctor", "grades", "override", "extend", "publish", "feedback", "stats", "export", "similar",
    "roster", "attempt", "keys", "backup", "restore", "audit", "undo", "notebook", "sync", "mutant",
    "demo", "run", "update",
}  # fmt: skip


def shardlab(course, *words):
    return CliRunner().invoke(main, [str(each) for each in ("--course", course.root, *words)])


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for variable in ("SHARDLAB_DB", *(kind.variable for kind in KINDS)):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def used(course, tmp_path):
    """A course in use: ann's work is graded, and a bundle of hers got its receipt."""
    lab = course.lab("adding")
    shutil.copy(course.root / "solutions/adding/adding.py", course.root / "ann.py")
    (course.root / "drop").mkdir()
    work = read_submission(lab, course.root / "ann.py", "ann")
    deliver(course.root / "drop", pack(lab, "ann", work, now=datetime.now(UTC)))
    for words in (["collect", course.root / "drop"], DRAWS["grade"]):
        result = shardlab(course, *words)
        assert result.exit_code == 0, result.output
    return course


@pytest.fixture
def copied(used, tmp_path, monkeypatch):
    """The same without its keys, as a copy through version control is."""
    copy = tmp_path / "copy"
    shutil.copytree(used.root, copy)
    for kind in KINDS:
        (copy / kind.file).unlink()
    monkeypatch.chdir(copy)
    return load_course(copy)


def test_every_command_is_known_for_what_it_does_with_keys():
    """A new one is tried here, too, or said to need none."""
    named = {name for section in COMMANDS.values() for name in section}
    assert {words[0] for words in DRAWS.values()} | NEEDS_NONE >= named


@pytest.mark.parametrize("words", DRAWS.values(), ids=DRAWS)
def test_a_copy_without_keys_is_refused(copied, words):
    """By everything that draws or signs: with the mend, and before a key is made."""
    result = shardlab(copied, *words)
    said = " ".join(result.output.split())
    assert result.exit_code == 1, said
    assert "none is made" in said
    assert "back, or give it in SHARDLAB_" in said
    assert not [kind.file for kind in KINDS if (copied.root / kind.file).exists()]
    with Gradebook.open(str(copied.root / "gradebook.sqlite3")) as book:
        assert [each.score for each in book.grades(copied.lab("adding"))] == [100]


@pytest.mark.parametrize("words", DRAWS.values(), ids=DRAWS)
def test_another_key_is_refused(copied, words):
    """Also where a key was made in the copy by other means."""
    (copied.root / ".course-key").write_text("a key that was made for this copy\n")
    (copied.root / ".receipt-key").write_text("5" * 64 + "\n")
    result = shardlab(copied, *words)
    assert result.exit_code == 1, result.output
    assert "is not the one that this gradebook was made with" in " ".join(result.output.split())


def test_the_own_keys_in_the_environment_are_as_good(used, copied, monkeypatch):
    """The mend that the refusal names works: nothing is stale, and the receipt stays as it is."""
    for kind in KINDS:
        monkeypatch.setenv(kind.variable, (used.root / kind.file).read_text())
    assert "Nothing to grade" in shardlab(copied, *DRAWS["grade"]).output
    assert shardlab(copied, "collect", "drop").exit_code == 0
    assert not [kind.file for kind in KINDS if (copied.root / kind.file).exists()]


def test_another_key_can_be_accepted(copied):
    """By name and with a reason; then all goes on with the new one, and the log tells it."""
    result = shardlab(copied, "keys", "--accept", "course-key", "--reason", "lost")
    assert result.exit_code == 0, result.output
    assert "every hidden input would change" in " ".join(result.output.split())
    assert "of another course key" in " ".join(shardlab(copied, *DRAWS["grade"]).output.split())
    assert shardlab(copied, *DRAWS["regrade"]).exit_code == 0
    assert "accept key course-key" in shardlab(copied, "audit").output
    assert shardlab(copied, "keys", "--accept", "receipt-key").exit_code == 2


def test_accepting_a_key_is_undone_like_any_other_change(copied):
    """The new key is refused again, and the old one is asked for."""
    (copied.root / ".course-key").write_text("a key that was made for this copy\n")
    shardlab(copied, "keys", "--accept", "course-key", "--reason", "lost")
    with Gradebook.open(str(copied.root / "gradebook.sqlite3")) as book:
        entry = next(each.id for each in book.audit() if each.what == "accept key")
    assert shardlab(copied, "nonce", "adding", "ann").exit_code == 0
    assert shardlab(copied, "undo", entry).exit_code == 0
    assert shardlab(copied, "nonce", "adding", "ann").exit_code == 1


def test_keys_are_shown_without_their_secret(used, copied):
    """Which are those of the gradebook, absent or others; no digit of a key is printed."""
    result = shardlab(used, "keys", "--json", used.root / "keys.json")
    rows = json.loads((used.root / "keys.json").read_text())
    assert [(each["kind"], each["state"]) for each in rows] == [
        ("course-key", "ok"),
        ("receipt-key", "ok"),
    ]
    for kind in KINDS:
        assert (used.root / kind.file).read_text().strip()[:12] not in result.output
    assert shardlab(copied, "keys").output.count("absent") == 2
    (copied.root / ".receipt-key").write_text("5" * 64 + "\n")
    told = shardlab(copied, "keys")
    assert "ANOTHER" in told.output
    assert "shardlab keys --accept receipt-key" in " ".join(told.output.split())
    assert told.exit_code == 1


def test_a_new_course_keeps_its_keys_from_version_control(course):
    """With the first key a .gitignore is made, which names keys and gradebook; one's own stays."""
    (course.root / ".course-key").unlink()
    shardlab(course, "nonce", "adding", "ann")
    lines = (course.root / ".gitignore").read_text().splitlines()
    assert {".course-key", ".receipt-key", "*.sqlite3", "*.sqlite3-*"} <= set(lines)
    (course.root / ".gitignore").write_text("mine\n")
    shardlab(course, "release", "adding", "--to", course.root / "adding.zip")
    assert (course.root / ".receipt-key").exists()
    assert (course.root / ".gitignore").read_text() == "mine\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is absent")
def test_what_git_tracks_is_told(used, monkeypatch):
    """By collect, doctor and keys; a repository in which they are ignored is nothing to tell."""
    git = ["git", "-C", used.root, "-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "course.toml"], check=True)
    monkeypatch.chdir(used.root)
    for words in (["collect", "drop"], ["doctor"], ["keys"]):
        assert "Warning" not in shardlab(used, *words).output
    subprocess.run([*git, "add", "-f", ".course-key", "gradebook.sqlite3"], check=True)
    for words in (["collect", "drop"], ["doctor"], ["keys"]):
        said = " ".join(shardlab(used, *words).output.split())
        assert "Warning: git tracks .course-key and gradebook.sqlite3" in said
        assert "git rm --cached .course-key gradebook.sqlite3" in said


def test_what_keeps_back_every_lab_is_said_once(copied):
    """In lines of a terminal; no other lab is graded then, so none is promised."""
    result = shardlab(copied, "grade", "--isolation", "none", "--jobs", "1")
    assert result.output.count("SHARDLAB_COURSE_KEY") == 1
    assert "the other labs are graded" not in result.output
    assert all(len(each) <= 80 for each in result.output.splitlines())
