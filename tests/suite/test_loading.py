"""What ended an import is named: the line, why, and what to do; so is what ends a call."""

import json
import re
import zipfile
from functools import partial

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from grader.cli import main
from grader.judge import grade
from grader.sandbox import Crashed, Limits, OutOfMemory, Raised, TimedOut, probe
from grader.submissions import from_source
from grader.suite import processes
from grader.suite.explain.loading import load_failure

GUARD = 'if __name__ == "__main__":'
RIGHT = "def add(x, y):\n    return x + y\n\n\n"  # five lines with what is put after it
AT_IMPORT = "the file is imported, not run as a script"
UNITTEST = "import unittest\nclass T(unittest.TestCase): pass\nunittest.main()\n"
PARSER = "import argparse\np = argparse.ArgumentParser()\np.add_argument('n')\n"
THREAD = "import threading, time\nt = threading.Thread(target=time.sleep, args=(60,))\n"
CLICK = "import click\n@click.command()\ndef main():\n    pass\nmain()\n"

# What stands at the end of a file; what ended the import, the line that did, and the mend.
ENDS = {
    "sys.exit(0)": ("import sys\nsys.exit(0)\n", "sys.exit() ended the import", 6, AT_IMPORT),
    "a text": ("import sys\nsys.exit('bye')\n", "sys.exit() ended the import", 6, AT_IMPORT),
    "tests": (UNITTEST, "unittest.main() ended the import", 7, AT_IMPORT),
    "pytest": ("import pytest, sys\nsys.exit(pytest.main(['-q', '/nowhere']))\n",
               "pytest.main() ended the import", 6, AT_IMPORT),
    "exit": ("exit()\n", "exit() would end the import", 5, AT_IMPORT),
    "quit": ("quit()\n", "quit() would end the import", 5, AT_IMPORT),
    "raise": ("raise SystemExit\n", "raise SystemExit ended the import", 5, AT_IMPORT),
    "os._exit": ("import os\nos._exit(0)\n", "os._exit() ended the import", 6, AT_IMPORT),
    "arguments": (f"{PARSER}a = p.parse_args()\n", "parse_args() ended the import", 8, AT_IMPORT),
    "click": (CLICK, "this line ended the import (SystemExit", 9, AT_IMPORT),
    "doctest": ("import doctest, sys\nsys.exit(doctest.testmod()[0])\n",
                "sys.exit() ended the import", 6, AT_IMPORT),
    "interrupt": ("raise KeyboardInterrupt\n", "this line ended the import", 5, AT_IMPORT),
    "caught too little": ("import sys\ntry: sys.exit()\nexcept Exception: pass\n",
                          "sys.exit() ended the import", 6, AT_IMPORT),
    "input": ("n = input('n? ')\n", "input() has nobody to ask", 5, AT_IMPORT),
    "breakpoint": ("breakpoint()\n\nx = 1\n", "a breakpoint has nobody to wait for", 5,
                   "take breakpoint() and set_trace() out"),
    "pdb": ("import pdb\npdb.set_trace()\nx = 1\n", "a breakpoint has", 6, "take breakpoint"),
    "a function": ("import sys\ndef end():\n    sys.exit()\nend()\n",
                   "sys.exit() ended the import", 7, "this function is called while"),
    "os._exit in a function": ("import os\ndef end():\n    os._exit(1)\nend()\n",
                               "os._exit() ended the import", 7, "this function is called while"),
    "a wrong guard": ("import sys\nif __name__ != 'main':\n    sys.exit()\n",
                      "sys.exit() ended the import", 7, "adding.py:6 holds while"),
    "the module's name": ("import sys\nif __name__ == 'adding':\n\n    # run\n    sys.exit()\n",
                          "sys.exit() ended the import", 9, "adding.py:6 holds while"),
    "another condition": ("import sys\nif sys:\n    sys.exit()\n", "sys.exit()", 7, AT_IMPORT),
    "a loop": ("while True:\n    pass\n", "no answer within", None, "a loop or a wait runs while"),
    "a wait": ("import time\ntime.sleep(60)\n", "no answer within", 6, "a loop or a wait"),
    "a thread": (f"{THREAD}t.start()\nt.join()\n", "no answer within", 8, "a loop or a wait"),
    "processes": ("import multiprocessing\nmultiprocessing.Pool(2)\n",
                  "PermissionError: [Errno 1]", 6, "starts no other process"),
    "a command": ("import subprocess\nsubprocess.run(['ls'])\n",
                  "PermissionError: [Errno 1]", 6, "starts no other process"),
    "the network": ("import socket\nsocket.socket()\nsocket.create_server(('', 0))\n",
                    "PermissionError: [Errno 1]", None, "uses no network"),
}  # fmt: skip


