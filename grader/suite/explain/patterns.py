"""The pattern in a difference: what a teacher would see at a glance in two arrays.

Each rule is a question to (got, expected), both real, finite arrays of one shape, asked in
order; the first that says something is told. Rules about shapes come first, in `shape_pattern`;
of entries that are not finite only their number and place is told.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Rule = Callable[[Array, Array], str]
_FEW = 4


def shape_pattern(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """What two different shapes suggest, or nothing."""
    if got == expected[::-1] and len(got) == 2:
        return "each axis has the length of the other"
    if len(got) == len(expected):
        unequal = [axis for axis, (g, e) in enumerate(zip(got, expected, strict=True)) if g != e]
        if len(unequal) == 1:
            axis = unequal[0]
            return _ratio_of_lengths(axis, got[axis], expected[axis])
    elif len(got) != len(expected):
        return f"{len(expected)} dimensions expected, {len(got)} got"
    return ""


def value_pattern(got: Array, expected: Array, wrong: Array | None = None) -> str:
    """The regularity in a wrong value, in words, or nothing.

    `wrong` marks the entries that are wrong, where not all that differ are.
    """
    if got.shape != expected.shape or not got.size:
        return ""
    with np.errstate(all="ignore"):
        g, e = got.astype(np.longdouble), expected.astype(np.longdouble)
        if wrong is None:
            wrong = (g != e) & ~(np.isnan(g) & np.isnan(e))
        if not (np.isfinite(g).all() and np.isfinite(e).all()):
            return _not_finite(g, e) or _where_wrong(wrong)
        if not wrong.any():
            return ""
        found = (rule(g, e) for rule in _RULES)
        told = _clipped(g[wrong], e[wrong]), _where_wrong(wrong)
        return next(filter(None, (*found, *told)), "")


def number_pattern(got: Any, expected: Any) -> str:
    """What a wrong number is to the right one: its sign, a step beside it, a multiple."""
    counted = not isinstance(expected, Fraction)  # a share is nothing that one miscounts
    got, expected = exactly(got), exactly(expected)
    if got == -expected:
        return "the sign is wrong"
    if counted and abs(got - expected) == 1 and expected.denominator == 1:
        return f"off by one: {'too large' if got > expected else 'too small'}"
    if got and expected:
        ratio = got / expected
        if ratio.denominator <= 100 and abs(ratio.numerator) <= 10_000:
            return f"ratio {ratio}"
        if Fraction(1, 1000) <= abs(ratio) < 10**6 and abs(ratio - 1) >= Fraction(1, 1000):
            return f"ratio {float(ratio):.3f}"
    return ""


def exactly(value: Any) -> Fraction:
    """The number without any rounding."""
    return Fraction(*plain(value).as_integer_ratio())


def plain(value: Any) -> Any:
    """A number of numpy's as Python's own, if Python has one that holds it."""
    return value.item() if isinstance(value, np.generic) else value


def _ratio_of_lengths(axis: int, got: int, expected: int) -> str:
    if expected and got > expected and got % expected == 0:
        return f"axis {axis} is {got // expected} times too long"
    if got and expected > got and expected % got == 0:
        return f"axis {axis} is {expected // got} times too short"
    return f"axis {axis} is {expected} long when right, here {got}"


def _not_finite(got: Array, expected: Array) -> str:
    bad = ~np.isfinite(got) & np.isfinite(expected)
    if not bad.any():
        return ""
    name = "NaN" if np.isnan(got[bad]).all() else "infinite or NaN"
    return f"{int(bad.sum())} of {got.size} entries are {name}"


def _all_zero(got: Array, expected: Array) -> str:
    return "every entry is zero" if not got.any() and expected.any() else ""


def _ratio(got: Array, expected: Array) -> str:
    nonzero = expected != 0
    if not nonzero.any() or got[~nonzero].any():
        return ""
    ratios = got[nonzero] / expected[nonzero]
    ratio = ratios.flat[0]
    if not np.isfinite(ratios).all() or (np.abs(ratios - ratio) > 1e-6 * abs(ratio)).any():
        return ""
    entries = "the entry" if got.size == 1 else "every entry"
    if abs(ratio + 1) < 1e-9:
        return f"{entries} has the wrong sign"
    factor = _factor(ratio)
    return f"{entries} is {factor} times the right one" if factor != "1" else ""


def _transposed(got: Array, expected: Array) -> str:
    square = got.ndim == 2 and got.shape[0] == got.shape[1]
    return "this is the transpose" if square and (got == expected.T).all() else ""


def _same_vector(got: Array, expected: Array) -> str:
    difference = got - expected
    if got.ndim != 2 or min(got.shape) < 2:
        return ""
    if (difference == difference[:1]).all():
        return "the same vector in every row"
    if (difference == difference[:, :1]).all():
        return "the same vector in every column"
    return ""


def _constant(got: Array, expected: Array) -> str:
    difference = got - expected
    if got.size > 1 and (difference == difference.flat[0]).all():
        return f"every entry is off by {_factor(difference.flat[0])}"
    return ""


def _permuted(got: Array, expected: Array) -> str:
    if got.size < 2:
        return ""
    if got.ndim == 1:
        return _if_permuted(got, expected, "entries")
    if got.ndim != 2:
        return ""
    return _if_permuted(got, expected, "rows") or _if_permuted(got.T, expected.T, "columns")


def _if_permuted(got: Array, expected: Array, name: str) -> str:
    right = sorted(each.tolist() for each in expected)
    same = sorted(each.tolist() for each in got) == right
    return f"the right {name} in another order" if same else ""


def _clipped(got: Array, expected: Array) -> str:
    """Of wrong entries only: whether they are what a ReLU, or its lack, would make of them."""
    if (expected == 0).all() and (got < 0).all():
        return "wrong only where the right entry is 0: negative entries remain"
    return "wrong entries are all 0" if (got == 0).all() else ""


def _where_wrong(wrong: Array) -> str:
    if wrong.ndim == 2:
        for axis, name in ((0, "row"), (1, "column")):
            lines = np.flatnonzero(wrong.any(axis=1 - axis))
            if len(lines) < wrong.shape[axis] and len(lines) <= _FEW:
                plural = "s" if len(lines) > 1 else ""
                return f"wrong only in {name}{plural} {', '.join(map(str, lines))}"
    count = int(wrong.sum())
    return f"{count} of {wrong.size} entries are wrong" if count < wrong.size else ""


def _factor(value: np.longdouble) -> str:
    """Whole numbers in full, others to four digits."""
    return f"{float(value):.9g}" if value == np.rint(value) else f"{float(value):.4g}"


_RULES: tuple[Rule, ...] = (_all_zero, _ratio, _transposed, _permuted, _constant, _same_vector)
