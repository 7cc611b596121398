"""Comparison: exactly, or within a bound; of one entry more or less is made a finding."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.results import Verdict
from grader.suite import arrays, equal, is_array, number, require, within
from grader.suite.finding import CaseFailure

steady = settings(derandomize=True, deadline=None, max_examples=100)


def failure(check, *args, **kwargs):
    """How a check that must fail ends its case."""
    with pytest.raises(CaseFailure) as ended:
        check(*args, **kwargs)
    return ended.value


def fails(check, *args, **kwargs):
    """The finding of a check that must fail on a value of the right kind."""
    ended = failure(check, *args, **kwargs)
    assert ended.verdict is Verdict.FAILED
    return ended.finding


def refused(check, *args, **kwargs):
    """The finding of a check that must refuse the kind of a value."""
    ended = failure(check, *args, **kwargs)
    assert ended.verdict is Verdict.BAD_RETURN
    return ended.finding


# -- equal: arrays -------------------------------------------------------------------------

DTYPES = st.sampled_from(["bool", "int32", "uint8", "int64", "float16", "float32", "float64"])
REAL = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=3, max_side=4)))


@given(REAL)
@steady
def test_an_array_equals_its_copy(array):
    """equal(x, x) passes for any bits, NaN where NaN is expected included."""
    equal(array.copy(), array)
    equal(np.asfortranarray(array), array)


@given(REAL, st.data())
@steady
def test_one_changed_entry_fails(array, data):
    """No entry is so small, and no change of it, that it would be overlooked."""
    place = np.unravel_index(data.draw(st.integers(0, array.size - 1)), array.shape)
    got = array.copy()
    if array.dtype.kind == "f":
        nan = np.isnan(array[place])
        got[place] = 1 if nan else np.nextafter(array[place], array.dtype.type(-np.inf))
        if got[place] == array[place]:  # -inf has nothing below it
            got[place] = 0
    else:
        got[place] = array[place] ^ array.dtype.type(1)
    fails(equal, got, array)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nan_is_right_only_where_it_is_expected(dtype):
    """NaN for a number, and a number for NaN, are both wrong."""
    right = np.array([1, np.nan], dtype)
    equal(right.copy(), right)
    fails(equal, np.array([np.nan, np.nan], dtype), right)
    fails(equal, np.array([1, 1], dtype), right)


def test_minus_zero_is_zero():
    """Equality is ==, not that of bits."""
    equal(np.array([-0.0]), np.array([0.0]))
    equal(-0.0, 0.0)


def test_shape_and_dtype_must_be_right():
    """What numpy would broadcast or promote is not equal."""
    x = np.ones((2, 1), np.float32)
    assert fails(equal, np.ones((2, 2), np.float32), x).got == "shape (2, 2)"
    assert fails(equal, x.astype(np.float64), x).got == "dtype float64"
    assert fails(equal, x.reshape(1, 2), x).pattern == "each axis has the length of the other"


def test_an_array_is_no_list():
    """Where an array is expected nothing else will do, and the message says what came."""
    finding = refused(equal, [1.0, 2.0], np.ones(2), of="y")
    assert finding.expected == "y: a float64 array of shape (2,)"
    assert finding.got == "a list"
    refused(equal, np.float64(1), np.array(1.0))


def test_the_difference_is_shown_where_it_can_be_read():
    """Small arrays: expected, got and what lies between; large ones: where to look."""
    x = np.array([[14, 2], [16, -5]], np.float32)
    finding = fails(equal, x + np.float32([5, -2]), x, of="y")
    assert finding.expected == "y: [[14  2] [16 -5]]"
    assert finding.got == "[[19  0] [21 -7]]"
    assert finding.difference == "[[ 5 -2] [ 5 -2]]"
    assert finding.pattern == "the same vector in every row"
    large = np.zeros((6, 6))
    assert fails(equal, large + np.eye(6), large).difference == ""


# -- equal: numbers and the rest -----------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "expected"),
    [(3, 3), (np.int8(3), 3), (Fraction(3), 3), (3, np.int64(3)), (3, Fraction(3)),
     (Fraction(3, 7), Fraction(3, 7)), (np.uint64(2**64 - 1), 2**64 - 1)],
)  # fmt: skip
def test_exact_numbers_are_equal_whatever_their_type(got, expected):
    """int, Fraction and numpy's integers stand for each other."""
    equal(got, expected)


