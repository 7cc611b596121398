"""Values as short text, the same everywhere a student sees one."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from grader.sandbox import Tensor
from grader.text.shown import shortened

SMALL_ENTRIES = 24
_MOST_DIGITS = 40
_FEW_DIGITS = 12
_MOST_BITS = 14_000  # below the 4300 digits at which Python refuses to print a number
_EXACT_IN_FLOAT64 = 2**53


def show(value: Any) -> str:
    """A value in one line: small arrays with their entries, large ones by dtype and shape."""
    for kinds, text_of in _FORMS:
        if isinstance(value, kinds):
            return text_of(value)
    return shortened(repr(value))


def shape_of(name: str, array: Any) -> str:
    """`w_up(4,4)`: the form in which messages name arrays."""
    comma = "," if array.ndim == 1 else ""
    return f"{name}({','.join(map(str, array.shape))}{comma})"


def kind_of(value: Any) -> str:
    """What a value is, in the words a student would use."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return f"a torch.{value.dtype} tensor of shape {value.shape}"
    if isinstance(value, np.ndarray):
        return _with_article(f"{value.dtype.name} array of shape {value.shape}")
    return _with_article(type(value).__name__)


def _with_article(noun: str) -> str:
    # not before u: a uint8 array
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _show_int(value: int) -> str:
    if value.bit_length() > _MOST_BITS:
        return f"a whole number of {value.bit_length()} bits"
    text = str(value)
    if len(text) <= _MOST_DIGITS:
        return text
    return f"{text[:_FEW_DIGITS]}…({len(text.lstrip('-'))} digits)"


def _show_fraction(value: Fraction) -> str:
    whole = value.denominator == 1
    return _show_int(value.numerator) + ("" if whole else f"/{_show_int(value.denominator)}")


def _show_sequence(value: list[Any] | tuple[Any, ...]) -> str:
    left, right = "[]" if isinstance(value, list) else "()"
    inner = ", ".join(show(each) for each in value[:SMALL_ENTRIES])
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return shortened(f"{left}{inner}{comma}{_more(value)}{right}")


def _show_dict(value: dict[Any, Any]) -> str:
    first = list(value.items())[:SMALL_ENTRIES]
    pairs = ", ".join(f"{show(key)}: {show(each)}" for key, each in first)
    return shortened(f"{{{pairs}{_more(value)}}}")


def _show_scalar(value: np.generic) -> str:
    known = value.dtype.kind in "biufc"
    return show(_plain(np.asarray(value)).item()) if known else shortened(repr(value))


def _more(value: Any) -> str:
    return ", …" if len(value) > SMALL_ENTRIES else ""


def _show_array(array: np.ndarray[Any, Any]) -> str:
    if array.ndim == 0:
        return show(array[()])
    # (10**9, 0) is a small array too, but a long text
    empty = not array.size and array.ndim > 1
    if empty or array.size > SMALL_ENTRIES or array.dtype.kind not in "biufc":
        return kind_of(array)
    texts = [_entry(each) for each in _plain(array).ravel().tolist()]
    width = max(map(len, texts), default=0)
    aligned = np.array([text.rjust(width) for text in texts], object)
    return _in_brackets(aligned.reshape(array.shape))


def _plain(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array with entries that Python has a type for: its floats are float64."""
    if array.dtype.kind not in "fc":
        return array
    with np.errstate(all="ignore"):
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _entry(value: Any) -> str:
    """Whole numbers to the last digit, -0.0 as 0, which it equals; others to six digits."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_IN_FLOAT64:
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, (float, complex)) else str(value)


def _in_brackets(entries: Any) -> str:
    return entries if isinstance(entries, str) else f"[{' '.join(map(_in_brackets, entries))}]"


def _show_tensor(value: Tensor) -> str:
    readable = value.array.size <= SMALL_ENTRIES and value.dtype != "bfloat16"
    return _show_array(value.array) if readable else kind_of(value)


def _real(value: float) -> str:
    """A float that can be told from an int: `2.0`, never `2`."""
    text = f"{value:.10g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


# Tried in this order: a bool is an int, and np.float64 a float.
_FORMS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (Tensor, _show_tensor),
    (np.ndarray, _show_array),
    (np.generic, _show_scalar),
    (bool, repr),
    (int, _show_int),
    (Fraction, _show_fraction),
    (float, _real),
    ((list, tuple), _show_sequence),
    (dict, _show_dict),
)
