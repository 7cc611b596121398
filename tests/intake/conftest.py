"""An inbox of the tiny course, and ways to put things into it, good ones and others."""

from datetime import UTC, datetime

import pytest

from grader.intake.bundle import pack
from grader.intake.finds import Find
from grader.intake.search import find
from grader.submissions import from_source

NOW = datetime(2025, 11, 22, 14, 3, tzinfo=UTC)
GOOD = b"def add(x, y):\n    return x + y\n"


@pytest.fixture
def now():
    """The present, in these tests."""
    return NOW


@pytest.fixture
def lab(course):
    return course.lab("adding")


@pytest.fixture
def trace_course(course):
    """The same course, with a lab that takes a trace."""
    path = course.root / "assignments/adding/assignment.toml"
    path.write_text("trace = true\n" + path.read_text("utf-8"), "utf-8")
    return course


@pytest.fixture
def inbox(tmp_path):
    """An empty inbox."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def packed(lab):
    """Makes a student's bundle with this source."""

    def make(student="s1", source=GOOD, now=NOW):
        return pack(lab, student, from_source(lab, student, source), now=now)

    return make


@pytest.fixture
def put(inbox):
    """Puts bytes into a student's folder of the inbox."""

    def write(raw, student="s1", name="a.shardlab.zip", slug="adding"):
        path = inbox / slug / student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return path

    return write


@pytest.fixture
def gather(course):
    """Collects, and gives what was found and what was refused: name of the file to reason."""

    def run(*paths, **options):
        everything = list(find(course.labs(), paths, **{"now": NOW} | options))
        found = [each for each in everything if isinstance(each, Find)]
        refused = {each.where: each.reason for each in everything if not isinstance(each, Find)}
        assert len(refused) == len(everything) - len(found)
        return found, refused

    return run
