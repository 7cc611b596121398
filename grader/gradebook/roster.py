"""Reads a roster from CSV: ours, or what Canvas and Moodle export.

Ours has the columns id, name, email, group, lms_id, of which only id is required. A line with a
mistake is reported with its number, and the rest is read. A heading with a mistake stops the whole
file: nobody can say what its lines mean.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.errors import UsageError
from grader.files.sheets import read_text
from grader.gradebook.people import FACTS
from grader.gradebook.roster_columns import CANVAS, OWN, Choice, Columns, columns_of
from grader.gradebook.rows import Student
from grader.text.ids import RULE, as_student_id, is_student_id

_LONGEST = 200  # of a name or an address
_QUOTED = re.compile(r'="(.*)"')  # Canvas's name that would be a formula
_TAG = re.compile(r"<[^<>]*>")  # Moodle marks up the name of who is suspended
_TEST_STUDENT = ("student, test", "test student")


@dataclass(frozen=True)
class Roster:
    """The students of a file, the lines they stand in, and what is wrong with its other lines.

    `told` says which columns were taken for what, where they are not ours, and what was passed
    over as it should be. With `stand_in`, the ids are what another system has in their place: who
    is known here by number or address keeps the id of here.
    """

    students: tuple[Student, ...]
    problems: tuple[str, ...]
    told: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    stand_in: bool = False


def read_roster(path: Path, choice: Choice | None = None) -> Roster:
    """Everyone in the file: UTF-8, with commas, semicolons or tabs between the columns."""
    heading, *rows = _rows(path)
    try:
        columns = columns_of(heading[1], [cells for _, cells in rows], choice or Choice())
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    found = _Found()
    for number, cells in rows:
        if problem := found.add(number, cells, len(heading[1]), columns):
            found.problems.append(f"line {number}: {problem}")
    students = tuple(found.students.values())
    told = (*columns.told, *found.told)
    stand_in = columns.kind is not OWN and not (choice and "id" in choice.columns)
    return Roster(students, tuple(found.problems), told, found.lines, stand_in)


class _Found:
    """The students of the lines so far, and whose each fact is that only one may have."""

    def __init__(self) -> None:
        self.students: dict[str, Student] = {}
        self.problems: list[str] = []
        self.told: list[str] = []
        self.lines: dict[str, int] = {}
        self._held: dict[tuple[str, str], str] = {}

    def add(self, number: int, cells: Sequence[str], width: int, columns: Columns) -> str:
        """Takes a line's student; returns why it can't, or nothing."""
        if columns.kind is CANVAS and _is_no_student(cells):
            return ""
        if len(cells) != width:
            return f"{len(cells)} cells, expected {width}"
        facts = {name: _plain(text) for name, text in columns.student(cells).items()}
        facts["id"] = as_student_id(facts["id"]) or facts["id"]
        student = msgspec.convert(facts, Student)
        if columns.kind is CANVAS and student.name.casefold() in _TEST_STUDENT:
            self.told.append(f"Line {number} is Canvas's test student, and left out.")
            return ""
        if problem := problem_of(student) or self._twice(student):
            return problem
        self.students[student.id] = student
        self.lines[student.id] = number
        for name in ("id", "lms_id", "email"):
            self._held.setdefault((name, getattr(student, name).casefold()), student.id)
        return ""

    def _twice(self, student: Student) -> str:
        if student.id in self.students:
            return f"'{student.id}' stands twice; the first counts"
        if other := self._held.get(("id", student.id.casefold())):
            return f"'{student.id}' differs by case only from '{other}' in line {self.lines[other]}"
        for name in ("lms_id", "email"):
            value = getattr(student, name)
            if value and (other := self._held.get((name, value.casefold()))):
                return f"the {name} {value} is that of '{other}' in line {self.lines[other]}, too"
        return ""


def problem_of(student: Student) -> str:
    """Why this can't be a student of the roster; empty where it can."""
    if not is_student_id(student.id):
        return f"'{ascii(student.id)[1:-1]}' is no id: {RULE}"
    for name in ("id", *FACTS):
        text = getattr(student, name)
        if not text.isprintable() or len(text) > _LONGEST:
            return f"the {name} is too long, or holds control characters"
    return ""


def _is_no_student(cells: Sequence[str]) -> bool:
    """Whether it is Canvas's line of the points, or that of posting, which names nobody."""
    return "Points Possible" in cells[0] or not any(cells[:3])


def _plain(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted[1] if quoted else _TAG.sub("", text).strip()


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Each line that is not empty with its number; the heading first, which there always is."""
    return list(_read(path, read_text(path))) or [(1, [""])]


def _read(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) or reader.line_num == 1:
                yield reader.line_num, stripped
    except csv.Error as error:
        raise UsageError(f"{path}: line {reader.line_num}: not CSV: {error}") from None
