"""What a command reads of a lab, it reads once: it judges what was there when it began."""

import sys
import tomllib
from collections import Counter

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.sandbox import probe
from grader.student.workspace import start

_opened = []  # lists of names, each filled while its test runs


@pytest.fixture(scope="session")
def _hook():
    """An audit hook stays for as long as the process; without a list it does nothing."""

    def note(event, arguments):
        if _opened and event == "open":
            _opened[-1].append(str(arguments[0]))

    sys.addaudithook(note)


@pytest.fixture
def opened(_hook):
    """The names of all files that this process has opened, those of its workers not."""
    _opened.append([])
    yield _opened[-1]
    _opened.pop()


@pytest.fixture
def parsed(monkeypatch):
    """How often each TOML text was parsed, by its first line."""
    count, loads = Counter(), tomllib.loads

    def counted(text):
        count[text.partition("\n")[0]] += 1
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    return count


@pytest.fixture
def table(course):
    """A file beside the hidden tests that no test opens: whoever does makes the suite's digest."""
    path = course.root / "tests/hidden/adding/table.csv"
    path.write_text("1,2\n")
    return path


@pytest.fixture
def inbox(course, tmp_path):
    """A right submission and a wrong one."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    solution = (course.root / "solutions/adding/adding.py").read_text()
    (folder / "ann.py").write_text(solution)
    (folder / "bob.py").write_text(solution.replace("x + y", "x - y"))
    return folder


def shardlab(course, *arguments):
    """The command, with one worker at the best level of this machine."""
    command = ["--course", course.root, *arguments, "--isolation", probe().level.word]
    result = CliRunner().invoke(main, [str(each) for each in command])
    assert result.exit_code == 0, result.output


def first_line(path):
    return path.read_text().partition("\n")[0]


@pytest.mark.parametrize("command", ["grade", "grade --no-record", "regrade", "validate"])
def test_a_lab_is_parsed_and_its_suite_hashed_once(course, table, inbox, opened, parsed, command):
    """However many submissions, steps and workers there are."""
    name, *options = command.split()
    if name == "regrade":
        shardlab(course, "grade", "adding", inbox, "--jobs", 1)
        options = ["--again", "to see what is read"]
    paths = [inbox] if name == "grade" else []
    opened.clear()
    parsed.clear()
    shardlab(course, name, "adding", *paths, "--jobs", 1, *options)
    assert opened.count(str(table)) == 1
    assert parsed[first_line(course.root / "assignments/adding/assignment.toml")] == 1
    assert parsed[first_line(course.root / "course.toml")] == 1


def test_a_check_parses_the_lab_once(course, tmp_path, monkeypatch, parsed):
    """There is nothing to hash in a student's copy."""
    here = start(course.lab("adding"), tmp_path)
    here.file.write_bytes((course.root / "solutions/adding/adding.py").read_bytes())
    monkeypatch.chdir(here.folder)
    parsed.clear()
    shardlab(course, "check")
    assert parsed[first_line(course.root / "assignments/adding/assignment.toml")] == 1
