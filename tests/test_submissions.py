"""Submissions as students leave them: all are found, nothing is followed, none is lost."""

import os
import shutil
import subprocess
import sys

import pytest

from grader.submissions import MAX_SOURCE_BYTES, from_source, read_submission, read_submissions

GOOD = b"def add(x, y):\n    return x + y\n"


@pytest.fixture
def lab(course):
    return course.lab("adding")


@pytest.fixture
def inbox(tmp_path):
    """A folder for what students hand in."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(path, source=GOOD):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source)
    return path


def found(lab, *paths):
    """Name to problem of all submissions there; those without one hold the lab's file."""
    submissions = read_submissions(lab, paths)
    for each in submissions:
        assert bool(each.problem) != bool(each.files)
        assert set(each.files) <= {"adding.py"}
    return {each.name: each.problem for each in submissions}


# -- what counts as one --------------------------------------------------------------------


def test_a_file_is_a_submission(lab, inbox):
    """Whatever its name, it is loaded as the lab's module."""
    (submission,) = read_submissions(lab, [put(inbox / "s041.py")])
    assert submission.name == "s041"
    assert submission.files == {"adding.py": GOOD}


def test_a_folder_holds_one_per_file_and_folder(lab, inbox):
    """In the order of names; what else lies around is none."""
    put(inbox / "s2" / "adding.py")
    put(inbox / "s2" / "other.py")
    put(inbox / "s1.py")
    for name in ("notes.txt", ".s9.py", "__pycache__/x.py", ".git/adding.py", "__init__.py"):
        put(inbox / name)
    assert list(found(lab, inbox)) == ["s1", "s2"]


def test_a_workspace_is_one_submission(lab, inbox):
    """A student's own folder, with its public tests, is not an inbox."""
    put(inbox / "adding.py")
    put(inbox / "test_public.py")
    assert found(lab, inbox) == {"inbox": ""}
    put(inbox / "draft.py")
    (inbox / ".shardlab").mkdir()
    assert found(lab, inbox) == {"inbox": ""}


def test_two_members_can_t_make_an_inbox_a_workspace(lab, inbox):
    """Who hands in both files of a workspace does not hide everybody else."""
    for name in ("adding.py", "test_public.py", "s1.py"):
        put(inbox / name)
    assert list(found(lab, inbox)) == ["adding", "s1", "test_public"]


def test_names_are_made_unique(lab, inbox):
    """Two of one name are both graded, a name that looks like a number included."""
    paths = [put(inbox / each) for each in ("a/s.py", "b/s.py", "c/s-2.py", "d/s.py")]
    assert list(found(lab, *paths)) == ["s", "s-2", "s-2-2", "s-3"]


def test_the_same_path_twice_is_two_submissions(lab, inbox):
    """Nothing is dropped silently, not even what was asked for twice."""
    path = put(inbox / "s.py")
    assert list(found(lab, path, path)) == ["s", "s-2"]


def test_only_the_labs_file_is_read(lab, inbox):
    """Other files beside it don't get into the sandbox."""
    put(inbox / "s" / "adding.py")
    put(inbox / "s" / "numpy.py")
    (submission,) = read_submissions(lab, [inbox])
    assert list(submission.files) == ["adding.py"]


def test_a_source_at_hand_is_a_submission(lab):
    """What `validate` makes up needs no file."""
    assert from_source(lab, "stub", GOOD).files == {"adding.py": GOOD}


# -- what can't be read --------------------------------------------------------------------


def test_a_folder_without_the_file_is_told(lab, inbox):
    """An empty folder is somebody's submission."""
    (inbox / "s1").mkdir()
    put(inbox / "s2" / "adding" / "adding.py")
    assert found(lab, inbox) == {"s1": "no adding.py in it", "s2": "no adding.py in it"}


def test_links_are_not_followed(lab, inbox, tmp_path):
    """A link in an inbox could lead to a solution: it is a problem in words, never its content."""
    secret = put(tmp_path / "secret" / "adding.py", b"SECRET = 1\n")
    (inbox / "a.py").symlink_to(secret)
    (inbox / "b").mkdir()
    (inbox / "b" / "adding.py").symlink_to(secret)
    (inbox / "c").symlink_to(secret.parent)
    (inbox / "d.py").symlink_to(secret.parent)
    (inbox / "e.py").symlink_to(tmp_path / "nowhere")
    problems = found(lab, inbox)
    assert list(problems) == list("abcde")
    assert all("symbolic link" in problem for problem in problems.values())


def test_members_of_odd_kinds_are_told(lab, inbox, tmp_path):
    """A link to nothing or to itself, and a file of another system: none is lost."""
    (inbox / "a").symlink_to(tmp_path / "nowhere")
    (inbox / "b").symlink_to("b")
    put(inbox / "c.PY")
    problems = found(lab, inbox)
    assert list(problems) == ["a", "b", "c"]
    assert ["symbolic link" in problem for problem in problems.values()] == [True, True, False]


def test_a_link_that_is_given_is_not_followed(lab, inbox):
    """A shell names every member of `inbox/*.py`, one that a student planted among them."""
    (inbox / "link.py").symlink_to(put(inbox / "s1" / "adding.py"))
    assert "symbolic link" in found(lab, inbox / "link.py")["link"]


