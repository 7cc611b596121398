"""What a message names, in the judgement of a careful reader."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.suite import AnyOf
from grader.suite.explain.naming import checked, in_words, names
from grader.suite.proxy import Ranks, Student

# Ways to write -64, every one of them right.
OF_MINUS_64 = (
    *("-64", "-64.0", "-64.", "-6.4e1", "-6.4E+01", "-640e-1", "-64/1", "-128/2", "-0x40"),
    *("-0b1000000", "-0o100", "\u221264", "\u201364", "np.int64(-64)", "np.float32(-64.0)"),
    *("Fraction(-64, 1)", "Fraction(-128, 2)", "tensor(-64)", "array([-64])", "-64B", "-64.0s"),
    *("- -64", "`-64`", "'-64'", "[-64,0]", "1..-64", "-6_4", "$-64", "-64%"),
)
OF_64000 = ("64000", "64_000", "64,000", "6.4e4", "64,000.0", "(64,000, 1)", "+64000", "0xfa00")
# Each holds the digits of 2, and no reader would take it for 2.
NOT_2 = (
    *("12", "2.5", "x2", "20", "-2", "0.2", "1.2.3", "w_2", "2e1", "2nd", "layer.2", "0x2f"),
    *("2_000", "rank2", "1e2", "F2", ".2", "2.25e0", "\u22122", "v2.0.1"),
)


@pytest.mark.parametrize("text", OF_MINUS_64)
def test_a_number_is_named_by_any_writing_of_it(text):
    """The issue's example, -64.0 for -64, and its siblings; for each kind of value."""
    for value in (-64, -64.0, Fraction(-64), np.int64(-64), np.float32(-64), "-64"):
        assert names(f"nbytes={text} is below 0", value), value
        assert names(text, value), value


@pytest.mark.parametrize("text", OF_64000)
def test_thousands_may_be_told_apart(text):
    """By underscores as in Python, or by commas as people do."""
    assert names(f"nbytes is {text}.", 64000)


@pytest.mark.parametrize("text", NOT_2)
def test_the_digits_of_a_number_within_another_do_not_name_it(text):
    """The message must name the value, not happen to hold its digit."""
    assert not names(f"world_size {text} is wrong", 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("world_size 2. Give more", 2),
        ("world_size 2.Give more", 2),
        ("rank is not in 0..2", 2),
        ("rank is not in 0-2", 2),
        ("rank is not in 0–2", 2),
        ("rank is not in -1..2", 2),
        ("2-way", 2),
        ("10/4 is no whole number", 10),
        ("10/4 is no whole number", Fraction(5, 2)),
        ("w is 8x10", 10),
        ("w is 8×10", 8),
        ("w(8,10)", 10),
        ("got 1/3", Fraction(1, 3)),
        ("got Fraction(-1, 3)", Fraction(-1, 3)),
        ("got 0.1", 0.1),
        ("got 0.1", Fraction(1, 10)),
        ("got 0.1", np.float32(0.1)),
        ("got 0.10000000149011612", np.float32(0.1)),
        ("got 1/3", 1 / 3),
        ("got 1e+23", 1e23),
        ("got 123456789012345678901", 123456789012345678901),
        ("got 0", -0.0),
        ("got True", True),
        ("got None", None),
    ],
)
def test_what_a_reader_takes_for_the_value_names_it(text, value):
    """Sentences, ranges, shapes, ratios, and floats by their shortest writing."""
    assert names(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("got 0.1", Fraction(3602879701896397, 36028797018963968)),
        ("got 0.333", Fraction(1, 3)),
        ("got 1e20", 10**20 + 1),
        ("got 3/0", 1),
        ("got 1", True),
        ("", 0),
    ],
)
def test_what_is_only_near_the_value_does_not_name_it(text, value):
    """Exact numbers are compared exactly."""
    assert not names(text, value)


@pytest.mark.parametrize(
    ("value", "right", "wrong"),
    [
        (
            math.inf,
            ("inf", "np.inf", "Infinity", "float('inf')", "∞", "infinite", "+inf"),
            ("-inf", "info", "finite", "nan", "1e999", "-np.inf"),
        ),
        (
            -math.inf,
            ("-inf", "−Infinity", "-np.inf", "float('-inf')", "-∞", "infinite"),
            ("inf", "1", "-nan", "-1e999"),
        ),
        (
            math.nan,
            ("nan", "NaN", "np.nan", "float('nan')", "not a number"),
            ("nanobytes", "inf", "a number", "finance"),
        ),
    ],
)
def test_what_is_not_finite_is_named_in_words(value, right, wrong):
    """By its sign, and never by a part of another word."""
    for text in right:
        assert names(f"nbytes is {text}", value), text
        assert names(f"nbytes is {text}", np.float64(value)), text
    for text in wrong:
        assert not names(f"nbytes is {text}", value), text


