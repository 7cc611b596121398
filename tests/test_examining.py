"""Which hidden cases staff mean by a word; and that no result has room for what they see."""

import typing
from dataclasses import is_dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.rows import Grade
from grader.gradebook.work import NewResult
from grader.judge.examining import Examination, chosen
from grader.report.feedback import Feedback
from grader.results import Finding, Result
from grader.suite.examined import ExaminedCase
from grader.suite.finding import CaseResult

CASES = (
    ("rows", "test_shards.py::test_rows[2]"),
    ("rows", "test_shards.py::test_rows[4]"),
    ("row-linear", "test_blocks.py::test_row_parallel[2-float32]"),
    ("row-linear", "test_blocks.py::test_row_bias"),
    ("errors", "test_errors.py::test_rows"),
)
IDS = {case for _, case in CASES}
NAMES = sorted(
    {item for item, _ in CASES}
    | IDS
    | {case.partition("[")[0] for case in IDS}
    | {case.partition("::")[0] for case in IDS}
    | {case.partition("::")[2] for case in IDS}
)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_name_means_what_it_names(name):
    """Item, file, test and case: all its cases and no other, though it begins other names, too."""
    of_item = {case for item, case in CASES if item == name}
    by_name = {
        case
        for case in IDS
        for test in (case, case.partition("::")[2])
        if name in (case.partition("::")[0], test, test.partition("[")[0])
    }
    assert chosen(CASES, name) == of_item | by_name


BEGINNINGS = st.sampled_from(NAMES).flatmap(
    lambda name: st.integers(1, len(name)).map(lambda length: name[:length])
)


@given(BEGINNINGS)
def test_what_is_chosen_by_a_part_of_a_name_has_it_in_its_name(part):
    """The beginning of a name means cases with it in their own, or it is asked about."""
    try:
        ids = chosen(CASES, part)
    except UsageError:
        meanings = {item for item, _ in CASES} | IDS
        assert len([name for name in meanings if part in name]) > 1  # so there was a question
    else:
        assert ids
        assert all(part in f"{item} {case}" for item, case in CASES if case in ids)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("row", "'row' may mean row-linear, rows; say which"),
        ("test_row_", "'test_row_' may mean test_row_bias, test_row_parallel; say which"),
        ("2", "'2' may mean test_row_parallel[2-float32], test_rows[2]; say which"),
        ("columns", "no case 'columns'. Its items: rows, row-linear, errors"),
        ("", "may mean"),
    ],
)
def test_what_may_mean_several_is_listed(part, words):
    """Each meaning by its shortest name, and a case within a wider one not once more."""
    with pytest.raises(UsageError) as error:
        chosen(CASES, part)
    assert words in str(error.value)


def test_many_meanings_are_counted():
    """A list is no longer than a screen."""
    cases = [(f"item-{number}", f"test_a.py::test_{number}") for number in range(99)]
    with pytest.raises(UsageError, match=r"item-\d+ and 75 more; say which"):
        chosen(cases, "item")


def within(kind, seen=None):
    """Every type that a value of this kind may hold, at any depth."""
    seen = set() if seen is None else seen
    if kind in seen:
        return seen
    seen.add(kind)
    parts = list(typing.get_args(kind))
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, msgspec.Struct)):
        parts += typing.get_type_hints(kind).values()
    for each in parts:
        within(each, seen)
    return seen


@pytest.mark.parametrize("kind", [Result, Finding, CaseResult, Grade, NewResult, Feedback])
def test_nothing_that_is_told_or_kept_has_room_for_an_examined_case(kind):
    """And an examined case holds no finding, which could be put into a result by mistake."""
    assert ExaminedCase not in within(kind)
    assert Finding not in within(ExaminedCase)
    assert {ExaminedCase, Result, Finding} < within(Examination)  # so the search does search
