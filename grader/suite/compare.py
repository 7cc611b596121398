"""Compares what a student returned with what is right: exactly, or within a proved bound.

No comparison here has a default tolerance. Whatever a student's code returned may be handed
in: a wrong type ends the case as the student's `bad_return`, never as a fault of the suite.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from grader.results import Finding, Verdict
from grader.sandbox import Tensor
from grader.suite.explain import patterns
from grader.suite.explain.patterns import exactly, plain
from grader.suite.finding import CaseFailure, comparing
from grader.suite.text import SMALL_ENTRIES, kind_of, show
from grader.text.shown import one_line, plural, shortened

Array = npt.NDArray[Any]


@comparing
def equal(got: Any, expected: Any, *, of: str = "", note: str = "", nudge: str = "") -> None:
    """Passes when `got` is `expected` exactly, in kind and in value; else ends the case.

    Arrays: same shape, dtype and entries (`==`, so -0.0 is 0.0; NaN only where NaN is
    expected). int and Fraction: an exact number that is equal, never a float or a bool.
    float: a real number that is equal. Lists and tuples stand for each other. `of` names the
    value in the message.
    """
    if finding := _unequal(got, expected, of):
        _fail(finding, note, nudge)


@comparing
def within(
    got: Any,
    expected: Any,
    bound: Any,
    *,
    dtype: npt.DTypeLike | None = None,
    of: str = "",
    note: str = "",
    nudge: str = "",
) -> None:
    """Passes when |got - expected| <= bound in every entry; the caller must have proved bound.

    `got` must be real and finite; an array where `expected` is one, of its shape and, if
    `dtype` is given, of that dtype. `bound` is a number or broadcasts to `expected`.
    """
    if isinstance(expected, Tensor):
        got, expected = _array_of(got, expected, of), expected.array
    if not isinstance(expected, np.ndarray):
        got = number(got, of=of)
        off, limit = abs(exactly(got) - exactly(expected)), exactly(bound)
        if off > limit:
            _fail(_numbers(got, expected, of), note or _off_by(off, limit), nudge)
        return
    wanted = expected if dtype is None else np.empty(expected.shape, dtype)
    if finding := _unlike(got, wanted, of, check_dtype=dtype is not None, kinds="iuf"):
        _fail(finding, note, nudge)
    with np.errstate(all="ignore"):  # whatever the entries are, they are the student's
        difference = np.abs(got.astype(np.longdouble) - expected.astype(np.longdouble))
        inside = (difference <= np.asarray(bound, np.longdouble)) & np.isfinite(got)
    outside = ~inside  # so NaN is, too
    if outside.any():
        _fail(_array_finding(got, expected, of, outside), note or _worst(difference, bound), nudge)


def require(
    condition: Any,
    expected: str,
    got: Any = "",
    *,
    note: str = "",
    nudge: str = "",
    pattern: str = "",
) -> None:
    """Passes when `condition` is true; else ends the case in the caller's words."""
    if not condition:
        # a text may be the suite's words or what the student returned
        text = one_line(shortened(got)) if isinstance(got, str) else show(got)
        _fail(Finding(expected=expected, got=text, pattern=pattern), note, nudge)


def is_array(
    value: Any, shape: tuple[int, ...] | None = None, dtype: npt.DTypeLike | None = None
) -> bool:
    """Whether `value` is an ndarray, of that shape and dtype where they are given."""
    return (
        isinstance(value, np.ndarray)
        and (shape is None or value.shape == shape)
        and (dtype is None or value.dtype == dtype)
    )


def arrays(value: Any, count: int, *, of: str = "value") -> list[Array]:
    """The value as a list, once it is known to be a list or tuple of `count` arrays."""
    wanted = f"{of}: a list of {plural(count, 'array')}"
    if not isinstance(value, (list, tuple)):
        _wrong_kind(wanted, kind_of(value))
    if len(value) != count:
        _fail(Finding(expected=wanted, got=f"a list of {len(value)}"))
    for index, each in enumerate(value):
        if not isinstance(each, np.ndarray):
            _wrong_kind(wanted, f"{kind_of(each)} at place {index}")
    return list(value)