@pytest.mark.parametrize(
    ("text", "name", "named"),
    [
        ("world_size must be 1", "world_size", True),
        ("`world_size`=3", "world_size", True),
        ("World size must be 1", "world_size", True),
        ("intra_latency_s is below 0", "latency_s", True),
        ("self.x is wrong", "x", True),
        ("the axis is wrong", "x", False),
        ("bandwidths", "bandwidth", False),
        ("size", "world_size", False),
        ("shapes (2,) and (3,)", "(2,)", True),
        ("shapes (2, 1)", "(2,)", False),
    ],
)
def test_a_name_stands_by_itself(text, name, named):
    """As a word or a part of a longer name; `x` is not named by any word that has an x."""
    assert names(text, name) is named


@given(
    st.fractions(max_denominator=1000) | st.integers(),
    st.sampled_from(
        [str, repr, lambda v: f"{Fraction(v)}", lambda v: f"{v.numerator}/{v.denominator}"]
    ),
    st.sampled_from(["{}", "got {}.", "({}, 7.5)", "nbytes={}", "[0,{}]", "is {}, below", "{}?"]),
)
def test_any_writing_of_any_number_names_it_and_no_other(value, written, sentence):
    """Whatever the value: its writing names it, and not what is one or a half off."""
    message = sentence.format(written(value))
    assert names(message, value)
    told = {Fraction(value), Fraction(value.numerator), Fraction(value.denominator)}
    for other in {Fraction(value) + 1, Fraction(value) - Fraction(1, 2)} - told - {0, 7.5}:
        assert not names(message, other)


@given(st.floats(allow_nan=False), st.sampled_from([repr, str, "{:.17g}".format, "{:.20e}".format]))
def test_any_float_is_named_by_all_its_digits(value, written):
    """With an exponent or without, in each of Python's own forms."""
    assert names(f"seconds={written(value)} is wrong", value)
    assert names(f"seconds={written(np.float64(value))}", value)


@given(st.text(max_size=60), st.sampled_from([0, -1, 2.5, Fraction(1, 3), math.inf, math.nan, "x"]))
def test_no_message_breaks_the_reading(message, wanted):
    """Whatever a student's message holds, the answer is yes or no."""
    assert names(message, wanted) in (True, False)


@pytest.mark.parametrize(
    "text",
    ["1e999999999", "1e-999999999", "1e0000099999999", "1E9_999_999_999", "9" * 5000, "1/" * 5000],
)
def test_a_message_that_would_cost_hours_costs_nothing(text):
    """A number that fills the memory is the student's own way to keep the grader busy."""
    assert not names(text, 7)


def test_what_has_several_names_is_named_by_any_of_them():
    """An op with its stage, without, or in words; and one text for all where none is found."""
    op = AnyOf("op ('F', 3)", "('F', 3)", re.compile(r"\bF3\b|forward of microbatch 3\b"))
    for text in ("('F', 3) waits", "F3 waits", "the forward of microbatch 3 is missing"):
        assert names(text, op)
    for text in ("F31", "('B', 3)", "microbatch 3"):
        assert not names(text, op)
    assert in_words(op) == "op ('F', 3)"
    assert names("(1, 4)", AnyOf("3 or 4", 3, 4))
    assert not names("34", AnyOf("3 or 4", 3, 4))


@pytest.mark.parametrize("wrong", [re.compile("F3"), {3, 4}, frozenset({3}), {"a": 1}, abs])
def test_what_cannot_be_told_to_a_student_is_the_authors_mistake(wrong):
    """A pattern is no word for what was to be named, and the mend is told."""
    for naming in (wrong, ("world_size", wrong)):
        with pytest.raises(TypeError, match="AnyOf"):
            checked(naming)
    with pytest.raises(TypeError, match="at least one way"):
        AnyOf("nothing")


@pytest.mark.parametrize("wrong", [2.5, True, None, np.float64(2.0), Fraction(1, 2), "2.5", np.nan])
@pytest.mark.parametrize("proxy", [Student(None), Ranks(None, 2)])
def test_a_type_error_is_asked_for_the_name_only(proxy, wrong):
    """As the contracts have it; a ValueError is asked for the value, too."""
    assert proxy.raises(TypeError, naming=("x", wrong)).expectation.naming == ("x",)
    assert proxy.raises(UnicodeError, naming=("x", wrong)).expectation.naming == ("x", wrong)
    assert str(proxy.raises(TypeError, naming=("x", wrong)).expectation) == "TypeError naming x"
    op = AnyOf("op F3", "F3")
    assert proxy.raises(TypeError, naming=op).expectation.naming == (op,)


def test_one_thing_and_several_are_asked_for_alike():
    """A number or a text by itself is a list of one."""
    assert checked(-64.0) == (-64.0,)
    assert checked("x") == ("x",)
    assert checked(("x", 3)) == ("x", 3)
    assert checked(()) == ()
