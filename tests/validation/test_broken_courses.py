"""Whatever is wrong with a course, `validate` names it once, and writes the JUnit file."""

import shutil
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.sandbox import probe

pytestmark = pytest.mark.usefixtures("one_process")

LAB = "assignments/adding"
STUB, PUBLIC, README = f"{LAB}/adding.py", f"{LAB}/test_public.py", f"{LAB}/README.md"
TOML, HINTS = f"{LAB}/assignment.toml", f"{LAB}/hints.toml"
SOLUTION, HIDDEN = "solutions/adding/adding.py", "tests/hidden/adding/test_adding.py"
CONFTEST = "tests/hidden/adding/conftest.py"
NO_PYTHON, NO_TEXT = "def add(:\n", b"x = '\xff'\n"
BYTE = ": line 1 has the byte 0xff, which is no UTF-8"


def write(name, content):
    def do(root):
        raw = content if isinstance(content, bytes) else content.encode()
        (root / name).write_bytes(raw)

    return do


def missing(name):
    def do(root):
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return do


def folder(name):
    def do(root):
        (root / name).unlink()
        (root / name).mkdir()

    return do


def link(name):
    def do(root):
        (root / name).unlink()
        (root / name).symlink_to(root / "nothing")

    return do


# What is done to the course, the file that is named for it, and the words that follow.
BROKEN = {
    "stub: syntax": (write(STUB, NO_PYTHON), STUB, ":1: invalid syntax"),
    "stub: NUL": (write(STUB, b"x = 1\0\n"), STUB, ": source code string cannot contain null"),
    "stub: no text": (write(STUB, NO_TEXT), STUB, BYTE),
    "stub: codec": (
        write(STUB, "# coding: nothing\n"),
        STUB,
        ": it says that it is nothing, unknown",
    ),
    "stub: too deep": (write(STUB, f"x = {'(' * 500}{')' * 500}\n"), STUB, ":1: too many nested"),
    "stub: far too deep": (write(STUB, f"x = {'-' * 99_999}1\n"), STUB, ": not to be parsed"),
    "stub: missing": (missing(STUB), STUB, ": missing"),
    "stub: a folder": (folder(STUB), STUB, ": missing"),
    "solution: syntax": (write(SOLUTION, NO_PYTHON), SOLUTION, ":1: invalid syntax"),
    "solution: no text": (write(SOLUTION, NO_TEXT), SOLUTION, BYTE),
    "solution: empty": (write(SOLUTION, ""), SOLUTION, ": adding.py is empty"),
    "solution: missing": (missing(SOLUTION), SOLUTION, ": missing"),
    "solution: a folder": (folder(SOLUTION), SOLUTION, ": can't be read: Is a directory"),
    "solution: a link": (link(SOLUTION), SOLUTION, ": missing"),
    "solutions: missing": (missing("solutions/adding"), SOLUTION, ": missing"),
    "hidden: syntax": (write(HIDDEN, NO_PYTHON), HIDDEN, ":1: invalid syntax"),
    "hidden: no text": (write(HIDDEN, NO_TEXT), HIDDEN, BYTE),
    "hidden: an import": (write(HIDDEN, "import nothing_here\n"), HIDDEN, ":1: ModuleNotFound"),
    "hidden: raises": (write(HIDDEN, "1 / 0\n"), HIDDEN, ":1: ZeroDivisionError"),
    "hidden: ends Python": (write(HIDDEN, "raise SystemExit(0)\n"), HIDDEN, ":1: SystemExit"),
    "hidden: interrupts": (write(HIDDEN, "raise KeyboardInterrupt\n"), HIDDEN, ":1: Keyboard"),
    "hidden: missing": (missing("tests/hidden/adding"), "tests/hidden/adding", ": no test_*.py"),
    "hidden: a folder": (folder(HIDDEN), HIDDEN, ": a folder, not a file"),
    "hidden: a link": (link(HIDDEN), HIDDEN, ": a link to nothing, not a file"),
    "conftest: syntax": (write(CONFTEST, NO_PYTHON), CONFTEST, ":1: invalid syntax"),
    "conftest: raises": (write(CONFTEST, "1 / 0\n"), CONFTEST, ":1: ZeroDivisionError"),
    "conftest: a hook": (
        write(CONFTEST, "def pytest_collection_modifyitems():\n    1 / 0\n"),
        CONFTEST,
        ":1: pytest_collection_modifyitems is a hook of pytest's",
    ),
    "public: syntax": (write(PUBLIC, NO_PYTHON), PUBLIC, ":1: invalid syntax"),
    "public: an import": (write(PUBLIC, "import nothing_here\n"), PUBLIC, ":1: ModuleNotFound"),
    "public: missing": (missing(PUBLIC), PUBLIC, ": missing"),
    "assignment: syntax": (write(TOML, "a = \n"), TOML, ": not TOML"),
    "assignment: no text": (write(TOML, b"a = '\xff'\n"), TOML, ": can't be read"),
    "assignment: missing": (missing(TOML), TOML, ": missing"),
    "assignment: a folder": (folder(TOML), TOML, ": can't be read"),
    "lab: missing": (missing(LAB), TOML, ": missing"),
    "hints: syntax": (write(HINTS, "a = \n"), HINTS, ": not TOML"),
    "hints: missing": (missing(HINTS), HINTS, ": missing"),
    "key: too short": (write(".course-key", ""), ".course-key", ": a key of 0 bytes"),
}
# The same, where all but one check can still be made.
IN_PART = {
    "README: syntax": (write(README, "```python\ndef (:\n```\n"), README, ":2: SyntaxError"),
    "README: raises": (write(README, "```python\n1 / 0\n```\n"), README, ":2: ZeroDivision"),
    "README: ends": (
        write(README, "```python\nimport os\n\nos._exit(3)\n```\n"),
        README,
        ": the examples ended Python with code 3",
    ),
    "README: no text": (write(README, b"\xff\n"), README, ":1: not UTF-8 text"),
    "variants: missing": (missing("solutions/adding/variants"), "", "there are no variants"),
    "mutants: missing": (missing("solutions/adding/mutants"), "", "there are no mutants"),
}
OF_THE_COURSE = {
    "syntax": (write("course.toml", "a = \n"), ": not TOML"),
    "missing": (missing("course.toml"), ": missing"),
    "a key": (write("course.toml", 'name = "x"\nlabs = 3\n'), ": key 'labs'"),
}