@pytest.mark.parametrize("got", [3.0, True, np.float64(3), "3", None, [3], np.array(3), 3 + 0j])
@pytest.mark.parametrize("expected", [3, Fraction(3), 1, np.int64(3)])
def test_exact_numbers_are_no_floats_and_no_bools(got, expected):
    """A float that happens to be whole has lost exactness; True is no count."""
    refused(equal, got, expected)


def test_a_wrong_kind_is_shown_with_its_value():
    """`3.0, a float` tells a student both what and why."""
    assert refused(equal, 2.5, 3).got == "2.5, a float"
    assert refused(equal, 1.0, 1).got == "1.0, a float"
    assert refused(equal, None, 3).got == "None"


@pytest.mark.parametrize("got", [1, 1.0, Fraction(1), np.float32(1), np.int8(1), np.array(1.0)])
def test_a_real_number_may_have_any_real_type(got):
    """Where a float is expected, int and Fraction are right if they are equal."""
    equal(got, 1.0)


@pytest.mark.parametrize("got", [np.float32(0.1), np.float16(0.1), Fraction(1, 10)])
def test_a_float_is_not_rounded_to_what_it_is_compared_with(got):
    """float32's 0.1 is not float64's: numpy's own == would say it is."""
    fails(equal, got, 0.1)


@pytest.mark.parametrize("got", [float("nan"), float("inf")])
def test_a_float_must_be_finite(got):
    """NaN and inf are no results."""
    assert "finite" in fails(equal, got, 1.0).expected


@pytest.mark.parametrize("got", [1, 0.0, None, "True", np.array(True)])
def test_a_truth_is_a_bool(got):
    """1 is not True."""
    refused(equal, got, True)


def test_bools_texts_and_none_are_equal_to_themselves():
    """np.True_ is True."""
    equal(np.True_, True)
    equal(False, np.False_)
    equal("latency", "latency")
    equal(None, None)
    fails(equal, "bandwidth", "latency")
    assert fails(equal, False, np.True_).pattern == ""
    refused(equal, 0, None)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.fractions() | st.text(max_size=4) | REAL,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(PLAIN)
@steady
def test_everything_plain_equals_itself(value):
    """Nested lists, dicts, arrays and numbers: what is right passes."""
    equal(value, value)


@given(st.lists(PLAIN, max_size=3))
@steady
def test_lists_and_tuples_stand_for_each_other(values):
    """A contract that asks for a list is met by a tuple, at any depth."""
    equal(tuple(values), values)
    equal([values], (tuple(values),))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.data())
@steady
def test_a_list_with_one_wrong_entry_fails_there(values, data):
    """The message names the place."""
    place = data.draw(st.integers(0, len(values) - 1))
    got = [*values[:place], values[place] + 1, *values[place + 1 :]]
    finding = fails(equal, got, values, of="shards")
    assert finding.expected == f"shards[{place}]: {values[place]}"
    assert finding.pattern == "off by one: too large"


def test_sequences_of_another_length_fail():
    """Both too few and too many, before any entry is looked at."""
    assert fails(equal, [1], [1, 2], of="m").pattern == "2 entries expected, 1 got"
    fails(equal, [1, 2, 3], (1, 2))
    refused(equal, "ab", ["a", "b"])
    refused(equal, np.array([1, 2]), [1, 2])


def test_dicts_have_the_same_keys():
    """A missing and a surplus key are both named, and a wrong value by its key."""
    right = {(0, "F", 1): Fraction(1, 2)}
    equal({(0, "F", 1): Fraction(2, 4)}, right)
    assert fails(equal, {}, right, of="t").expected == "t: an entry for (0, 'F', 1)"
    assert fails(equal, {**right, "x": 1}, right).expected == "value: no entry for 'x'"
    assert fails(equal, {(0, "F", 1): 1}, right, of="t").expected == "t[(0, 'F', 1)]: 1/2"
    refused(equal, [((0, "F", 1), Fraction(1, 2))], right)


