"""Finds whose a line of another system's sheet is, by the names that the system has for a person.

A score in the wrong place is worse than none: what may be two people's is nobody's.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.exports.exported import ExportedGrade
from grader.gradebook.rows import Student


@dataclass(frozen=True)
class Directory:
    """Students by each of the names that other systems have for them."""

    by_lms: Mapping[str, Student]
    by_id: Mapping[str, Student]
    by_email: Mapping[str, Student]
    by_name: Mapping[str, Student]

    def ids(self, lms: str, ids: Iterable[str], email: str) -> set[str]:
        """The ids of all who have one of these names."""
        found = [self.by_lms.get(lms), self.by_email.get(email.casefold())]
        found += map(self.by_id.get, ids)
        return {each.id for each in found if each is not None}

    def named(self, name: str) -> set[str]:
        """The ids of all whose full name this is, whichever part of it comes first."""
        found = map(self.by_name.get, spellings(name))
        return {each.id for each in found if each is not None}


def directory_of(rows: Iterable[ExportedGrade]) -> Directory:
    """The students of the rows; a number, address or name that two of them share is left out."""
    students = {each.student: each.grade.student for each in rows}.values()
    return Directory(
        _unique((each.lms_id.strip(), each) for each in students),
        _unique(
            (name, each)
            for each in students
            for name in {each.id, each.key, *each.aliases}  # the system may have an older one
        ),
        _unique((each.email.strip().casefold(), each) for each in students),
        _unique((name, each) for each in students for name in spellings(each.name)),
    )


def spellings(name: str) -> set[str]:
    """The ways to write a full name: as it is, and without its comma ("Doe, Ann") both ways round.

    Case, space and the two ways in which Unicode writes an accent don't matter.
    """
    plain = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    last, comma, first = (part.strip() for part in plain.partition(","))
    if not comma or not last or not first:
        return {plain} - {""}
    return {plain, f"{first} {last}", f"{last} {first}"}


def _unique(pairs: Iterable[tuple[str, Student]]) -> dict[str, Student]:
    found: dict[str, list[Student]] = {}
    for name, student in pairs:
        found.setdefault(name, []).append(student)
    return {name: each[0] for name, each in found.items() if name and len(each) == 1}


def place(
    rows: Iterable[int], candidates: Mapping[int, set[str]], label: Mapping[int, str]
) -> tuple[dict[str, int], list[str]]:
    """Each student's own row, and remarks on the rows that are nobody's.

    A row that may be of two students gets nothing, nor does a student with two rows.
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


def by_name(
    candidates: Mapping[int, set[str]], label: Mapping[int, str], directory: Directory
) -> dict[int, str]:
    """Whose a line is by the full name alone, where nothing else says it.

    Only a name that one student and one line have counts, and only for a student who has no line
    of their own.
    """
    placed = {name for names in candidates.values() for name in names}
    count = Counter(each for line in candidates for each in spellings(label[line]))
    found = dict[int, str]()
    for line, names in candidates.items():
        own = directory.named(label[line]) - placed
        alone = all(count[each] == 1 for each in spellings(label[line]))
        if not names and alone and len(own) == 1:
            found[line] = own.pop()
    return found
