"""Which cases are called without pytest's help, and that the others still have it."""

import pytest

from grader.results import Verdict
from grader.submissions import from_source
from grader.suite.processes import Processes
from grader.suite.run import Suite

HEAD = """\
import pytest

add = pytest.mark.rubric("add")


@pytest.mark.rubric("total")
def test_total():
    pass


"""
PLAIN = {
    "nothing": "@add\ndef test_it():\n    pass\n",
    "ours": "@add\ndef test_it(student, rng):\n    assert rng.integers(0, 1) == 0\n",
    "parameters with our name": '@add\n@pytest.mark.parametrize("rng", [2])\n'
    "def test_it(rng):\n    assert rng == 2\n",
    "parameters": '@add\n@pytest.mark.parametrize("a", [1])\n'
    '@pytest.mark.parametrize("b, c", [(2, 3)])\n'
    "def test_it(c, ranks, a, b):\n    assert (a, b, c) == (1, 2, 3)\n",
}
PYTESTS = {
    "a fixture of its own": "@pytest.fixture\ndef two():\n    return 2\n\n\n"
    "@add\ndef test_it(two):\n    assert two == 2\n",
    "one that has our name": "@pytest.fixture\ndef rng():\n    return 2\n\n\n"
    "@add\ndef test_it(rng):\n    assert rng == 2\n",
    "one for every case": "SEEN = []\n\n\n@pytest.fixture(autouse=True)\ndef see():\n"
    "    SEEN.append(1)\n\n\n@add\ndef test_it():\n    assert SEEN\n",
    "parameters of a fixture": "@pytest.fixture(params=[2])\ndef two(request):\n"
    "    return request.param + 1\n\n\n@add\ndef test_it(two):\n    assert two == 3\n",
    "parameters by way of a fixture": "@pytest.fixture\ndef two(request):\n"
    "    return request.param + 1\n\n\n"
    '@add\n@pytest.mark.parametrize("two", [2], indirect=True)\n'
    "def test_it(two):\n    assert two == 3\n",
    "a request": "@add\ndef test_it(request):\n    assert request.node.name == 'test_it'\n",
    "a default": "@add\ndef test_it(size=3):\n    assert size == 3\n",
    "a class": "@add\nclass TestIt:\n    def setup_method(self):\n        self.two = 2\n\n"
    "    def test_it(self):\n        assert self.two == 2\n",
    "set-up": "SEEN = []\n\n\ndef setup_function():\n    SEEN.append(1)\n\n\n"
    "@add\ndef test_it():\n    assert SEEN\n",
    "a mark": "SEEN = []\n\n\n@pytest.fixture\ndef see():\n    SEEN.append(1)\n\n\n"
    '@add\n@pytest.mark.usefixtures("see")\ndef test_it():\n    assert SEEN\n',
}
HOOK = """\
def pytest_runtest_setup(item):
    item.module.SEEN = True
"""


@pytest.fixture
def judge(course, sandbox, tmp_path):
    """A function from a suite's text to whether `test_it` is called directly, and its verdict."""

    def of(text, conftest=""):
        folder = tmp_path / f"suite{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "test_suite.py").write_text(HEAD + text)
        (folder / "conftest.py").write_text(conftest)
        lab = course.lab("adding")
        submission = from_source(lab, "s", b"def add(x, y):\n    return x + y\n")
        with Suite(folder, lab) as suite, Processes.of(lab, submission, sandbox) as processes:
            run = suite.run(processes, b"seed")
            direct = {case.name: how is not None for case, how in suite._plugin._direct.items()}
        (result,) = (each for each in run.results if each.case.startswith("test_it"))
        return direct[result.case], result.verdict

    return of


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_plain_cases_are_called_directly(judge, text):
    """Those that ask for our fixtures and their parameters only."""
    assert judge(text) == (True, Verdict.PASSED)


@pytest.mark.parametrize("text", PYTESTS.values(), ids=PYTESTS)
def test_whatever_else_a_case_has_is_pytests(judge, text):
    """It passes only if it got what pytest gives it."""
    assert judge(text) == (False, Verdict.PASSED)


def test_hooks_of_a_conftest_are_heard(judge):
    """The case would fail without its hook."""
    assert judge("@add\ndef test_it():\n    assert SEEN\n", HOOK) == (False, Verdict.PASSED)


def test_a_failing_case_reads_as_pytest_has_it(judge):
    """The same verdict either way, for an assertion and for a fault of the suite's."""
    for line, verdict in (("assert [1] == [2]", Verdict.FAILED), ("1 / 0", Verdict.GRADER_FAULT)):
        text = f"@add\ndef test_it():\n    {line}\n"
        assert judge(text) == (True, verdict)
        assert judge(text.replace("():", "(size=3):")) == (False, verdict)
