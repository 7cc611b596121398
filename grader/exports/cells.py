"""Text of students in spreadsheets: never a formula, never a control character.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (also their wide forms), and
looks past spaces, quotes and invisible characters to find one. Such a cell gets an apostrophe
before it, which makes it text in Excel, LibreOffice and Google Sheets; so does what follows a
separator inside of a cell, since a spreadsheet of another locale splits there. Numbers are
written as numbers. (OWASP, CSV Injection.)
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

# what may stand before a formula: spaces, quotes, and characters that nobody sees
_BEFORE = "[\\s\"'`´“”„«»‘’‚\u200b-\u200d\u2060\ufeff\u00ad]*"
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


def cell(value: Cell) -> str | int | float:
    """The value as it is written: text made inert, numbers as they are, None as nothing."""
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) else value


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
