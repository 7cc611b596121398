"""Makes students' text safe for spreadsheets: never a formula, never a control character.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (also in their wide forms), even
behind spaces, quotes and invisible characters. Such a cell gets an apostrophe in front, which
makes it text in Excel, LibreOffice and Google Sheets. The text behind a separator inside a cell
gets one, too, since a spreadsheet of another locale splits there. Numbers are written as numbers.
(OWASP, CSV Injection.)
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

from grader.gradebook.points import Points

Cell = str | float | Points | None

# what may stand before a formula: spaces, quotes, and characters that nobody sees
_BEFORE = "[\\s\"'`´“”„«»‘’‚\u200b-\u200d\u2060\ufeff\u00ad]*"
# a tab is no separator here: `plain` has made it a space by then
_FORMULA = re.compile(f"(^|[,;|])(?!')(?={_BEFORE}[-=+@＝＋－＠﹦﹢﹣﹫])")
_DROPPED = {"Cc", "Cs"}
_BREAKS = {"Zl", "Zp"}
# they turn text round, so that what is read is not what is there; joiners are parts of names
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """The text on one line, without control characters, halves of pairs and changes of direction.

    White space becomes a space, so that words stay apart.
    """
    return "".join(map(_character, text))


def inert(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula; harmless text is unchanged."""
    return _FORMULA.sub(r"\1'", plain(text))


def cell(value: Cell) -> str | float | Points:
    """The value for a cell: text made inert, numbers unchanged, None empty."""
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) else value


def number(value: Points | float) -> int | float:
    """The number as it is written: whole where it is whole, else with four places at most."""
    rounded = round(float(value), 4)
    return int(rounded) if rounded.is_integer() else rounded


def csv_text(rows: Iterable[Sequence[Cell]], newline: str = "\r\n") -> str:
    """The rows as CSV (RFC 4180), every cell inert."""
    file = io.StringIO()
    csv.writer(file, lineterminator=newline).writerows(map(cell, row) for row in rows)
    return file.getvalue()


def _character(character: str) -> str:
    if character in "\t\n\v\f\r" or unicodedata.category(character) in _BREAKS:
        return " "
    if unicodedata.category(character) in _DROPPED or character in _DIRECTIONS:
        return ""
    return character
