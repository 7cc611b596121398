"""What goes where: JSON alone on standard output, a pipe that is closed, tests that are broken."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.student.workspace import start

PRINTS = "\nprint('from my own tests')\n"


@pytest.fixture
def workspace(course, tmp_path, monkeypatch):
    """A student's folder, from which commands are run."""
    made = start(course.lab("adding"), tmp_path, course=course)
    monkeypatch.chdir(made.folder)
    return made


def append(path, text):
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.parametrize("words", [["check"], ["check", "--all"], ["status"], ["feedback"]])
def test_json_on_standard_output_is_alone_there(workspace, course, words):
    """Whatever the command says, and what tests of one's own print, is on standard error."""
    workspace.file.write_bytes((course.solutions(workspace.lab) / "adding.py").read_bytes())
    append(workspace.folder / "test_public.py", PRINTS)
    result = CliRunner().invoke(main, [*words, "--json", "-"])
    assert json.loads(result.stdout)["lab"] == "adding"
    assert result.stderr


def test_without_json_the_words_are_on_standard_output(workspace):
    """Also in the next command of the same process, and with the JSON in a file."""
    CliRunner().invoke(main, ["check", "--json", "-"])
    result = CliRunner().invoke(main, ["check", "--json", "check.json"])
    assert "1/2  FAIL" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        "check",
        "check --all",
        "check --json -",
        "status",
        "feedback --text",
        "run adding.py add 1 2",
    ],
)
def test_a_closed_pipe_ends_it_quietly(workspace, words):
    """`check | head -1` is no fault: no traceback, and nothing of pytest's."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", "from grader.cli import main; main()", *words.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(writing)
    assert ended.returncode == 1
    for word in ("Traceback", "INTERNALERROR", "BrokenPipe", "Exception ignored"):
        assert word not in ended.stderr


BROKEN = {
    "a syntax error": "def (",
    "an import of what is not there": "import nothing_of_that_name",
    "an exit": "raise SystemExit(3)",
    "an interrupt": "raise KeyboardInterrupt",
    "what nothing catches": "raise BaseException('no')",
    "no UTF-8": "\udcff",
    "an exit in a test": "@pytest.mark.rubric('add')\ndef test_x(student):\n    pytest.exit('no')",
    "an interrupt in a test": (
        "@pytest.mark.rubric('add')\ndef test_x(student):\n    raise KeyboardInterrupt"
    ),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_broken_tests_are_told_in_words(workspace, course, text):
    """By file and line, with the mend, which works; never with a traceback or INTERNALERROR."""
    workspace.file.write_bytes((course.solutions(workspace.lab) / "adding.py").read_bytes())
    own = workspace.folder / "test_public.py"
    own.write_bytes(own.read_bytes() + f"\n{text}\n".encode("utf-8", "surrogateescape"))
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 1
    assert "test_public.py" in result.stderr
    assert "remove yours to have them" in " ".join(result.stderr.split())
    assert "INTERNALERROR" not in result.output
    assert "Traceback" not in result.output
    own.unlink()
    assert CliRunner().invoke(main, ["check"]).exit_code == 0


def test_tests_that_can_t_be_read_are_told(workspace):
    """A link in a circle stands for all that the system refuses to read."""
    own = workspace.folder / "test_public.py"
    own.unlink()
    own.symlink_to(own.name)
    assert CliRunner().invoke(main, ["check"]).exit_code == 1  # is_file() says no: as released
    own.unlink()
    own.write_text("")
    own.chmod(0)
    result = CliRunner().invoke(main, ["check"])
    readable = os.access(own, os.R_OK)  # root reads all
    assert ("can't be read" in result.output) is not readable
    assert "Traceback" not in result.output
