"""`shardlab similar`: a list to look at, within 80 columns, that nobody's text can steer."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.submissions import Submission

OWN = '''\
import numpy as np


def add(x, y):
    """Mine."""
    parts = [np.atleast_1d(each).copy() for each in (x, y)]
    for left, right in zip(*parts, strict=True):
        if left.dtype != right.dtype:
            raise TypeError(f"{left} {right}")
    return sum(part.astype(float) for part in parts)
'''


@pytest.fixture
def inbox(tmp_path):
    """Two alike but for names, one of its own, one that is no Python, one with nothing."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "ann.py").write_text(OWN)
    disguised = OWN.replace("parts", "xs").replace("left", "a").replace("Mine", "李\t\x1b[2J")
    (folder / "bob.py").write_text(disguised)
    (folder / "cy.py").write_text("def add(x, y):\n    return x + y\n")
    (folder / "dee.py").write_text("def add(:\n")
    (folder / "eve.py").write_bytes(b"")
    return folder


def similar(course, *arguments):
    """`shardlab similar adding …`."""
    command = ["--course", course.root, "similar", "adding", *arguments]
    return CliRunner().invoke(main, [str(each) for each in command])


def test_pairs_are_listed_and_shown_side_by_side(course, inbox):
    """The pair on top, both its functions beside each other, equal lines marked, 80 columns."""
    result = similar(course, inbox)
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert max(map(len, lines)) <= 80
    assert any("ann" in line and "bob" in line and "0.8" in line for line in lines)
    assert any(line.count("def add") == 2 and " = " in line for line in lines)
    assert "reason to look" in lines[0]


def test_what_was_not_compared_is_told(course, inbox):
    """One that is no Python and one that is empty have a line each, with the reason."""
    output = similar(course, inbox).output
    assert "not compared: dee: not to be parsed: line 1" in output
    assert "not compared: eve: adding.py is empty" in output
    assert "nothing to go by: 1 with next to nothing of their own: cy" in output


def test_code_can_not_steer_the_terminal(course, inbox):
    """Escape sequences are spelled out; wide characters don't push the columns apart."""
    output = similar(course, inbox).output
    assert "\x1b" not in output
    assert "\\x1b" in output


def test_json_and_page_have_the_same_pairs(course, inbox, tmp_path):
    """Names, places and reasons in JSON; the page is one file."""
    page, data = tmp_path / "alike.html", tmp_path / "alike.json"
    result = similar(course, inbox, "--html", page, "--json", data, "--show", "0")
    assert result.exit_code == 0
    found = json.loads(data.read_text())
    assert list(found) == ["lab", "compared", "pairs", "more", "unread", "plain"]
    (pair,) = found["pairs"]
    assert (pair["left"], pair["right"], found["compared"]) == ("ann", "bob", 3)
    assert pair["functions"][0]["left"] == {"function": "add", "first": 4, "last": 10}
    assert [each["name"] for each in found["unread"]] == ["dee", "eve"]
    assert "def add" in page.read_text("utf-8")


def test_an_unknown_lab_is_told(course, inbox):
    """With those that there are."""
    words = ["--course", str(course.root), "similar", "ading", str(inbox)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "adding" in result.output


def test_without_a_path_the_gradebook_is_asked(course, tmp_path):
    """Everyone's newest attempt is compared, under the student's id."""
    file = tmp_path / "book.sqlite3"
    now = datetime(2026, 11, 22, tzinfo=UTC)
    with Gradebook.open(str(file), who="test") as book:
        for name, text in (("ann", "x = 1\n"), ("ann", OWN), ("bob", OWN.replace("parts", "q"))):
            book.take_in("adding", [Arrival(Submission(name, {"adding.py": text.encode()}), now)])
    result = similar(course, "--db", file)
    assert result.exit_code == 0, result.output
    assert "2 submissions compared" in result.output
    assert any("ann" in line and "bob" in line for line in result.output.splitlines())
