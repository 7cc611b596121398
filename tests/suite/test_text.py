"""Values as text: what a student reads when something is expected, and something else got."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.suite.text import SMALL_ENTRIES, kind_of, shape_of, show
from grader.text.shown import one_line, shortened

steady = settings(derandomize=True, deadline=None, max_examples=100)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        ([[14, 2], [16, -5]], "[[14  2] [16 -5]]"),
        ([1.0, 2345.0], "[   1 2345]"),
        ([0.25, 2345.5], "[  0.25 2345.5]"),
        ([-0.0, 1.0], "[0 1]"),
        ([1e300, 2.0], "[1e+300      2]"),
        ([np.nan, 2.0, -np.inf], "[ nan    2 -inf]"),
        ([1 / 3], "[0.333333]"),
        ([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "[[[1 2] [3 4]] [[5 6] [7 8]]]"),
        ([True, False], "[ True False]"),
        ([1 + 2j], "[1+2j]"),
        ([], "[]"),
        (7.0, "7.0"),
    ],
)
def test_small_arrays_are_shown_with_their_entries(array, text):
    """In one line, aligned; whole numbers to the last digit, whatever stands beside them."""
    assert show(np.array(array)) == text


@given(hnp.arrays(np.float32, (2, 3), elements=st.integers(-(2**24), 2**24).map(float)))
@steady
def test_whole_numbers_can_be_read_back(array):
    """No digit of a whole number is rounded away: exact equality is judged on what is shown."""
    entries = show(array).replace("[", " ").replace("]", " ").split()
    assert [int(each) for each in entries] == array.ravel().tolist()


def test_large_arrays_are_shown_by_kind():
    """Nobody reads a wall of numbers; nor one of brackets."""
    assert show(np.zeros(SMALL_ENTRIES)).startswith("[0 0")
    assert show(np.zeros(SMALL_ENTRIES + 1)) == "a float64 array of shape (25,)"
    assert show(np.zeros((5, 0))) == "a float64 array of shape (5, 0)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (True, "True"),
        (np.True_, "True"),
        (None, "None"),
        (1.5e-4, "0.00015"),
        (np.float32(0.1), "0.1000000015"),
        (np.int64(3), "3"),
        (np.longdouble(2), "2.0"),
        (Fraction(3, 7), "3/7"),
        (Fraction(6, 2), "3"),
        ("it's", '"it\'s"'),
        ([1, (2,), []], "[1, (2,), []]"),
        ({(0, "F", 1): (Fraction(1, 2), Fraction(3))}, "{(0, 'F', 1): (1/2, 3)}"),
        ([np.array([1.0, 2.0]), None], "[[1 2], None]"),
        (10**100, "100000000000…(101 digits)"),
        (-(10**50), "-10000000000…(51 digits)"),
    ],
)
def test_other_values(value, text):
    """As Python would, but short, and fractions as fractions wherever they stand."""
    assert show(value) == text


@pytest.mark.parametrize("kind", [list, tuple, lambda v: dict.fromkeys(v, 1)])
def test_long_collections_are_cut(kind):
    """A cut is marked."""
    text = show(kind(range(10**5)))
    assert len(text) <= 300
    assert "…" in text


def test_a_text_cannot_steer_a_terminal():
    """Escapes, newlines and halves of surrogate pairs are written out."""
    assert show("\x1b[2J\ud800\u202e") == r"'\x1b[2J\ud800\u202e'"
    assert one_line("\x1b[2J\nx\ud800") == r"\x1b[2J x\ud800"


def test_names_of_arrays():
    """`x(2,4)`, and a comma where there is one axis."""
    assert shape_of("x", np.ones((2, 4))) == "x(2,4)"
    assert shape_of("b", np.ones(2)) == "b(2,)"
    assert shape_of("s", np.ones(())) == "s()"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "None"),
        (1, "an int"),
        (1.0, "a float"),
        ([], "a list"),
        (np.ones(2, np.int64), "an int64 array of shape (2,)"),
        (np.ones(2, np.uint8), "a uint8 array of shape (2,)"),
        (np.True_, "a bool"),
    ],
)
def test_kinds_in_words(value, kind):
    """In a student's words, with the right article."""
    assert kind_of(value) == kind


@given(st.text(max_size=400), st.integers(1, 400))
@steady
def test_shortened_text_keeps_its_beginning(text, limit):
    """Never longer than asked; whole where it fits."""
    short = shortened(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
