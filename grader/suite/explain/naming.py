"""Whether the message of an exception names a thing, as a careful reader would judge.

A number is named by any number equal to it, however it is written: -64 by `-64.0`, `-6.4e1`,
`-64/1`, `-0x40`, `-64_000` for -64000, `np.int64(-64)`. It is not named by a longer one that
happens to hold its digits. A word is named where it stands by itself, or as a part of a longer
name (`latency_s` by `intra_latency_s`). Any other text must stand there as it is, and what has
several right names is an `AnyOf`.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from grader.suite.text import show

_Number = Fraction | float  # a float only where no Fraction can be: infinite, or not a number

_MINUS = str.maketrans("−–﹣－", "----")  # what editors and typesetters make of it
_CHUNK = re.compile(r"[\w.∞]+(?:(?<=[\d.][eE])[+-]\d+)?")
_MODULE = re.compile(r"\A(?:np|numpy|math|torch)\.")
# 0..3 is two numbers, and a full stop may have no space behind it
_BREAK = re.compile(r"\.{2,}|\.(?=[^\W\d_]{2})")
_SIGN = re.compile(r"(?<![\w)\]])-$")  # behind a word it is a hyphen: 0-3
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_INFINITE = {"inf", "infinity", "infinite", "∞"}
_UNITS = "sb"  # 64B and 1.5s: a unit that changes no number
# 1e999 and more is beyond any float, and 10**(10**9) would keep the grader busy for hours
_EXPONENT = re.compile(r"e[+-]?([\d_]+)$")
_MOST_DIGITS = 3


@dataclass(frozen=True)
class AnyOf:
    """What may be named in several ways; `text` is what it is called where none is found.

    Each way is whatever `naming` takes: a number, a text, a compiled pattern to search for.
    """

    text: str
    ways: tuple[Any, ...]

    def __init__(self, text: str, *ways: Any) -> None:
        if not ways:
            raise TypeError(f"AnyOf({text!r}): add at least one way to name it")
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "ways", ways)


def names(message: str, wanted: Any) -> bool:
    """Whether the message names what is wanted."""
    if isinstance(wanted, AnyOf):
        return any(names(message, way) for way in wanted.ways)
    if isinstance(wanted, re.Pattern):
        return wanted.search(message) is not None
    value = _number_of(wanted)
    if value is None:
        return _has(message, str(wanted))
    if message.endswith(f" {wanted}"):
        return True  # as most do: to read every number in it takes longer
    return any(_same(each, value, wanted) for each in numbers_in(message))


def in_words(wanted: Any) -> str:
    """What is wanted, by the name that a message for a student gives it."""
    if isinstance(wanted, AnyOf):
        return wanted.text
    return wanted if isinstance(wanted, str) else show(wanted)


def checked(naming: Any) -> tuple[Any, ...]:
    """The things that `naming` asks for; TypeError for one that no message could name."""
    each = tuple(naming) if isinstance(naming, (tuple, list)) else (naming,)
    for wanted in each:
        if isinstance(wanted, (re.Pattern, set, frozenset, dict)) or callable(wanted):
            raise TypeError(
                f"naming={wanted!r}: say in words what it is: AnyOf('op F3', {wanted!r}, …)"
            )
    return each


def words_only(naming: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is asked for without the values: numbers, bools and None."""
    return tuple(each for each in naming if not _is_value(each))


def numbers_in(message: str) -> Iterator[_Number]:
    """Every number that a reader finds in the message, once for each way to read it."""
    text = message.translate(_MINUS)
    yield from _readings(text)
    if _THOUSANDS.search(text):
        yield from _readings(_THOUSANDS.sub("", text))


def _readings(text: str) -> Iterator[_Number]:
    found = list(_placed(text))
    for _, _, value in found:
        yield value
    for (start, end, one), (following, _, other) in pairwise(found):
        between = text[end:following].strip()
        written_out = between == "," and text[:start].rstrip(" -+").endswith("Fraction(")
        exact = isinstance(one, Fraction) and isinstance(other, Fraction)
        if (between == "/" or written_out) and exact and other:
            yield one / other
    if "not a number" in text.lower():
        yield math.nan


def _placed(text: str) -> Iterator[tuple[int, int, _Number]]:
    """Each number with where its digits begin and end."""
    for chunk in _CHUNK.finditer(text):
        start = chunk.start()
        negative = _SIGN.search(text[max(0, start - 2) : start]) is not None
        for part in _BREAK.split(_MODULE.sub("", chunk[0])):
            for value in _values(part.rstrip(".").lower()):
                yield start, chunk.end(), -value if negative else value
            negative = False  # the sign is the first part's


def _values(word: str) -> Iterator[_Number]:
    """What a word means if it is a number, its sign left out; "8x10" is two."""
    if word in _INFINITE:
        yield math.inf
        if word == "infinite":  # is said of either end
            yield -math.inf
    elif word == "nan":
        yield math.nan
    elif word[:1].isdigit() or word[:1] == ".":
        sides = word.split("x") if re.fullmatch(r"[1-9]\d*(?:x\d+)+", word) else [word]
        for side in sides:
            value = _exact(side)
            yield from () if value is None else (value,)


def _exact(word: str) -> Fraction | None:
    for digits in (word, word.rstrip(_UNITS)):
        try:
            if digits[:2] in ("0x", "0o", "0b"):
                return Fraction(int(digits, 0))
            exponent = _EXPONENT.search(digits)
            if exponent is None or len(exponent[1].lstrip("0_")) <= _MOST_DIGITS:
                return Fraction(digits)
        except ValueError:  # no number, or one of more digits than Python reads
            continue
    return None


def _number_of(wanted: Any) -> _Number | None:
    """The value of a number, or of a text that is nothing but a number."""
    if isinstance(wanted, str):
        sign, word = (-1, wanted[1:]) if wanted[:1] == "-" else (1, wanted)
        value = next(_values(word.lower()), None) if "x" not in word[1:] else None
        return None if value is None else sign * value
    if isinstance(wanted, (bool, np.bool_)) or not isinstance(wanted, (Real, np.number)):
        return None
    plain = wanted.item() if isinstance(wanted, np.generic) else wanted
    if isinstance(plain, float) and not math.isfinite(plain):
        return plain
    return Fraction(plain) if isinstance(plain, (int, float, Fraction)) else None


def _is_value(wanted: Any) -> bool:
    return wanted is None or isinstance(wanted, (bool, np.bool_)) or _number_of(wanted) is not None


def _same(read: _Number, value: _Number, wanted: Any) -> bool:
    if isinstance(value, float) or isinstance(read, float):
        return str(read) == str(value)  # inf by its sign, and NaN, which equals nothing
    if read == value:
        return True
    if not isinstance(wanted, (float, np.floating)):
        return False
    try:  # 0.1 is written so, though the float is not a tenth
        return bool(type(wanted)(float(read)) == wanted)
    except OverflowError:
        return False


def _has(message: str, text: str) -> bool:
    if not text.isidentifier():
        return text in message
    name = re.escape(text).replace("_", "[_ -]")  # "world size", too
    return re.search(rf"(?<![^\W_]){name}(?![^\W_])", message, re.IGNORECASE) is not None