def test_a_folder_named_like_a_file_is_told(lab, inbox):
    """It is no inbox of its own."""
    put(inbox / "s1.py" / "adding.py")
    put(inbox / "s2" / "adding.py" / "x")
    assert found(lab, inbox) == {
        "s1": "s1.py is a folder, not a file",
        "s2": "adding.py is a folder, not a file",
    }


def test_a_pipe_does_not_hold_up_the_class(lab, inbox):
    """Opening one for reading would wait for a writer for ever."""
    os.mkfifo(inbox / "s1.py")
    assert found(lab, inbox) == {"s1": "s1.py can't be read: it is no regular file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_locked_file_is_told(lab, inbox):
    """The system's reason is passed on."""
    put(inbox / "s1.py").chmod(0)
    assert found(lab, inbox) == {"s1": "s1.py can't be read: Permission denied"}


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_hostile_names_become_printable(lab, inbox):
    """Names reach terminals, tables and seeds: no escape sequence and no half of a pair."""
    (inbox / os.fsdecode(b"\xff\x1b[2J\n.py")).write_bytes(b"")
    ((name, problem),) = found(lab, inbox).items()
    assert name == r"\udcff\x1b[2J\n"
    assert name.encode()
    assert problem.isprintable()


# -- what is no source ---------------------------------------------------------------------

NO_SOURCE = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "NUL": (b"x = 1\0", "NUL bytes"),
    "binary": (b"\x7fELF\xff\xfe", "not UTF-8"),
    "UTF-16": ("x = 1".encode("utf-16"), "NUL bytes"),
    "broken UTF-8": (b"x = '\xe9'\n", "line 1 has the byte 0xe9, which is no UTF-8; save it as"),
    "unknown codec": (b"# coding: klingon\n", "not UTF-8 text: it says that it is klingon"),
    "no text codec": (b"# coding: rot13\n", "not UTF-8 text: it says that it is rot13"),
    "undefined": (b"# coding: undefined\n", "not UTF-8"),
    "slow codec": (b"# coding: punycode\n" + b"-a" * 100_000, "not UTF-8"),
    "codec that warns": (b"# coding: unicode_escape\n'\\d'", "not UTF-8"),
    "two codecs": (b"\xef\xbb\xbf# coding: latin-1\n", "not UTF-8"),
    "too large": (b"#" * (MAX_SOURCE_BYTES + 1), "is larger than 256 kB"),
}


@pytest.mark.parametrize("name", NO_SOURCE)
def test_what_is_no_source_is_told(lab, inbox, name):
    """Every file becomes a submission with a problem in words; none raises, none takes long."""
    source, words = NO_SOURCE[name]
    submission = read_submission(lab, put(inbox / "adding.py", source), "s1")
    assert submission.files == {}
    assert submission.problem.startswith("adding.py ")
    assert words in submission.problem


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfx = 1\n",
        b"# coding: latin-1\nx = '\xe9'\n",
        b"# -*- coding: utf8 -*-\nx = 1\n",
        b"# Ren\xe9\rx = 1\r",
        b"#" * MAX_SOURCE_BYTES,
        b"def broken(:\n",
        b"x = 1\r\n",
    ],
    ids=["BOM", "latin-1", "utf8", "odd", "as large as may be", "a syntax error", "CRLF"],
)
def test_what_python_may_read_is_for_python_to_judge(lab, inbox, source):
    """A syntax error is the student's own, found in the sandbox; bytes are kept as they are."""
    submission = read_submission(lab, put(inbox / "adding.py", source), "s1")
    assert submission.problem == ""
    assert submission.files == {"adding.py": source}


LOCKED = """
import sys
from pathlib import Path
from grader.course import load_course
from grader.errors import UsageError
from grader.intake.search import find
from grader.intake.places import is_plain
from grader.submissions import read_submissions
from datetime import UTC, datetime
course, place = load_course(Path(sys.argv[1])), Path(sys.argv[2])
print(is_plain(course, place), is_plain(course, place / "eve"))
for each in read_submissions(course.lab("adding"), [place]):
    print(each.name, each.problem or "read")
for each in find(course.labs(), [place, place / "eve"], now=datetime.now(UTC)):
    print(type(each).__name__)
try:
    read_submissions(course.lab("adding"), [place / "eve"])
except UsageError as error:
    print(error)
"""


def test_a_folder_that_nobody_may_look_into_keeps_nobody_back(course, tmp_path):
    """Its owner has a problem in words, and all others are read."""
    place = tmp_path / "class"
    for student in ("ann", "eve"):
        (place / student).mkdir(parents=True)
        (place / student / "adding.py").write_text("x = 1\n")
    (place / "eve").chmod(0)
    command = [sys.executable, "-c", LOCKED, str(course.root), str(place)]
    if os.getuid() == 0:
        if not (setpriv := shutil.which("setpriv")):
            pytest.skip("root may look anywhere, and there is no setpriv to take that away")
        command = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *command]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    (place / "eve").chmod(0o755)
    assert told.stdout.splitlines() == [
        "True False",
        "ann read",
        "eve adding.py can't be read: Permission denied",
        "IntakeRefusal",
        "Find",
        "IntakeRefusal",
        f"{place / 'eve'} can't be read: Permission denied",
    ], told.stderr
