"""What a case may ask for, and that what only pytest could give it is refused."""

import pytest

from grader.errors import CourseError
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
REFUSED = {
    "a fixture of its own": (
        "@pytest.fixture\ndef two():\n    return 2\n\n\n@add\ndef test_it(two):\n    pass\n",
        2,
        "two is a fixture; write a function and call it",
    ),
    "one that has our name": (
        "@pytest.fixture()\ndef rng():\n    return 2\n\n\n@add\ndef test_it(rng):\n    pass\n",
        2,
        "rng is a fixture; write a function and call it",
    ),
    "one without its decorator": (
        "two = pytest.fixture(lambda: 2)\n\n\n@add\ndef test_it(two):\n    pass\n",
        4,
        "test_it asks for 'two'; there are student, ranks, rng, trace, picture and the case's own",
    ),
    "one for every case": (
        "two = pytest.fixture(autouse=True)(lambda: 2)\n\n\n@add\ndef test_it():\n    pass\n",
        None,
        "asks for 'two'",
    ),
    "one of pytest's": ("@add\ndef test_it(request):\n    pass\n", 1, "asks for 'request'"),
    "parameters by way of a fixture": (
        '@add\n@pytest.mark.parametrize("rng", [2], indirect=True)\ndef test_it(rng):\n    pass\n',
        1,
        "test_it has its parameters by way of a fixture",
    ),
    "a class": (
        "@add\nclass TestIt:\n    def test_it(self):\n        pass\n",
        1,
        "TestIt is a class of tests; write functions test_",
    ),
    "set-up": (
        "def setup_function():\n    pass\n\n\n@add\ndef test_it():\n    pass\n",
        1,
        "setup_function is not run for each case; call a function",
    ),
    "a mark": (
        '@add\n@pytest.mark.filterwarnings("ignore")\ndef test_it():\n    pass\n',
        1,
        "test_it is marked with filterwarnings; a case may have the marks rubric and parametrize",
    ),
}


@pytest.fixture
def suite_of(course, tmp_path):
    """A function from a suite's text to the collected suite."""

    def of(text):
        (tmp_path / "test_suite.py").write_text(HEAD + text)
        return Suite(tmp_path / "test_suite.py", course.lab("adding"))

    return of


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        *((text, Verdict.PASSED) for text in PLAIN.values()),
        ("@add\ndef test_it():\n    assert [1] == [2]\n", Verdict.FAILED),
        ("@add\ndef test_it():\n    1 / 0\n", Verdict.GRADER_FAULT),
    ],
    ids=[*PLAIN, "an assertion", "a fault"],
)
def test_a_case_gets_what_it_asks_for(course, sandbox, suite_of, text, verdict):
    """Our fixtures and its parameters; how it ends is its verdict."""
    lab = course.lab("adding")
    submission = from_source(lab, "s", b"def add(x, y):\n    return x + y\n")
    with suite_of(text) as suite, Processes.of(lab, submission, sandbox) as processes:
        run = suite.run(processes, b"seed")
    assert [each.verdict for each in run.results if each.case.startswith("test_it")] == [verdict]


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_else_it_asks_for_is_refused(suite_of, tmp_path, name):
    """With file, line and mend, before anything is judged: it would be left out in silence."""
    text, line, words = REFUSED[name]
    with pytest.raises(CourseError) as refused:
        suite_of(text).close()
    place = f"{tmp_path / 'test_suite.py'}:{HEAD.count(chr(10)) + line if line else ''}"
    problem = refused.value.problems[-1]
    assert problem.startswith(place)
    assert words in problem
    assert len(refused.value.problems) == (2 if name == "one for every case" else 1)