@pytest.fixture
def graded(judge):
    """The result and first finding of a source, as a student reads them."""

    def result_of(source):
        result = grade(judge, from_source(judge.lab, "s1", source.encode()))
        return result, result.rubric[0].finding

    return result_of


@pytest.mark.parametrize("name", ENDS)
def test_what_ended_the_import_is_named_with_line_and_mend(graded, name, monkeypatch):
    """What ended it, the line of the student's file, and what to do about it."""
    end, words, line, mend = ENDS[name]
    if words == "no answer within":  # the less time that takes, the better
        monkeypatch.setattr(processes, "Limits", partial(Limits, load_time_s=0.3))
    result, finding = graded(RIGHT + end)
    assert result.score == 0
    assert f"adding.py does not load: {words}" in finding.error
    assert mend in finding.note
    assert finding.source
    lines = (RIGHT + end).splitlines()
    place, _, number = finding.where.partition(":")
    assert place == "adding.py"
    own = finding.source.splitlines()[-1]  # below the lines that led there
    assert lines[int(number) - 1].strip().startswith(re.sub(r"^\d+ in \w+: ", "", own))
    assert line is None or int(number) == line
    assert result.note == f"{finding.error} {finding.where}; {' '.join(finding.note.split())}"
    if "breakpoint" not in mend:
        assert finding.note.endswith(f"\n{GUARD}")


@pytest.mark.parametrize("guard", [GUARD, "if __name__ == 'main':", "if '__main__' == __name__:"])
def test_what_a_guard_keeps_from_an_import_is_no_fault(graded, guard):
    """Under a guard, even one that never holds, the line is not run."""
    assert graded(f"{RIGHT}import sys\n{guard}\n    sys.exit(0)\n")[0].score == 40


def test_a_right_guard_that_is_not_the_reason_is_not_blamed():
    """A line in a function under another statement than a guard is told as what it is."""
    source = f"{GUARD}\n    pass\nimport sys\nsys.exit(0)\n"
    outcome = Raised(("SystemExit", "BaseException", "object"), "0", 4, "sys.exit(0)")
    assert AT_IMPORT in load_failure(outcome, "a.py", source.encode()).finding.note


@pytest.mark.parametrize(
    ("body", "words", "nudge"),
    [
        ("import sys; sys.exit(0)", "sys.exit() ended the call (SystemExit: 0)", "due here"),
        ("raise SystemExit", "raise SystemExit ended the call (SystemExit)", "due here"),
        ("exit()", "exit() would end the call", "due here"),
        ("return end()", "quit() would end the call", "due here"),
        ("import os; os._exit(0)", "os._exit(0)", "due here"),
        ("return input()", "input() has nobody to ask", "Which argument"),
        ("breakpoint(); return x", "a breakpoint has nobody to wait for", "Print it"),
        ("import os; os.fork()", "PermissionError", ""),
    ],
)
def test_what_ends_a_call_is_named_for_the_call(graded, body, words, nudge):
    """In a function the call ended, and the call is shown with it."""
    _, finding = graded(f"def add(x, y):\n    {body}\n\n\ndef end():\n    quit()\n")
    assert finding.called == "add(x, y)"
    assert words in finding.error
    assert nudge in finding.nudge
    assert "import" not in finding.error
    assert ("starts no other process" in finding.note) == ("fork" in body)


@pytest.mark.parametrize("opening", [GUARD, "class Answers:", "def answers():", "if 0:"])
def test_a_function_that_is_defined_too_deep_is_found(graded, opening):
    """Under a guard, in a class or in another function it is not there after the import."""
    _, finding = graded(f"import os\n{opening}\n    def add(x, y):\n        return x + y\n")
    assert finding.error == "AttributeError: adding.py defines no function add"
    assert "adding.py:3 defines it within what begins at adding.py:2" in finding.note
    assert "left margin" in finding.note


