"""What is said of what was graded: true counts, and one cause once."""

import pytest

from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict
from grader.validation.wording import by_cause, count, full, several, told, why_not_loaded


def graded(score, *lost, note=""):
    rubric = tuple(RubricResult(item, 0, 50, Verdict.FAILED) for item in lost)
    return Result("s", GRADED, score, 100, 0.0, rubric, note)


def withheld(note):
    return Result("s", WITHHELD, None, 100, 0.0, (), note)


def test_a_result_is_told_with_what_it_lost():
    """The score with the items; a file that does not load with the reason; a fault as such."""
    assert told(graded(100)) == "100/100"
    assert told(graded(50, "add")) == "50/100 (add failed)"
    broken = graded(0, "add", note="adding.py does not load: ValueError: x adding.py:1")
    assert told(broken) == "0/100: adding.py does not load: ValueError: x adding.py:1"
    assert why_not_loaded(broken) == "ValueError: x adding.py:1"
    assert why_not_loaded(graded(0, note="adding.py is empty")) == "adding.py is empty"
    assert told(withheld("test_a.py::test_b: x")) == "a fault of ours: test_a.py::test_b: x"
    assert full(graded(100))
    assert not full(graded(50, "add"))
    assert not full(withheld("x"))


def test_faults_of_one_test_are_one_cause():
    """Whatever its parameters, and whatever the garbage that it stumbled over."""
    notes = (
        "test_a.py::test_b[1]: line 3: TypeError: [1]",
        "test_a.py::test_b[2-x]: line 3: TypeError: [2]",
        "test_a.py::test_c: line 9: TypeError",
        "the sandbox broke [x]",
        "test_a.py::test_c: line 9: TypeError",
        "the sandbox broke [y]",
    )
    causes = by_cause((str(number), withheld(note)) for number, note in enumerate(notes))
    assert [[name for name, _ in hit] for hit in causes.values()] == [
        ["0", "1"],
        ["2", "4"],
        ["3"],
        ["5"],
    ]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "a"), "a"),
        (("a", "b"), "a and b"),
        (("a", "b", "c", "d"), "a, b, c and d"),
        (("a", "b", "c", "d", "e"), "a, b, c and 2 more"),
    ],
)
def test_names_are_told_up_to_four(names, text):
    """Then the others are counted."""
    assert several(names) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((1, "variant"), "1 variant"),
        ((0, "variant"), "0 variants"),
        ((13, "variant", 13), "13 variants"),
        ((12, "variant", 13), "12/13 variants"),
        ((1, "variant", 1), "1 variant"),
        ((0, "variant", 1), "0/1 variants"),
    ],
)
def test_counts_are_true(arguments, text):
    """Of how many, where it is not all of them."""
    assert count(*arguments) == text