@pytest.mark.parametrize(
    ("got", "expected", "pattern"),
    [
        (-3, 3, "the sign is wrong"),
        (4, 3, "off by one: too large"),
        (np.int64(2), 3, "off by one: too small"),
        (75e-6, 150e-6, "ratio 1/2"),
        (6, 3, "ratio 2"),
        (Fraction(3, 4), Fraction(3, 7), "ratio 7/4"),
        (0.3, 1.7, "ratio 0.176"),
        (0, 3, ""),
        (10**3000, 3, ""),
        (1.0000001, 1.0, ""),
    ],
)
def test_the_relation_of_two_numbers_is_told(got, expected, pattern):
    """A sign, one too many or a factor is often all of the mistake; else nothing is said."""
    assert fails(equal, got, expected).pattern == pattern


def test_numbers_that_read_alike_are_shown_in_full():
    """Ten digits may hide the difference; then all are shown."""
    finding = fails(equal, 0.1 + 0.2, 0.3)
    assert (finding.expected, finding.got) == ("0.3", "0.30000000000000004")


# -- within --------------------------------------------------------------------------------

BOUNDS = st.sampled_from([0.0, 2.0**-30, 0.25, 1.0])


@given(st.integers(-100, 100), BOUNDS, st.sampled_from([-1, 1]))
@steady
def test_within_is_exact_at_the_bound_for_numbers(expected, bound, side):
    """At the bound passes; one unit in the last place beyond it fails."""
    edge = expected + side * bound
    within(edge, expected, bound)
    within(Fraction(edge), float(expected), Fraction(bound))
    fails(within, float(np.nextafter(edge, side * np.inf)), expected, bound)


@given(st.integers(2, 100), BOUNDS, st.sampled_from([-1, 1]))
@steady
def test_within_is_exact_at_the_bound_for_arrays(expected, bound, side):
    """The same in every entry, with one bound for all or one each."""
    right = np.full((2, 3), float(expected))
    got = right + side * bound
    within(got, right, bound)
    within(got, right, np.full((2, 3), bound))
    got[1, 2] = np.nextafter(got[1, 2], side * np.inf)
    assert "(1, 2)" in fails(within, got, right, np.full((1, 3), bound)).note


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_within_takes_finite_entries_only(bad):
    """No bound covers NaN or inf, not even an infinite one."""
    finding = fails(within, np.array([1.0, bad]), np.ones(2), np.inf)
    assert finding.pattern.startswith("1 of 2 entries are")
    assert "nan" not in finding.note
    fails(within, bad, 1.0, 1e300)


def test_within_asks_for_kind_shape_and_dtype():
    """An array where one is expected, real, of its shape; a dtype only where it is named."""
    x = np.ones((2, 2))
    within(x.astype(np.float32), x, 0)
    within(np.ones((2, 2), int), x, 0)
    assert fails(within, x, x, 1, dtype=np.float32).got == "dtype float64"
    assert fails(within, x[:1], x, 1).got == "shape (1, 2)"
    assert fails(within, x + 0j, x, 1).got == "dtype complex128"
    assert fails(within, x > 0, x, 1).got == "dtype bool"
    refused(within, 1.0, x, 1)
    refused(within, True, 1.0, 1)


def test_within_tells_the_worst_entry():
    """How far off, where, and how much rounding could explain: the largest excess, not error."""
    finding = fails(within, np.array([5.0, 1.0]), np.zeros(2), np.array([4.5, 0.1]))
    assert finding.note == "off by 1 at (1,); rounding explains at most 0.1"
    assert fails(within, 1.5, 1.0, 0.1).note == "off by 0.5; rounding explains at most 0.1"
    assert fails(within, 1.5, 1.0, 0.1, note="mine").note == "mine"


def test_entries_within_the_bound_are_not_called_wrong():
    """Rounding differs everywhere; what is told is where more than rounding happened."""
    right = np.zeros((3, 2))
    got = np.full((3, 2), 1e-9)
    got[1] = 0.5, 0.25
    assert fails(within, got, right, 1e-6).pattern == "wrong only in row 1"


