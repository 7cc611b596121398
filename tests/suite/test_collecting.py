"""What a suite holds and would not be run is told by name: nothing is left out in silence."""

import sys
import threading
from pathlib import Path

import pytest

from grader.errors import CourseError
from grader.results import Verdict
from grader.submissions import from_source
from grader.suite import run
from grader.suite.processes import Processes
from grader.suite.run import Suite

HEAD = '''\
"""A suite in which all is well."""

import functools
import sys
import unittest

import pytest

add = pytest.mark.rubric("add")


@add
def test_plain(student):
    student.add(1, 2)


@pytest.mark.rubric("total")
def test_total(ranks):
    ranks(2)


'''
LINE = HEAD.count("\n")  # of the last line above

# What is added to the suite, the line below the head at which it is told, and words that tell it.
LEFT_OUT = {
    "a TestCase": (
        (
            "class AddingTest(unittest.TestCase):\n    def test_one(self):\n        self.fail()\n\n"
            "    def test_two(self):\n        self.fail()\n"
        ),
        1,
        "AddingTest is a class of tests; write functions",
    ),
    "a marked TestCase": (
        "@add\nclass TestIt(unittest.TestCase):\n    def test_one(self):\n        self.fail()\n",
        1,
        "TestIt is a class of tests",
    ),
    "a TestCase of another's tests": (
        'Base = type("Base", (unittest.TestCase,), {"test_one": print})\n',
        None,
        "Base is not run: it is a unittest.TestCase",
    ),
    "an __init__": (
        (
            "@add\nclass TestIt:\n    def __init__(self):\n        pass\n\n"
            "    def test_one(self):\n        assert 0\n"
        ),
        1,
        "TestIt is a class of tests",
    ),
    "an __init__ and no test": (
        "class TestIt:\n    def __init__(self):\n        pass\n",
        1,
        "TestIt is a class of tests",
    ),
    "a class of another name": (
        "@add\nclass Adding:\n    def test_one(self):\n        assert 0\n",
        1,
        "Adding is a class of tests",
    ),
    "a class within": (
        (
            "@add\nclass TestIt:\n    def test_a(self):\n        pass\n\n"
            "    class Inner:\n        def test_one(self):\n            assert 0\n"
        ),
        1,
        "TestIt is a class of tests",
    ),
    "a marked function of another name": (
        "@add\ndef tst_one(student):\n    assert 0\n",
        1,
        "tst_one is marked with a rubric item and not run",
    ),
    "a marked method of another name": (
        (
            "class TestIt:\n    @add\n    def test_a(self):\n        pass\n\n"
            "    @add\n    def one(self):\n        assert 0\n"
        ),
        1,
        "TestIt is a class of tests",
    ),
    "a generator": ("@add\ndef test_one(student):\n    yield 1\n", 2, "test_one yields"),
    "a generator in a class": (
        "@add\nclass TestIt:\n    def test_one(self):\n        if self:\n            yield 1\n",
        1,
        "TestIt is a class of tests",
    ),
    "two of one name": (
        "@add\ndef test_it():\n    assert 0\n\n\n@add\ndef test_it():\n    pass\n",
        2,
        f"test_it is not run: line {LINE + 7} defines another of that name",
    ),
    "two methods of one name": (
        (
            "@add\nclass TestIt:\n    def test_it(self):\n        assert 0\n\n"
            "    def test_it(self):\n        pass\n"
        ),
        1,
        "TestIt is a class of tests",
    ),
    "two classes of one name": (
        (
            "@add\nclass TestIt:\n    def test_a(self):\n        assert 0\n\n\n"
            "@add\nclass TestIt:\n    def test_b(self):\n        pass\n"
        ),
        7,
        "TestIt is a class of tests",
    ),
    "async": ("@add\nasync def test_one(student):\n    assert 0\n", 2, "test_one is async"),
    "__test__": (
        "@add\ndef test_one():\n    assert 0\n\n\ntest_one.__test__ = False\n",
        2,
        "test_one is not run: `__test__ = False`",
    ),
    "__test__ of a class": (
        "@add\nclass TestIt:\n    __test__ = False\n\n    def test_one(self):\n        assert 0\n",
        1,
        "TestIt is a class of tests",
    ),
    "__test__ of the file": ("__test__ = False\n", None, "nothing of it is run: `__test__"),
    "skip": (
        (
            '@add\n@pytest.mark.skip(reason="later")\n@pytest.mark.parametrize("x", [1, 2])\n'
            "def test_one(x):\n    assert 0\n"
        ),
        1,
        "test_one is marked with skip (later)",
    ),
    "skip of one case": (
        (
            '@add\n@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.skip)])\n'
            "def test_one(x):\n    assert 0\n"
        ),
        1,
        "test_one is marked with skip",
    ),
    "skipif": (
        '@add\n@pytest.mark.skipif(False, reason="here")\ndef test_one():\n    assert 0\n',
        1,
        "test_one is marked with skipif (here)",
    ),
    "xfail": ("@add\n@pytest.mark.xfail\ndef test_one():\n    pass\n", 1, "marked with xfail"),
    "no parameters": (
        '@add\n@pytest.mark.parametrize("x", [])\ndef test_one(x):\n    assert 0\n',
        1,
        "test_one is marked with skip (got empty parameter set for (x))",
    ),
    "a file that skips itself": (
        'pytest.skip("not today", allow_module_level=True)\n',
        None,
        "nothing of it is run: Skipped: not today",
    ),
    "a file that needs what is absent": (
        'pytest.importorskip("nothing_of_that_name")\n',
        None,
        "nothing of it is run: Skipped: could not import",
    ),
    "a value returned": (
        "@add\ndef test_one(student):\n    return student.add(1, 2) == 3\n",
        2,
        f"test_one returns a value in line {LINE + 3}",
    ),
    "a comparison without assert": (
        "@add\ndef test_one(student):\n    student.add(1, 2) == 3\n",
        2,
        f"test_one compares in line {LINE + 3}",
    ),
    "an assert that always holds": (
        '@add\ndef test_one(student):\n    assert (student.add(1, 2) == 3, "sum")\n',
        3,
        "assertion is always true",
    ),
    "a name deleted": (
        "@add\ndef test_one():\n    assert 0\n\n\ndel test_one\n",
        2,
        "test_one is not run: the name is deleted",
    ),
    "a name given to something else": (
        "@add\ndef test_one():\n    assert 0\n\n\ntest_one = 3\n",
        2,
        "test_one is not run: its name stands for something else",
    ),
    "no function": (
        "class Call:\n    def __call__(self):\n        assert 0\n\n\ntest_one = Call()\n",
        2,
        "cannot collect 'test_one'",
    ),
    "an unknown fixture": (
        '@add\n@pytest.mark.parametrize("x", [1, 2])\ndef test_one(studnet, x):\n    pass\n',
        1,
        "test_one asks for 'studnet'; there are student, ranks, rng, trace, picture and",
    ),
    "an unknown mark": (
        "@add\n@pytest.mark.slow\ndef test_one():\n    pass\n",
        1,
        "test_one is marked with slow; a case may",
    ),
    "no mark": (
        '@pytest.mark.parametrize("x", [1, 2])\ndef test_one(x):\n    pass\n',
        None,
        "::test_one: '' is no rubric item",
    ),
    "an import that fails": ("import nothing_of_that_name\n", 1, "ModuleNotFoundError: No module"),
    "an exception": ("def fail():\n    1 / 0\n\n\nfail()\n", 2, "ZeroDivisionError: division"),
    "an exit": ("sys.exit(3)\n", 1, "SystemExit: 3"),
    "an exit of pytest's": ('pytest.exit("enough")\n', 1, "Exit: enough"),
    "an interrupt": ("raise KeyboardInterrupt\n", 1, "KeyboardInterrupt"),
    "bad syntax": ("def test_one(:\n", 1, "invalid syntax"),
}
# Files beside the suite: name and text, and the words that begin the problem, after the folder.
BESIDE = {
    "a plural": ("tests_x.py", "def test_a():\n    assert 0\n", "tests_x.py: 1 test is not run"),
    "a capital": (
        "Test_x.py",
        "def test_a():\n    assert 0\n\n\ndef test_b():\n    assert 0\n",
        "Test_x.py: 2 tests are not run: rename it",
    ),
    "tests of a helper": ("helper.py", HEAD, "helper.py: 2 tests are not run: rename it"),
    "a folder that pytest leaves out": ("build/test_b.py", HEAD, "build/test_b.py: 2 tests"),
    "a doctest file": ("test_doc.txt", ">>> 1\n2\n", "test_doc.txt: a doctest file is not run"),
    "no test": ("test_b.py", "def tst_a():\n    pass\n", "test_b.py: nothing of it is run"),
    "a helper in no language": ("helper.py", "def (:\n", "helper.py:1: invalid syntax"),
    "a helper in no encoding": ("helper.py", "x = '\udcff'\n", "helper.py: line 1 has the byte"),
    "a conftest in no language": ("conftest.py", "def (:\n", "conftest.py:1: invalid syntax"),
    "a conftest that raises": (
        "conftest.py",
        "def fail():\n    1 / 0\n\n\nfail()\n",
        "conftest.py:2: ZeroDivisionError",
    ),
    "a hook": (
        "conftest.py",
        "def pytest_collection_modifyitems(items):\n    1 / 0\n",
        "conftest.py:1: pytest_collection_modifyitems is a hook of pytest's",
    ),
    "a hook of another's": (
        "conftest.py",
        "if True:\n    from os import getpid as pytest_configure\n",
        "conftest.py:2: pytest_configure is a hook of pytest's",
    ),
    "plugins": (
        "conftest.py",
        "pytest_plugins = ['x']\n",
        "conftest.py:1: pytest_plugins is a hook",
    ),
    "collect_ignore": (
        "conftest.py",
        "collect_ignore = ['test_b.py']\n",
        "conftest.py:1: collect_ignore keeps files of a suite out",
    ),
    "a fixture for all": (
        "conftest.py",
        "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef two():\n    return 2\n",
        "conftest.py:5: two is a fixture; write a function and call it",
    ),
    "a mixin": (
        "helper.py",
        "class Mixin:\n    def test_one(self):\n        pass\n",
        "helper.py:1: Mixin is a class of tests; write functions",
    ),
}
SOUND = {
    "unittest itself": "from unittest import TestCase as Case\n\n\nCHECK = Case()\n",
    "a decorator": "def twice(f):\n    @functools.wraps(f)\n    def g(*a, **k):\n"
    "        return f(*a, **k)\n\n    return g\n\n\n@add\n@twice\ndef test_one():\n    pass\n",
    "a decorator of another file": "import numpy as np\n\n\n"
    "@add\n@np.errstate(all='ignore')\ndef test_one():\n    pass\n",
    "a decorator that hides": "def twice(f):\n    def g(student):\n        return f(student)\n\n"
    "    return g\n\n\n@add\n@twice\ndef test_one(student):\n    pass\n",
    "either of two": "if sys.platform:\n    @add\n    def test_q():\n        pass\nelse:\n"
    "    @add\n    def test_q():\n        pass\n",
    "functions within": "@add\ndef test_one():\n    def f():\n        return 3\n\n"
    "    def g():\n        yield f()\n\n    return None\n",
    "a default": "@add\ndef test_one(size=3):\n    assert size == 3\n",
}


