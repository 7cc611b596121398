"""The pattern in a difference, as a teacher would put it."""

import numpy as np
import pytest

from grader.suite.explain.patterns import shape_pattern, value_pattern

Y = np.array([[14.0, 2, 7], [16, -5, 1], [3, 0, 8]])


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        ((2, 4), (4, 2), "each axis has the length of the other"),
        ((2, 8), (2, 4), "axis 1 is 2 times too long"),
        ((1, 4), (3, 4), "axis 0 is 3 times too short"),
        ((2, 3), (2, 4), "axis 1 is 4 long when right, here 3"),
        ((2, 0), (2, 4), "axis 1 is 4 long when right, here 0"),
        ((8,), (2, 4), "2 dimensions expected, 1 got"),
        ((3, 5), (2, 4), ""),
    ],
)
def test_shapes(got, expected, words):
    """Two shapes that differ in one way are told by that way."""
    assert shape_pattern(got, expected) == words


PATTERNS = {
    "NaN": (np.where(Y == 2, np.nan, Y), "1 of 9 entries are NaN"),
    "inf": (np.where(Y > 7, np.inf, Y), "3 of 9 entries are infinite or NaN"),
    "zero": (np.zeros((3, 3)), "every entry is zero"),
    "sign": (-Y, "every entry has the wrong sign"),
    "double": (2 * Y, "every entry is 2 times the right one"),
    "mean": (Y / 8, "every entry is 0.125 times the right one"),
    "large factor": (65536 * Y, "every entry is 65536 times the right one"),
    "transpose": (Y.T, "this is the transpose"),
    "rows": (Y[[1, 0, 2]], "the right rows in another order"),
    "columns": (Y[:, [2, 0, 1]], "the right columns in another order"),
    "constant": (Y - 3, "every entry is off by -3"),
    "bias twice": (Y + np.array([5, -2, 0]), "the same vector in every row"),
    "per row": (Y + np.array([[5], [-2], [0]]), "the same vector in every column"),
    "one row": (Y + np.array([[1, 2, 1], [0, 0, 0], [0, 0, 0]]), "wrong only in row 0"),
    "two columns": (Y + np.array([[1, 0, 2]] * 2 + [[0] * 3]), "wrong only in rows 0, 1"),
    "masked": (np.where(Y == 16, 0, Y), "wrong entries are all 0"),
    "something for nothing": (np.where(Y == 0, 5, 2 * Y), ""),
    "scattered": (Y + np.eye(3) * [1, 2, 3], "3 of 9 entries are wrong"),
    "everywhere": (np.round(np.exp(Y / 4), 3), ""),
    "right": (Y, ""),
}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values(name, dtype):
    """One mistake, one sentence; nothing where nothing is certain."""
    got, words = PATTERNS[name]
    assert value_pattern(got.astype(dtype), Y.astype(dtype)) == words


def test_a_missing_relu_is_told():
    """Negative entries where the right one is 0."""
    assert "negative entries remain" in value_pattern(Y, np.maximum(Y, 0))


def test_one_entry_is_not_every_entry():
    """Words fit arrays of one entry, without axes too."""
    assert value_pattern(np.array([6.0]), np.array([3.0])) == "the entry is 2 times the right one"
    assert value_pattern(np.array(-3.0), np.array(3.0)) == "the entry has the wrong sign"


def test_entries_of_a_vector_in_another_order():
    """The same of one dimension."""
    assert "another order" in value_pattern(np.array([3, 1, 2]), np.array([1, 2, 3]))


def test_a_factor_of_rounding_is_no_pattern():
    """A student learns nothing from "1 times the right one"."""
    assert "1 times" not in value_pattern(Y * (1 + 5e-7), Y)


def test_unsigned_and_bool_arrays_do_not_wrap():
    """Differences are those of the numbers, not of their type."""
    ones = np.ones((2, 2), np.uint8)
    assert value_pattern(ones - ones, ones) == "every entry is zero"
    assert value_pattern(ones, ones * np.uint8(3)) == "every entry is 0.3333 times the right one"
    assert value_pattern(np.array([3, 4], np.uint8), np.array([4, 5], np.uint8)).endswith("by -1")
    assert value_pattern(np.array([True, False]), np.array([False, False]))


def test_infinities_where_they_belong_are_right():
    """Of arrays with infinite entries only the place of the wrong ones is told."""
    right = np.array([[np.inf, 1.0], [np.nan, 2.0]])
    got = right.copy()
    got[0, 1] = 5
    assert value_pattern(got, right) == "wrong only in row 0"
    assert value_pattern(np.ones((2, 2)), np.full((2, 2), np.inf)) == ""


def test_only_marked_entries_are_called_wrong():
    """Where rounding is allowed, entries differ that are right."""
    wrong = np.zeros((3, 3), bool)
    wrong[2] = True
    assert (
        value_pattern(Y * np.linspace(1, 1.1, 9).reshape(3, 3), Y, wrong) == "wrong only in row 2"
    )


def test_arrays_without_entries_have_no_pattern():
    """Nothing differs in nothing."""
    assert value_pattern(np.ones((0, 3)), np.ones((0, 3))) == ""
    assert value_pattern(np.ones((2, 3)), np.ones((3, 2))) == ""
