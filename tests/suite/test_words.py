"""What a student reads of a run: whose words are whose, and what was called."""

import pytest

from grader.student.checking import check_once
from grader.student.workspace import start
from grader.suite.explain.message import lines_of

WARNS = "import warnings\n\n\ndef add(x, y):\n    warnings.warn('careful')\n    return x - y\n"
NOISE = (
    "def add(x, y):\n    print('Error in cpuinfo: no /proc')\n    print('mine')\n    return x - y\n"
)
TESTS = """\
import numpy as np
import pytest

from grader.suite import GROUP


@pytest.mark.rubric("add")
def test_add(student):
    pass


@pytest.mark.rubric("total")
def test_refused(ranks):
    ranks(2).raises(ValueError).total(np.ones(2), GROUP)
"""
ONE_REFUSES = """\
def total(x, group):
    if group.rank == 0:
        raise ValueError("x is no good")
    return group.all_reduce(x)
"""


@pytest.fixture
def workspace(course, tmp_path):
    """A student's folder."""
    return start(course.lab("adding"), tmp_path)


@pytest.fixture
def read(workspace, level):
    """The message of the first case that fails on a source, as lines."""

    def of(source):
        workspace.file.write_text(source)
        run = check_once(workspace, level)
        failed = next(each for each in run.results if each.verdict != "passed")
        return lines_of(failed.finding)

    return of


def test_a_warning_names_the_file_as_the_student_does(read):
    """Where the sandbox keeps it is nobody's business, and would fill the line."""
    assert "   Printed   adding.py:5: UserWarning: careful" in read(WARNS)


def test_what_libraries_say_about_the_sandbox_is_left_out(read):
    """It is neither the student's print nor their fault."""
    lines = read(NOISE)
    assert "   Printed   mine" in lines
    assert not any("cpuinfo" in line for line in lines)


def test_a_file_that_does_not_load_is_told_without_a_call(read):
    """No function was called, and no invariant broke."""
    text = "\n".join(read("def f(:\n"))
    assert "does not load: SyntaxError" in text
    assert "Called" not in text
    assert "I1" not in text


def test_a_rank_that_refuses_rightly_is_not_blamed(read, workspace):
    """What is wrong is that the other rank does not, and waits; so that is what is told."""
    (workspace.folder / "test_public.py").write_text(TESTS)
    lines = read(ONE_REFUSES)
    assert "   Expected  ValueError on every rank" in lines
    assert "   Got       rank 0 raised ValueError" in lines
    assert any("rank 1 waits in all_reduce #1" in line for line in lines)
    assert not any("Error     " in line for line in lines)
