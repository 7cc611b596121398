"""Whatever crosses the wire may be handed to a comparison: it passes or ends the case, no more."""

import contextlib
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.suite import arrays, equal, is_array, number, require, within
from grader.suite.explain.message import lines_of
from grader.suite.explain.patterns import shape_pattern, value_pattern
from grader.suite.finding import CaseFailure
from grader.suite.text import kind_of, show

steady = settings(derandomize=True, deadline=None, max_examples=300)

CODES = ("b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@st.composite
def any_arrays(draw, codes=CODES, shapes=SHAPES):
    """An array of any bits: signalling NaN, subnormals and infinities among them."""
    shape, dtype = draw(shapes), np.dtype(draw(st.sampled_from(codes)))
    if dtype == np.bool_:
        return draw(hnp.arrays(dtype, shape))
    size = math.prod(shape) * dtype.itemsize
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype).reshape(shape)


HUGE = 10**4000 - 1
ODD = [
    *(HUGE, -HUGE, Fraction(HUGE, 7), Fraction(1, HUGE), 2**63, 1e308, 5e-324),
    *(math.nan, math.inf, -math.inf, -0.0, complex(math.nan, 1), True, None, "", b"\0"),
    *("\x1b[2J", "\ud800", {1: 2, "a": [None], (1, 2): np.ones(2)}, {True: 0.5}, set(), {1, "a"}),
    *(np.float16(1), np.float32("nan"), np.bool_(True), np.uint64(2**64 - 1), np.complex64(1j)),
    *(
        np.longdouble("1e4000"),
        np.array(1, np.longdouble),
        np.full((2, 2), np.longdouble("1e4000")),
    ),
    *(np.array(3), np.empty((10**9, 0)), np.empty(0), np.full((3, 3), np.float16(65504))),
    *([], (), [[]], [1, [2, [3]]], [np.ones(2), None], (np.ones((2, 2)), np.zeros(3)), range(3)),
]
ATOMS = (
    st.sampled_from(ODD)
    | st.integers()
    | st.floats()
    | st.fractions()
    | st.complex_numbers()
    | st.text(max_size=8)
    | any_arrays()
    | any_arrays(shapes=st.just(())).map(lambda array: array[()])
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=3) | st.floats(), inner, max_size=3)
    ),
    max_leaves=6,
)
EXPECTED = (
    st.sampled_from([None, True, "latency", 3, Fraction(1, 3), 0.1, np.int64(3), np.float32(0.1)])
    | st.sampled_from([[1, 2], [], (np.ones(2), 3), {(0, "F", 1): (Fraction(0), Fraction(1))}])
    | st.sampled_from(["bool", "int64", "float32", "float64"]).map(lambda d: np.ones((2, 2), d))
    | st.just(np.array([[np.inf, 0.0], [-1.0, 3.0]]))
)


@contextlib.contextmanager
def only_a_case_may_end():
    """Lets a CaseFailure pass, if its message can be printed: 80 columns, no control character."""
    try:
        yield
    except CaseFailure as failure:
        for line in lines_of(failure.finding):
            assert len(line) <= 80
            assert line.isprintable()


@given(VALUES, EXPECTED)
@steady
def test_equal_takes_anything(got, expected):
    """`equal` passes or ends the case."""
    with only_a_case_may_end():
        equal(got, expected, of="y")


@given(any_arrays(), any_arrays(codes=("b1", "i8", "f2", "f4", "f8")))
@steady
def test_equal_takes_any_array(got, expected):
    """The same for arrays of any bits, where the expected one has the same shape."""
    with only_a_case_may_end():
        equal(got, expected)
    if got.nbytes == expected.nbytes and expected.dtype != np.bool_:
        with only_a_case_may_end():
            equal(np.frombuffer(got.tobytes(), expected.dtype).reshape(expected.shape), expected)


@given(VALUES, st.sampled_from([0.5, 3, Fraction(1, 3), np.ones((2, 2)), np.array(2.0)]))
@steady
def test_within_takes_anything(got, expected):
    """`within` passes or ends the case."""
    with only_a_case_may_end():
        within(got, expected, 0.25, of="y")


@given(any_arrays(shapes=st.just((2, 2))), st.sampled_from([None, "float16", "float64"]))
@steady
def test_within_takes_any_array(got, dtype):
    """The same for entries of any bits."""
    with only_a_case_may_end():
        within(got, np.array([[1.0, 0.0], [1e308, -1.0]]), np.full((2, 2), 1e-3), dtype=dtype)


@given(VALUES)
@steady
def test_checks_of_kind_take_anything(value):
    """What suites ask before they touch a value is safe to ask of any."""
    with only_a_case_may_end():
        number(value, of="time")
    with only_a_case_may_end():
        arrays(value, 2, of="shards")
    with only_a_case_may_end():
        require(is_array(value, (2, 2), np.float32), "a 2x2 array", value)


@given(VALUES)
@steady
def test_show_says_anything_in_one_short_line(value):
    """Text of any value: printable, bounded, never a copy of a large one."""
    for text in (show(value), kind_of(value)):
        assert text.isprintable()
        assert len(text) <= 1000


@given(any_arrays(codes=CODES[:-2]), any_arrays(codes=CODES[:-2]))
@steady
def test_patterns_take_any_two_arrays(got, expected):
    """Rules divide, subtract and sort whatever bits there are, without a warning."""
    assert isinstance(value_pattern(got, expected), str)
    assert isinstance(shape_pattern(got.shape, expected.shape), str)


LARGE = st.sampled_from([0.0, 1.0, -1.0, 1e308, -1.7e308, math.inf, -math.inf, math.nan])


@given(*[hnp.arrays(np.float64, (2, 2), elements=LARGE)] * 2)
@steady
def test_patterns_survive_the_ends_of_the_range(got, expected):
    """Differences and ratios beyond float64 are told, or not, but never raise."""
    assert isinstance(value_pattern(got, expected), str)


@pytest.mark.parametrize(
    "value", [HUGE, -HUGE, Fraction(HUGE, HUGE - 2), 10**5000, [HUGE] * 30], ids=list("abcde")
)
def test_numbers_of_thousands_of_digits_stay_short(value):
    """A student learns how long the number is, not all its digits."""
    assert len(show(value)) <= 300
    assert "digits" in show(value) or "bits" in show(value)


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [("<f2", b"\x01\x7c"), ("<f4", b"\x01\0\x80\x7f"), ("<f8", b"\x01\0\0\0\0\0\xf0\x7f")],
)
def test_a_signalling_nan_is_no_warning(dtype, bits):
    """Bits that no arithmetic makes raise the processor's flag wherever they are touched."""
    signalling = np.frombuffer(bits * 3, dtype)
    right = np.ones_like(signalling)
    assert "NaN" in value_pattern(signalling, right)
    assert "nan" in show(signalling)
    for check in (equal, lambda got, expected: within(got, expected, 1)):
        with pytest.raises(CaseFailure):
            check(signalling, right)


def test_an_empty_array_with_a_billion_rows_is_not_walked():
    """(10**9, 0) holds nothing and crosses the wire in no time; so does its message."""
    assert show(np.empty((10**9, 0))) == "a float64 array of shape (1000000000, 0)"