@pytest.fixture
def folder(tmp_path):
    """The folder of a suite in which all is well."""
    folder = tmp_path / "suite"
    folder.mkdir()
    write(folder, "test_suite.py", HEAD)
    return folder


@pytest.fixture
def problems_of(tiny_course, capfd):
    """A function from a suite to what is wrong with it; nothing else may be printed."""

    def of(path):
        try:
            with Suite(path, tiny_course.lab("adding")):
                return ()
        except CourseError as error:
            return error.problems
        finally:
            assert capfd.readouterr() == ("", "")

    return of


def write(folder, name, text):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_would_not_be_run_is_named(problems_of, folder, name):
    """Each once, with its file and line and what mends it; today each of these is silence."""
    text, line, words = LEFT_OUT[name]
    write(folder, "test_suite.py", HEAD + text)
    (problem,) = problems_of(folder)
    assert problem.startswith(f"{folder / 'test_suite.py'}{f':{LINE + line}:' if line else ''}")
    assert words in problem


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_the_suite_is_looked_at(problems_of, folder, name):
    """Files that match nothing, and what a conftest takes out."""
    file, text, words = BESIDE[name]
    write(folder, file, text)
    (problem,) = problems_of(folder)
    assert problem.startswith(f"{folder}/{words}")


def test_what_is_no_file_is_named(problems_of, folder):
    """A folder or a broken link in the place of a suite's file; pytest passes over both."""
    (folder / "test_a.py").mkdir()
    (folder / "test_b.py").symlink_to(folder / "nothing")
    assert problems_of(folder) == (
        f"{folder / 'test_a.py'}: a folder, not a file",
        f"{folder / 'test_b.py'}: a link to nothing, not a file",
    )


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_suite_is_served(problems_of, folder, name):
    """What is run after all, though it does not look so, is no problem."""
    write(folder, "test_suite.py", HEAD + SOUND[name])
    assert problems_of(folder) == ()


