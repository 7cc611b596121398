"""Fills in a grade sheet that was downloaded from another system.

Its rows, their order and all other cells stay as they are, formulas included: they are that
system's. A number is written with a comma where the sheet's own numbers have one.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.exports.cells import number, plain
from grader.exports.directory import Directory, by_name, directory_of, place
from grader.exports.exported import ExportedGrade, without_score
from grader.exports.formats import Export
from grader.gradebook.points import Points

_MAX_BYTES = 32 << 20
_BOM = "\ufeff"
_SHOWN = 5
_WITH_COMMA = re.compile(r"-?[\d.]*\d,\d+%?")


@dataclass
class GradeSheet:
    """The cells of a downloaded sheet, and its CSV dialect."""

    rows: list[list[str]]
    delimiter: str
    newline: str
    bom: str
    decimal: str = "."

    @property
    def heading(self) -> list[str]:
        return self.rows[0]

    def column(self, name: str) -> int | None:
        """The index of the column with this heading, in capitals or small letters."""
        wanted = name.casefold()
        found = (i for i, each in enumerate(self.heading) if each.strip().casefold() == wanted)
        return next(found, None)

    def need(self, names: Iterable[str], mend: str) -> None:
        """Raises UsageError, with the mend, if one of the columns is missing."""
        if missing := [name for name in names if self.column(name) is None]:
            raise UsageError(f"the template has no column {' and none '.join(missing)}; {mend}")

    def get(self, row: int, column: int | None) -> str:
        """The cell without space around it; empty if the line has no such cell."""
        cells = self.rows[row]
        return cells[column].strip() if column is not None and column < len(cells) else ""

    def put(self, row: int, column: int, value: Points) -> None:
        cells = self.rows[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = str(number(value)).replace(".", self.decimal)

    def learn_decimal(self, columns: Iterable[int]) -> None:
        """Takes the decimal mark from the numbers in these columns."""
        every = [self.get(row, each) for each in columns for row in range(1, len(self.rows))]
        self.decimal = "," if any(map(_WITH_COMMA.fullmatch, every)) else "."

    def text(self) -> str:
        """The sheet as CSV, in the dialect it had."""
        file = io.StringIO()
        # a lone carriage return in a cell is not quoted by itself before Python 3.13
        odd = any("\r" in each for row in self.rows for each in row)
        writer = csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.newline,
            quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL,
        )
        writer.writerows(self.rows)
        return self.bom + file.getvalue()


def read_sheet(content: bytes, mend: str) -> GradeSheet:
    """The sheet; UsageError with the mend if it can't be read."""
    if len(content) > _MAX_BYTES:
        raise UsageError(f"the template is larger than {_MAX_BYTES >> 20} MB; {mend}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"the template is not UTF-8 text; {mend}") from None
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    newline = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    try:
        delimiter = max(",;\t", key=lambda each: len(_heading(text, each)))
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"the template is no CSV: {error}; {mend}") from None
    return GradeSheet(rows or [[]], delimiter, newline, bom)


def _heading(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])


@dataclass(frozen=True)
class Reading:
    """How the lines of a system's sheet are read.

    `candidates` returns the ids that a line may belong to, `name` the person's name in it. Where
    these leave a line without an owner and `by_name` is set, a full name that is unique decides.
    `kept` says why a cell has to stay as it is, and `locked` why a line takes no score.
    """

    candidates: Callable[[GradeSheet, int, Directory], set[str]]
    name: Callable[[GradeSheet, int], str]
    by_name: bool = False
    kept: Callable[[str], str] = lambda _: ""
    locked: Callable[[GradeSheet, int], str] = lambda *_: ""


def fill_lines(
    sheet: GradeSheet,
    rows: Sequence[ExportedGrade],
    columns: Mapping[str, int],
    lines: Sequence[int],
    reading: Reading,
) -> Export:
    """The sheet with the scores of these labs in the lines of their students."""
    own = [each for each in rows if each.lab in columns]
    places, notes = owners(sheet, own, lines, reading)
    notes += without_score(own)
    unplaced, written, zeros = [], 0, 0
    for each in own:
        if each.score is None:
            continue
        line = places.get(each.student)
        what = f"{each.student}, {each.lab}: {number(each.score)} points"
        if line is None:
            unplaced.append(f"{what}, no line is theirs")
        elif reason := reading.locked(sheet, line):
            unplaced.append(f"{what}, line {line + 1} {reason}")
        elif reason := reading.kept(present := sheet.get(line, columns[each.lab])):
            notes.append(f"{each.student}, {each.lab}: {present} kept: {reason}")
        else:
            sheet.put(line, columns[each.lab], each.score)
            written += 1
            zeros += each.filled
    return Export(sheet.text(), written, tuple(unplaced), tuple(notes), zeros=zeros)


def owners(
    sheet: GradeSheet, rows: Iterable[ExportedGrade], lines: Sequence[int], reading: Reading
) -> tuple[dict[str, int], list[str]]:
    """Each student's line, and remarks on the lines that are nobody's or were told by a name."""
    roster = directory_of(rows)
    label = {line: plain(reading.name(sheet, line) or sheet.get(line, 0)) for line in lines}
    candidates = {line: reading.candidates(sheet, line, roster) for line in lines}
    guessed = by_name(candidates, label, roster) if reading.by_name else {}
    places, notes = place(lines, candidates | {k: {v} for k, v in guessed.items()}, label)
    if guessed:
        some = [f"line {line + 1} ({label[line]}) is {name}" for line, name in guessed.items()]
        more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
        notes.append(f"told by the full name alone: {', '.join(some[:_SHOWN])}{more}")
    return places, notes


def points(text: str) -> float | None:
    """The number in a cell, in any locale; None if there is none.

    The last comma or point is the decimal mark, as Canvas's importer has it.
    """
    *whole, last = re.split(r"[.,]", text.strip().removesuffix("%"))
    try:
        return float(f"{''.join(whole)}.{last}" if whole else last)
    except ValueError:
        return None