@pytest.fixture
def validate(course):
    """`shardlab validate` with arguments: its result, without a trace of the course's folder."""

    def run(*arguments):
        command = ["--course", course.root, "validate", "--isolation", probe().level.word,
                   "--jobs", 2, "--junit", course.root / "checks.xml", *arguments]  # fmt: skip
        result = CliRunner().invoke(main, [str(each) for each in command])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        flat = " ".join(result.output.replace(f"{course.root}/", "").split())
        return result.exit_code, flat

    return run


def failures(course):
    """The texts of the failures in the JUnit file."""
    suite = ET.parse(course.root / "checks.xml").getroot()[0]
    return [each.text.replace(f"{course.root}/", "") for each in suite.iter("failure")]


@pytest.mark.parametrize("name", [*BROKEN, *IN_PART])
def test_what_is_wrong_is_named_once(validate, course, name):
    """By its file, with what mends it: no traceback, one problem, and the same as JUnit."""
    do, file, words = (BROKEN | IN_PART)[name]
    do(course.root)
    code, output = validate()
    assert code == 1
    assert output.count(f"{file}{words}") == 1, output
    assert output.count("FAIL") == 1, output
    assert output.endswith("1 problem."), output
    (failure,) = failures(course)
    assert f"{file}{words}" in failure


@pytest.mark.parametrize("name", ["assignment: syntax", "hints: missing"])
def test_a_broken_lab_that_is_named_is_reported_as_well(validate, course, name):
    """It is known before anything runs; the report is written all the same."""
    do, file, words = BROKEN[name]
    do(course.root)
    code, output = validate("adding")
    assert code == 1
    assert f"{file}{words}" in output
    assert len(failures(course)) == 1


@pytest.mark.parametrize("name", OF_THE_COURSE)
def test_a_course_that_cannot_be_read_has_a_report(validate, course, name):
    """CI reads the JUnit file, whatever ends the command."""
    do, words = OF_THE_COURSE[name]
    do(course.root)
    code, output = validate()
    assert code == 1
    assert f"course.toml{words}" in output
    assert words in failures(course)[0]


@pytest.mark.parametrize("path", [SOLUTION, HIDDEN])
def test_a_release_names_what_it_cannot_read(course, path):
    """It looks for the lines of both in what students get."""
    write(path, NO_PYTHON)(course.root)
    command = ["--course", course.root, "release", "adding", "--to", course.root / "a.zip"]
    result = CliRunner().invoke(main, [str(each) for each in command])
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert words == f"Error: {course.root / path}:1: invalid syntax"
    assert not (course.root / "a.zip").exists()