def test_files_of_either_pattern_and_of_folders_below_are_run(problems_of, folder):
    """As pytest itself has it; and helpers that hold no test are none of ours."""
    for name in ("hidden_test.py", "below/test_more.py"):
        write(folder, name, HEAD)
    write(folder, "helper.py", "def helps():\n    return 3\n")
    assert problems_of(folder) == ()


def test_a_suite_may_be_reached_by_a_link_or_from_here(problems_of, folder, tmp_path, monkeypatch):
    """What is collected is found again by its path, however that is written."""
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "link", folder.relative_to(tmp_path), folder / ".." / folder.name):
        assert problems_of(path) == ()


def test_everything_is_told_at_once(problems_of, folder):
    """An author mends all of it in one go."""
    kinds = (
        "a value returned",
        "two of one name",
        "skip",
        "no mark",
        "an assert that always holds",
    )
    tests = [LEFT_OUT[name][0].replace("test_one", f"test_{n}") for n, name in enumerate(kinds)]
    write(folder, "test_suite.py", HEAD + "\n\n".join(tests))
    write(folder, "tests_x.py", "def test_a():\n    assert 0\n")
    assert len(problems_of(folder)) == len(kinds) + 1


def test_an_item_without_a_case_is_named_where_nothing_else_is_wrong(problems_of, folder):
    """A file that fails to import would take all its cases with it: that is one cause, not two."""
    without = HEAD.replace('rubric("total")', 'rubric("add")')
    write(folder, "test_suite.py", without)
    assert problems_of(folder) == (f"{folder}: rubric item 'total' has no case",)
    write(folder, "test_suite.py", without + LEFT_OUT["a TestCase"][0])
    assert ["class of tests" in each for each in problems_of(folder)] == [True]