def test_a_function_that_is_nowhere_is_not_found(graded):
    """A name that only looks like it is none."""
    _, finding = graded("class A:\n    def adds(x, y):\n        return x\n    add = adds\n")
    assert "defines it" not in finding.note


def test_a_usual_exception_keeps_its_own_words(graded):
    """An error that is no end of Python's is told by its name, as ever."""
    assert (
        graded("1 / 0\n")[1].error == "adding.py does not load: ZeroDivisionError: division by zero"
    )
    assert graded("def add(x, y):\n    return x.y\n")[1].error.startswith("AttributeError: ")


@given(
    st.text("if _name='main\":\n #()def@\r\t_exit", max_size=60),
    st.integers(-2, 9),
    st.sampled_from(["SystemExit", "BdbQuit", "EOFError", "NameError", "SyntaxError"]),
)
def test_no_text_of_a_file_is_too_odd_to_explain(source, line, kind):
    """Whatever the file looks like, it is explained, in a note that holds none of its text."""
    for outcome in (
        Raised((kind, "BaseException", "object"), "name 'exit' is not defined", line, "exit()"),
        TimedOut(5.0, line, "x"),
        Crashed("the process ended itself with os._exit(0)"),
        OutOfMemory(1 << 20),
    ):
        finding = load_failure(outcome, "a.py", source.encode()).finding
        assert not finding.loads
        assert finding.error.startswith("a.py does not load: ")
        assert finding.nudge


# -- alike in every command -------------------------------------------------------------------

SAID = "adding.py does not load: unittest.main() ended the import"


@pytest.fixture
def desk(course, tmp_path, monkeypatch):
    """A student's folder whose file ends with unittest.main()."""
    monkeypatch.chdir(tmp_path)
    assert shardlab("--course", course.root, "release", "adding").exit_code == 0
    with zipfile.ZipFile("adding.zip") as archive:
        archive.extractall("released")
    assert shardlab("--course", "released", "start", "adding").exit_code == 0
    (tmp_path / "adding" / "adding.py").write_text(RIGHT + UNITTEST)
    return tmp_path


def shardlab(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def in_a_line(result):
    """A command's output without its layout."""
    return " ".join(result.output.split())


def test_check_and_submit_say_it(desk):
    """The student reads line and mend before and while handing in, and still hands in."""
    said = in_a_line(shardlab("check", "adding"))
    assert SAID in said
    assert "adding.py:7" in said
    assert GUARD in said
    said = in_a_line(shardlab("submit", "adding", "--student", "s1", "--pack", "mine.zip"))
    assert f"Public 0/2. Where adding.py:7 Error {SAID}" in said
    assert GUARD in said
    assert (desk / "mine.zip").exists()


def test_grade_says_it(course, tmp_path):
    """Staff read it in a line; the student, item by item, with the line and the mend."""
    (tmp_path / "s1.py").write_text(RIGHT + UNITTEST)
    target = tmp_path / "grades.json"
    result = shardlab("--course", course.root, "grade", "adding", tmp_path / "s1.py", "--no-record",
                      "--isolation", probe().level.word, "--jobs", 1, "--json", target)  # fmt: skip
    assert "1/1 0 graded, 1 not runnable" in in_a_line(result)
    (told,) = json.loads(target.read_text())["results"]
    assert told["note"].startswith(f"{SAID} (SystemExit: False) adding.py:7; {AT_IMPORT}")
    for item in told["rubric"]:
        assert "Where adding.py:7" in " ".join(item["message"].split())
        assert GUARD in item["message"]


def test_validate_says_it(course):
    """An author's variant that ends Python is told like a student's file."""
    path = course.root / "solutions/adding/variants/ends.py"
    path.write_text(f'"""Ends (whole file)"""\n{RIGHT}{UNITTEST}')
    said = in_a_line(shardlab("--course", course.root, "validate", "adding"))
    assert "variant ends.py does not load: unittest.main() ended the import" in said
    assert GUARD in said
