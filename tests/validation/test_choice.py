"""What a trial asks of a suite: only drawn cases, only fixed ones, one case; and time anew."""

import pytest

from grader.course import load_course
from grader.results import Verdict
from grader.submissions import Submission
from grader.suite.processes import Processes
from grader.suite.run import Suite

SUITE = """\
import numpy as np
import pytest

from grader.suite import equal


def pair(rng):
    return rng.integers(9, size=2).astype(float), np.ones(2)


@pytest.mark.rubric("add")
@pytest.mark.parametrize("size", [1, 2])
def test_fixed(student, size):
    equal(student.add(np.ones(size), np.ones(size)), np.full(size, 2.0))


@pytest.mark.rubric("total")
def test_drawn(student, rng):
    equal(student.add(np.ones(2), np.ones(2)), np.full(2, 2.0))


@pytest.mark.rubric("total")
def test_drawn_in_a_function(student, rng):
    x, y = pair(rng)
    equal(student.add(x, y), x + y)
"""
ADD = "def add(x, y):\n    return x + y\n\n\ndef total(x, group):\n    return x\n"
# 0.2 s of the process's own time for every call
SLOW = "import time\n\n\n" + ADD.replace(
    "    return x + y",
    "    begun = time.process_time()\n    while time.process_time() - begun < 0.2:\n        pass\n"
    "    return x + y",
)


@pytest.fixture
def suite(course):
    """The suite above, collected."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    path.write_text(SUITE)
    lab = load_course(course.root).lab("adding")
    with Suite(path.parent, lab) as suite:
        yield suite


@pytest.fixture
def processes(course, sandbox):
    """A function from a source to its processes, with a budget in seconds; all closed at last."""
    opened = []

    def of(source, budget_s=30.0):
        lab = course.lab("adding")
        submission = Submission("s", {"adding.py": source.encode()})
        opened.append(Processes.of(lab, submission, sandbox, budget_s))
        return opened[-1]

    yield of
    for each in opened:
        each.close()


@pytest.mark.parametrize(
    ("options", "cases"),
    [
        ({}, ["test_fixed[1]", "test_fixed[2]", "test_drawn", "test_drawn_in_a_function"]),
        ({"drawn": False}, ["test_fixed[1]", "test_fixed[2]"]),
        ({"drawn": True}, ["test_drawn", "test_drawn_in_a_function"]),
        ({"case": "test_fixed[2]"}, ["test_fixed[2]"]),
        ({"case": "test_drawn", "drawn": True}, ["test_drawn"]),
        ({"case": "test_drawn", "drawn": False}, []),
        ({"only": frozenset({"add"}), "drawn": True}, []),
    ],
)
def test_a_run_is_of_these_cases_and_no_others(suite, processes, options, cases):
    """A case that takes `rng` is drawn, whether it uses it by itself or in a function."""
    run = suite.run(processes(ADD), b"seed", **options)
    assert [each.case for each in run.results] == cases
    assert all(each.verdict is Verdict.PASSED for each in run.results)
    assert all(each.drawn == ("drawn" in each.case) for each in run.results)


def test_another_student_has_all_the_time_again(suite, processes):
    """What the cases before took counts no more once the budget is renewed."""
    slow = processes(SLOW, budget_s=1.0)

    def verdict():
        return suite.run(slow, b"seed", case="test_fixed[1]").results[0].verdict

    verdicts = [verdict() for _ in range(8)]
    assert verdicts[0] is Verdict.PASSED
    assert verdicts[-1] is Verdict.TIMEOUT
    slow.renew()
    assert verdict() is Verdict.PASSED
