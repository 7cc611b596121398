"""Fills in a grade sheet that was downloaded from another system.

Its rows, their order and all other cells stay as they are, formulas included: they are that
system's. Only numbers are filled in.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.exports.cells import plain
from grader.exports.exported import ExportedGrade, without_score
from grader.exports.formats import Export
from grader.gradebook.points import Points
from grader.gradebook.rows import Student

_MAX_BYTES = 32 << 20
_BOM = "\ufeff"


@dataclass
class GradeSheet:
    """The cells of a downloaded sheet, and its CSV dialect."""

    rows: list[list[str]]
    delimiter: str
    newline: str
    bom: str

    @property
    def heading(self) -> list[str]:
        return self.rows[0]

    def column(self, name: str) -> int | None:
        """The index of the column with exactly this heading."""
        return next((i for i, each in enumerate(self.heading) if each.strip() == name), None)

    def get(self, row: int, column: int | None) -> str:
        """The cell without space around it; empty if the line has no such cell."""
        cells = self.rows[row]
        return cells[column].strip() if column is not None and column < len(cells) else ""

    def put(self, row: int, column: int, value: Points) -> None:
        cells = self.rows[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = str(value)

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


def read_sheet(content: bytes, needed: Sequence[str], mend: str) -> GradeSheet:
    """The sheet; UsageError with the mend if a needed column is missing."""
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
    sheet = GradeSheet(rows or [[]], delimiter, newline, bom)
    missing = [name for name in needed if sheet.column(name) is None]
    if missing:
        raise UsageError(f"the template has no column {' and none '.join(missing)}; {mend}")
    return sheet


def _heading(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])


@dataclass(frozen=True)
class Directory:
    """Students by each of the names that other systems have for them."""

    by_lms: Mapping[str, Student]
    by_id: Mapping[str, Student]
    by_email: Mapping[str, Student]

    def ids(self, lms: str, ids: Iterable[str], email: str) -> set[str]:
        """The ids of all who have one of these names."""
        found = [self.by_lms.get(lms), self.by_email.get(email.casefold())]
        found += map(self.by_id.get, ids)
        return {each.id for each in found if each is not None}


def directory_of(rows: Iterable[ExportedGrade]) -> Directory:
    """The students of the rows; a number or address that two of them share is left out."""
    students = {each.student: each.grade.student for each in rows}.values()
    return Directory(
        _unique((each.lms_id.strip(), each) for each in students),
        _unique((each.id, each) for each in students),
        _unique((each.email.strip().casefold(), each) for each in students),
    )


def _unique(pairs: Iterable[tuple[str, Student]]) -> dict[str, Student]:
    found: dict[str, list[Student]] = {}
    for name, student in pairs:
        found.setdefault(name, []).append(student)
    return {name: each[0] for name, each in found.items() if name and len(each) == 1}


def place(
    rows: Iterable[int], candidates: Mapping[int, set[str]], label: Mapping[int, str]
) -> tuple[dict[str, int], list[str]]:
    """Each student's own row, and remarks on the rows that are nobody's.

    A row that may be of two students gets nothing, nor does a student with two rows: a score in
    the wrong place is worse than none.
    """
    places: dict[str, list[int]] = {}
    notes = []
    for row in rows:
        names = candidates[row]
        if len(names) == 1:
            places.setdefault(next(iter(names)), []).append(row)
        elif names:
            both = " and ".join(sorted(names))
            notes.append(f"line {row + 1} ({label[row]}): could be {both}; left as it was")
        else:
            notes.append(f"line {row + 1} ({label[row]}): not in the roster; left as it was")
    for student, lines in places.items():
        if len(lines) > 1:
            where = ", ".join(str(line + 1) for line in lines)
            notes.append(f"{student}: lines {where} are all theirs; left as they were")
    return {name: lines[0] for name, lines in places.items() if len(lines) == 1}, notes


Candidates = Callable[[GradeSheet, int, Directory], set[str]]


def fill_lines(
    sheet: GradeSheet,
    rows: Sequence[ExportedGrade],
    columns: Mapping[str, int],
    lines: Sequence[int],
    candidates: Candidates,
    name: str,
    kept: Mapping[str, str],
) -> Export:
    """The sheet with the scores of these labs in the lines of their students.

    `candidates` returns the ids that a line may belong to; remarks name a line by column `name`.
    A cell with one of the words of `kept` stays; a remark says what the word means.
    """
    own = [each for each in rows if each.lab in columns]
    roster = directory_of(own)
    label = {
        line: plain(sheet.get(line, sheet.column(name)) or sheet.get(line, 0)) for line in lines
    }
    places, notes = place(lines, {line: candidates(sheet, line, roster) for line in lines}, label)
    notes += without_score(own)
    unplaced, written = [], 0
    for each in own:
        if each.score is None:
            continue
        line = places.get(each.student)
        if line is None:
            unplaced.append(f"{each.student}, {each.lab}: {each.score} points, no line is theirs")
            continue
        present = sheet.get(line, columns[each.lab])
        if present.casefold() in kept:
            notes.append(f"{each.student}, {each.lab}: {present} kept: {kept[present.casefold()]}")
            continue
        sheet.put(line, columns[each.lab], each.score)
        written += 1
    return Export(sheet.text(), written, tuple(unplaced), tuple(notes))


def points(text: str) -> float | None:
    """The number in a cell, in any locale; None if there is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
