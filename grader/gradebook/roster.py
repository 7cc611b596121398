"""Reads a roster from CSV with the columns id, name, email, group, lms_id; only id is required.

A line with a mistake is reported with its number, and the rest is read.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.errors import UsageError
from grader.gradebook.rows import Student
from grader.text.ids import RULE, as_student_id, is_student_id

COLUMNS = ("id", "name", "email", "group", "lms_id")
_MAX_BYTES = 8 << 20
_LONGEST = 200  # of a name or an address


@dataclass(frozen=True)
class Roster:
    """The students of a file, and what is wrong with its other lines."""

    students: tuple[Student, ...]
    problems: tuple[str, ...]


def read_roster(path: Path) -> Roster:
    """Everyone in the file: UTF-8, with commas, semicolons or tabs between the columns."""
    students: dict[str, Student] = {}
    problems = []
    for number, student in _rows(path):
        problem = student if isinstance(student, str) else _problem(student, students)
        if problem:
            problems.append(f"line {number}: {problem}")
        elif isinstance(student, Student):
            students[student.id] = student
    return Roster(tuple(students.values()), tuple(problems))


def _rows(path: Path) -> Iterator[tuple[int, Student | str]]:
    """Each line's number with its student, or with what is wrong with it."""
    text = _text(path)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [each.strip().lower() for each in next(reader, [])]
        if "id" not in names:
            raise UsageError(
                f"{path}: the first line names the columns, and 'id' is none of them; "
                f"expected: {','.join(COLUMNS)}"
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _student(names, cells)
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: not CSV: {error}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise UsageError(f"{path}: larger than {_MAX_BYTES >> 20} MB; is it a roster?")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8; save it as 'CSV UTF-8'") from None


def _student(names: list[str], cells: list[str]) -> Student | str:
    if len(cells) != len(names):
        return f"{len(cells)} cells, expected {len(names)}"
    row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
    row["id"] = as_student_id(row["id"]) or row["id"]
    return Student(**{name: row[name] for name in COLUMNS if name in row})


def _problem(student: Student, before: dict[str, Student]) -> str:
    """Why this can't be a student of the roster; empty where it can."""
    if not is_student_id(student.id):
        return f"'{ascii(student.id)[1:-1]}' is no id: {RULE}"
    for name, text in msgspec.structs.asdict(student).items():
        if not text.isprintable() or len(text) > _LONGEST:
            return f"the {name} is too long, or holds control characters"
    if student.id in before:
        return f"'{student.id}' stands twice; the first counts"
    return ""