def test_a_public_suite_is_its_own_file_only(problems_of, folder):
    """Beside it in a workspace lies what a student wrote."""
    write(folder, "tests_x.py", "def test_a():\n    assert 0\n")
    assert problems_of(folder / "test_suite.py") == ()


def test_one_suite_is_collected_at_a_time(tiny_course, folder, monkeypatch):
    """Collecting takes hold of standard error and warnings, which all threads share."""
    reached, go_on, heard = threading.Event(), threading.Event(), sys.stderr
    monkeypatch.setattr(sys, "its_gate", (reached, go_on), raising=False)
    write(folder, "test_suite.py", f"{HEAD}sys.its_gate[0].set()\nsys.its_gate[1].wait(60)\n")
    suites, lab = [], tiny_course.lab("adding")
    thread = threading.Thread(target=lambda: suites.append(Suite(folder, lab)))
    thread.start()
    assert reached.wait(60)
    assert run._COLLECTING.locked()
    assert sys.stderr is not heard
    go_on.set()
    thread.join()
    assert not run._COLLECTING.locked()  # while the suite is served
    assert sys.stderr is heard
    suites[0].close()


@pytest.fixture
def judge(tiny_course, sandbox, folder):
    """A function from a suite's text to what became of its last case."""

    def of(text, conftest=""):
        write(folder, "test_suite.py", HEAD + text)
        write(folder, "conftest.py", conftest)
        lab = tiny_course.lab("adding")
        submission = from_source(lab, "s", b"def add(x, y):\n    return None\n")
        with Suite(folder, lab) as suite, Processes.of(lab, submission, sandbox) as processes:
            return suite.run(processes, b"seed", only=frozenset({"add"})).results[-1]

    return of


@pytest.mark.parametrize(
    "line",
    [
        "assert student.add(1, 2).sum() == 3",
        "assert student.add(1, 2) + 0 == 3",
        "assert len(student.add(1, 2)) == 1",
        "x, y = student.add(1, 2)",
    ],
)
def test_a_plain_assert_that_stumbles_names_its_cure(judge, line):
    """Whatever a student returns comes to it; what may take that is told, and the line."""
    result = judge(f"@add\ndef test_one(student):\n    {line}\n")
    assert result.verdict is Verdict.GRADER_FAULT
    assert f"test_one: line {LINE + 3}: TypeError" in result.finding.error or (
        f"test_one: line {LINE + 3}: AttributeError" in result.finding.error
    )
    assert "equal, within, arrays or require" in result.finding.error


def test_a_fault_before_any_call_names_no_cure_for_returned_values(judge):
    """The suite's own arithmetic has nothing to do with what is returned."""
    result = judge("@add\ndef test_one():\n    1 / 0\n")
    assert result.verdict is Verdict.GRADER_FAULT
    assert "ZeroDivisionError" in result.finding.error
    assert "equal, within" not in result.finding.error


@pytest.mark.parametrize("line", ['pytest.skip("x")', 'pytest.xfail("x")'])
def test_a_case_that_gives_up_costs_the_student_nothing(judge, line):
    """It says nothing about the student's work, so the score is withheld."""
    assert judge(f"@add\ndef test_one():\n    {line}\n").verdict is Verdict.GRADER_FAULT


def test_a_session_that_ends_leaves_the_process_in_its_folder(tiny_course, tmp_path, monkeypatch):
    """pytest goes back to where it began; whoever grades has perhaps gone on since."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    lab = tiny_course.lab("adding")
    monkeypatch.chdir(first)
    suite = Suite(lab.public_suite, lab)
    monkeypatch.chdir(second)
    suite.close()
    assert Path.cwd() == second
