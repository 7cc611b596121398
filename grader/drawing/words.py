"""Words and numbers in a drawing: the same in the text and in the SVG."""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from grader.text.shown import escaped, shortened

WIDTH = 74
_LONGEST_LABEL = 200
_WHOLE_IN_FLOAT64 = 2**53
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def clean(label: str) -> str:
    """The label in one line, with all that a terminal might obey written out as escapes.

    A long one is cut. What is left may stand in an XML document, once it is escaped.
    """
    shown = escaped(shortened(label, _LONGEST_LABEL))
    # what combines has no place of its own on the screen
    return "".join(ascii(c)[1:-1] if unicodedata.combining(c) else c for c in shown)


def columns(text: str) -> int:
    """How many columns of a terminal a cleaned text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def wrapped(text: str, width: int = WIDTH, indent: str = "  ") -> list[str]:
    """Lines of at most `width` columns; those after the first are indented."""
    if columns(text) <= width:
        return [text]
    narrow = width if columns(text) == len(text) else width // 2  # textwrap counts characters
    return textwrap.wrap(text, narrow, subsequent_indent=indent)


def flowed(parts: Iterable[str], gap: str = "   ") -> list[str]:
    """The parts side by side, as many as a line holds."""
    lines: list[str] = []
    for part in parts:
        if lines and columns(lines[-1] + gap + part) <= WIDTH:
            lines[-1] += gap + part
        else:
            lines += wrapped(part)
    return lines


def entries(values: Sequence[float]) -> list[str]:
    """Numbers as short text, whole ones to the last digit."""
    return [_entry(float(value)) for value in values]


def bracketed(rows: Sequence[Sequence[float]]) -> str:
    """A matrix in one line, its entries aligned: `[[14  2] [16 -5]]`."""
    texts = [entries(row) for row in rows]
    width = max((len(each) for row in texts for each in row), default=0)
    return f"[{' '.join(_in_brackets(row, width) for row in texts)}]"


def vector(values: Sequence[float]) -> str:
    """A vector in one line: `[ 5 -2]`."""
    texts = entries(values)
    return _in_brackets(texts, max(map(len, texts), default=0))


def seconds(value: float) -> str:
    """A time in the unit that suits it: `100 µs`."""
    return _in_unit(value, _SECONDS)


def nbytes(value: float) -> str:
    """A size in the unit that suits it, with kB = 1000 bytes: `16.38 kB`."""
    return _in_unit(value, _BYTES)


def _entry(value: float) -> str:
    if value.is_integer() and abs(value) <= _WHOLE_IN_FLOAT64:
        return str(int(value))
    return f"{value:.4g}"


def _in_brackets(texts: Sequence[str], width: int) -> str:
    return f"[{' '.join(each.rjust(width) for each in texts)}]"


def _in_unit(value: float, units: Sequence[tuple[float, str]]) -> str:
    # a hair below the unit counts as the unit: 10**-6 written otherwise is still 1 µs
    size, name = next((unit for unit in units if value >= unit[0] * 0.9999), units[-1])
    return f"{value / size:.4g} {name}"
