"""Which hidden cases staff mean by a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.judge.examining import chosen

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