# -- the others ----------------------------------------------------------------------------


def test_require_speaks_in_the_callers_words():
    """What holds passes; else words, value, note, nudge and pattern are handed on."""
    require([1], "a list that is not empty")
    finding = fails(require, 0, "m >= 1", [1, 2], note="n", nudge="why?", pattern="p")
    assert (finding.expected, finding.got, finding.pattern) == ("m >= 1", "[1, 2]", "p")
    assert (finding.note, finding.nudge) == ("n", "why?")


def test_a_text_of_the_students_cannot_steer_a_terminal():
    """A string that came back is shown with its control characters written out, and cut."""
    finding = fails(require, False, "latency", "\x1b[2J\n" + "x" * 10_000)
    assert finding.got.startswith(r"\x1b[2J x")
    assert len(finding.got) < 400


def test_arrays_gives_a_list_that_can_be_indexed():
    """A list or tuple of so many arrays; otherwise the message says which one is none."""
    one = np.ones(1)
    assert arrays((one, one), 2) == [one, one]
    assert fails(arrays, [one], 2, of="shards").got == "a list of 1"
    assert refused(arrays, [one, 3], 2).got == "an int at place 1"
    assert refused(arrays, np.ones((2, 1)), 2).got == "a float64 array of shape (2, 1)"


@pytest.mark.parametrize("value", [3, 2.5, Fraction(1, 3), np.float16(2.5), np.uint8(3)])
def test_a_number_comes_back_as_pythons_own(value):
    """What can be calculated with exactly: never numpy's, which would wrap or round."""
    assert type(number(value)) in (int, float, Fraction)
    assert number(value) == value
    assert number(np.asarray(value)) == value or isinstance(value, Fraction)


def test_what_is_no_number_is_refused():
    """Bools, texts, complex numbers and arrays with axes."""
    for value in (True, np.True_, "1", 1j, np.complex64(1), np.ones(1), None, [1]):
        refused(number, value, of="time")


def test_is_array_looks_at_what_is_asked():
    """Shape and dtype count only where they are given."""
    x = np.ones((2, 1), np.float32)
    assert is_array(x)
    assert is_array(x, (2, 1), np.float32)
    assert not is_array(x, (2,))
    assert not is_array(x, dtype=np.float64)
    assert not is_array([1.0])


# -- words ---------------------------------------------------------------------------------


def test_of_a_large_array_the_first_wrong_entry_is_shown():
    """Two large arrays of one shape read alike; two numbers don't."""
    expected = np.arange(100.0).reshape(10, 10)
    got = expected.copy()
    got[3, 4], got[5, 6] = -1, -2
    finding = fails(equal, got, expected, of="y")
    assert finding.expected == "y: 34.0 at (3, 4)"
    assert finding.got == "-1.0, the first entry that is wrong"


def test_what_is_within_its_bound_is_no_difference():
    """Rounding noise in right entries is shown as the 0 that it counts for."""
    got, expected = np.array([1.0 + 2**-50, 3.0]), np.array([1.0, 2.0])
    assert fails(within, got, expected, 1e-9).difference == "[0 1]"


def test_another_dtype_is_asked_about_as_such():
    """The caller's own question is about values; without one, this is about the dtype."""
    got, expected = np.ones(2, np.float32), np.ones(2)
    assert "dtype" in fails(equal, got, expected).nudge
    assert fails(equal, got, expected, nudge="Why?").nudge == "Why?"


def test_a_share_is_not_off_by_one():
    """A Fraction is nothing that one miscounts; an int is."""
    assert fails(equal, 1, Fraction(0)).pattern == ""
    assert fails(equal, 1, 0).pattern == "off by one: too large"


@pytest.mark.parametrize(("count", "words"), [(1, "a list of 1 array"), (2, "a list of 2 arrays")])
def test_one_array_is_one_array(count, words):
    """Numbers and nouns agree."""
    assert refused(arrays, 3, count).expected == f"value: {words}"
