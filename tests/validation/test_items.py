"""Which items a function belongs to: those whose cases call it, by whatever way."""

from grader.validation.mutation.items import items_of
from grader.validation.mutation.places import File

SOLUTION = b"""\
def add(x, y):
    return _both(x, y)


def total(x, group):
    return group.all_reduce(_one(x))


def _both(x, y):
    return _one(x) + _one(y)


def _one(x):
    return x


def _unused(x):
    return x
"""


def test_private_functions_belong_to_those_who_call_them(course):
    """Directly or through others; one that nobody calls belongs to none."""
    lab = course.lab("adding")
    found = items_of(lab, lab.hidden_suite, File.of(SOLUTION))
    assert found == {
        "add": ("add",),
        "total": ("total",),
        "_both": ("add",),
        "_one": ("add", "total"),
        "_unused": (),
    }


def test_a_case_may_call_through_a_helper_or_by_a_name_in_quotes(course):
    """A function of the suite that the case uses, or `getattr`: what they name is what counts."""
    lab = course.lab("adding")
    suite = lab.hidden_suite
    (suite / "test_adding.py").write_text("""\
import pytest


def _sum(student):
    return student.add(1, 2)


@pytest.mark.rubric("add")
def test_add(student):
    getattr(student, "total")(1)


@pytest.mark.rubric("total")
def test_total(student):
    assert _sum(student)
""")
    found = items_of(lab, suite, File.of(SOLUTION))
    assert (found["add"], found["total"]) == (("total",), ("add",))