def number(value: Any, *, of: str = "") -> int | float | Fraction:
    """The value itself, once it is known to be a real, finite number and no bool."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    value = plain(value)
    if type(value) not in (int, float, Fraction):
        _wrong_kind(_named(of, "a number"), kind_of(value))
    if isinstance(value, float) and not math.isfinite(value):
        _fail(Finding(expected=_named(of, "a finite number"), got=show(value)))
    result: int | float | Fraction = value
    return result


_NO_RETURN = "Does every way through your function end in a return?"
_OTHER_DTYPE = "Which line of yours makes another dtype of it?"

# -- findings ------------------------------------------------------------------------------


def _unequal(got: Any, expected: Any, of: str) -> Finding | None:
    if isinstance(expected, Tensor):
        got, expected = _array_of(got, expected, of), expected.array
    if isinstance(expected, np.ndarray):
        return _unlike(got, expected, of) or _unequal_entries(got, expected, of)
    if isinstance(expected, (list, tuple)):
        return _unequal_sequence(got, expected, of)
    if isinstance(expected, Mapping):
        return _unequal_mapping(got, expected, of)
    if isinstance(expected, (bool, np.bool_)):
        fits = isinstance(got, (bool, np.bool_))
    elif isinstance(expected, (int, Fraction, np.integer)):
        fits = isinstance(got, (int, Fraction, np.integer)) and not isinstance(got, bool)
    elif isinstance(expected, (float, np.floating)):
        got, fits = number(got, of=of), True
    else:
        fits = type(got) is type(expected)
    if not fits:
        _wrong_kind(_named(of, show(expected)), _with_kind(got))
    # As Python's own: numpy would round a float to the type of what it is compared with.
    got, expected = plain(got), plain(expected)
    return None if got == expected else _numbers(got, expected, of)


def _array_of(got: Any, expected: Tensor, of: str) -> Array:
    """The entries of a tensor, once it is known to be one of the expected dtype."""
    if not isinstance(got, Tensor):
        _wrong_kind(_named(of, kind_of(expected)), kind_of(got))
    if got.dtype != expected.dtype:
        expected_kind = _named(of, f"dtype torch.{expected.dtype}")
        _fail(Finding(expected=expected_kind, got=f"dtype torch.{got.dtype}"), nudge=_OTHER_DTYPE)
    return got.array


def _unlike(
    got: Any, expected: Array, of: str, *, check_dtype: bool = True, kinds: str = "biuf"
) -> Finding | None:
    """What is wrong with an array besides its entries: shape, dtype, kind of numbers."""
    if not isinstance(got, np.ndarray):
        _wrong_kind(_named(of, kind_of(expected)), kind_of(got))
    if got.shape != expected.shape:
        return Finding(
            expected=_named(of, f"shape {expected.shape}"),
            got=f"shape {got.shape}",
            pattern=patterns.shape_pattern(got.shape, expected.shape),
        )
    if check_dtype and got.dtype != expected.dtype:
        return Finding(
            expected=_named(of, f"dtype {expected.dtype.name}"),
            got=f"dtype {got.dtype.name}",
            nudge=_OTHER_DTYPE,
        )
    if got.dtype.kind not in kinds:
        return Finding(expected=_named(of, "real entries"), got=f"dtype {got.dtype.name}")
    return None


def _unequal_entries(got: Array, expected: Array, of: str) -> Finding | None:
    with np.errstate(all="ignore"):  # a signalling NaN would warn
        same = (got == expected) | ((got != got) & (expected != expected))  # noqa: PLR0124 - NaN
    return None if same.all() else _array_finding(got, expected, of, ~same)


def _array_finding(got: Array, expected: Array, of: str, wrong: Array) -> Finding:
    """Shows all of a small array, and of another the first entry that is wrong."""
    if got.size > SMALL_ENTRIES:
        place = tuple(np.argwhere(wrong)[0].tolist())
        return Finding(
            expected=_named(of, f"{show(expected[place])} at {place}"),
            got=f"{show(got[place])}, the first entry that is wrong",
            pattern=patterns.value_pattern(got, expected, wrong),
        )
    with np.errstate(all="ignore"):
        difference = got.astype(np.float64) - expected.astype(np.float64)
        difference = np.where(wrong, difference, 0.0)  # what is within its bound is right
    shown = got.dtype.kind != "b" and bool(np.isfinite(difference).all())
    return Finding(
        expected=_named(of, show(expected)),
        got=show(got),
        difference=show(difference) if shown else "",
        pattern=patterns.value_pattern(got, expected, wrong),
    )


def _unequal_sequence(got: Any, expected: Any, of: str) -> Finding | None:
    name = of or "value"
    if not isinstance(got, (list, tuple)):
        _wrong_kind(f"{name}: a list of {len(expected)}", kind_of(got))
    if len(got) != len(expected):
        return Finding(
            expected=f"{name}: {show(expected)}",
            got=show(got),
            pattern=f"{len(expected)} entries expected, {len(got)} got",
        )
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        if finding := _unequal(one, other, f"{name}[{index}]"):
            return finding
    return None


def _unequal_mapping(got: Any, expected: Mapping[Any, Any], of: str) -> Finding | None:
    name = of or "value"
    if not isinstance(got, dict):
        _wrong_kind(f"{name}: a dict", kind_of(got))
    for key in expected:
        if key not in got:
            return Finding(expected=f"{name}: an entry for {show(key)}", got="no such entry")
    for key in got:
        if key not in expected:
            return Finding(expected=f"{name}: no entry for {show(key)}", got=show(got[key]))
    for key, value in expected.items():
        if finding := _unequal(got[key], value, f"{name}[{show(key)}]"):
            return finding
    return None


def _numbers(got: Any, expected: Any, of: str) -> Finding:
    numbers = type(got) in (int, float, Fraction) and not isinstance(expected, (bool, str))
    pattern = patterns.number_pattern(got, expected) if numbers else ""
    texts = show(expected), show(got)
    if texts[0] == texts[1]:  # ten digits don't tell them apart
        texts = repr(expected), repr(got)
    return Finding(expected=_named(of, texts[0]), got=shortened(texts[1]), pattern=pattern)


def _worst(difference: Array, bound: Any) -> str:
    limit = np.broadcast_to(np.asarray(bound, np.longdouble), difference.shape)
    with np.errstate(all="ignore"):
        excess = np.where(np.isnan(difference), np.inf, difference - limit)
        index = np.unravel_index(int(np.argmax(excess)), difference.shape)
        if not np.isfinite(difference[index]):
            return ""  # the pattern says it
        place = f" at {tuple(map(int, index))}" if index else ""
        return _off_by(difference[index], limit[index], place)


def _off_by(off: Any, limit: Any, place: str = "") -> str:
    return f"off by {_three(off)}{place}; rounding explains at most {_three(limit)}"


def _three(value: Any) -> str:
    """Three digits of a number of any size; a Fraction may be larger than any float."""
    try:
        return f"{float(value):.3g}"
    except OverflowError:
        return show(value)


def _with_kind(value: Any) -> str:
    """`3.0, a float`: a value whose kind is wrong; None says it by itself."""
    text, kind = show(value), kind_of(value)
    return text if text == kind else f"{text}, {kind}"


def _named(of: str, text: str) -> str:
    return f"{of}: {text}" if of else text


def _wrong_kind(expected: str, got: str) -> NoReturn:
    nudge = _NO_RETURN if got == "None" else ""
    raise CaseFailure(Verdict.BAD_RETURN, Finding(expected=expected, got=got, nudge=nudge))


def _fail(finding: Finding, note: str = "", nudge: str = "") -> NoReturn:
    notes = "; ".join(filter(None, (finding.note, shortened(note))))
    raise CaseFailure(Verdict.FAILED, replace(finding, note=notes, nudge=nudge or finding.nudge))
