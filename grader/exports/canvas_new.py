"""A new gradebook CSV for Canvas, where none was downloaded.

What Canvas's importer would misread finds no place in it: a number in Canvas that is none or that
two students share, and a heading that two labs share or that Canvas has for a column of its own.
(canvas-lms, lib/gradebook_importer.rb: parse_assignments, calc_assignment_indices.)
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from grader.errors import UsageError
from grader.exports.cells import Cell, csv_text, inert, number, plain
from grader.exports.exported import ExportedGrade, ExportedLab, without_score
from grader.exports.formats import Export
from grader.gradebook.rows import Student

COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS = "    Points Possible"
NUMBERED = re.compile(r" \((\d+)\)$")  # the heading of an assignment ends with its number
_NUMBER = re.compile(r"[0-9]{1,18}")
# a column whose heading has one of these is no assignment for the importer, which skips it
_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_Headings = Mapping[str, str]
_Problems = Mapping[str, str]


def new_gradebook(
    labs: Sequence[ExportedLab], rows: Sequence[ExportedGrade], columns: _Headings | None = None
) -> Export:
    """A gradebook with a line for each student who has a score and a number in Canvas.

    `columns` has the headings of labs with another name in Canvas. The scores of whoever has no
    number of their own, and of labs with a heading that Canvas would misread, have no place.
    """
    headings = {lab.slug: (columns or {}).get(lab.slug, lab.title) for lab in labs}
    bad_labs = _bad_headings(headings)
    scored = [each for each in rows if each.score is not None]
    students = {each.student: each.grade.student for each in scored}
    bad_students = _bad_numbers(students)
    placed = [
        each for each in scored if each.lab not in bad_labs and each.student not in bad_students
    ]
    if scored and not placed:
        raise UsageError(next(iter([*bad_labs.values(), *bad_students.values()])))
    good = [lab for lab in labs if lab.slug not in bad_labs]
    there = {each.student for each in placed}
    lines = _lines(good, headings, [students[name] for name in students if name in there], placed)
    return Export(
        csv_text(lines),
        len(placed),
        (*bad_labs.values(), *without_place(scored, bad_labs, bad_students)),
        (*_changed(headings, good), *_bare_logins(there), *without_score(rows)),
        zeros=sum(each.filled for each in placed),
    )


def _lines(
    labs: Sequence[ExportedLab],
    headings: _Headings,
    students: Sequence[Student],
    placed: Sequence[ExportedGrade],
) -> list[list[Cell]]:
    scores = {(each.student, each.lab): number(each.score or 0) for each in placed}
    lines: list[list[Cell]] = [
        [*COLUMNS, *(headings[lab.slug] for lab in labs)],
        [POINTS, "", "", "", "", *(lab.max_score for lab in labs)],
    ]
    for each in students:
        # the importer takes any line that says this for the one with the points
        shown = plain(each.name or each.id).replace("Points Possible", "Points-Possible")
        login = each.id if inert(each.id) == each.id else ""
        own = [scores.get((each.id, lab.slug)) for lab in labs]
        lines.append([shown, each.lms_id.strip(), "", login, each.group, *own])
    return lines


def _bad_headings(headings: _Headings) -> dict[str, str]:
    """What is wrong with the headings of labs, by lab: Canvas would take another column."""
    problems = {}
    keys = {slug: _key(heading) for slug, heading in headings.items()}
    for slug, heading in headings.items():
        others = [each for each in keys if each != slug and keys[each] == keys[slug]]
        mend = f"name its own with --column {slug}=TITLE"
        if others:
            problems[slug] = (
                f"{slug}: '{heading}' is the heading of {', '.join(others)}, too; {mend}"
            )
        elif heading in COLUMNS or _TOTALS.search(heading):
            problems[slug] = f"{slug}: Canvas reads '{heading}' as a column of its own; {mend}"
    return problems


def _key(heading: str) -> str:
    """What two headings have in common that are one assignment for Canvas."""
    found = NUMBERED.search(heading)
    return found[1] if found else name_of(heading)


def _bad_numbers(students: Mapping[str, Student]) -> dict[str, str]:
    """What is wrong with students' numbers in Canvas, by student."""
    mend = "mend the roster, or give Canvas's gradebook with --template"
    numbers = {name: each.lms_id.strip() for name, each in students.items()}
    alike = defaultdict[str, list[str]](list)
    for name, each in numbers.items():
        alike[each.lstrip("0")].append(name)  # Canvas reads 041 as 41
    problems = {}
    for name, each in numbers.items():
        same = alike[each.lstrip("0")]
        if not each:
            problems[name] = f"no Canvas ID (lms_id) for {name}; {mend}"
        elif not _NUMBER.fullmatch(each):  # Canvas would read "41x" as 41
            problems[name] = f"{name}: '{each}' is no Canvas ID (lms_id); {mend}"
        elif len(same) > 1:
            problems[name] = f"{' and '.join(same)} have the same lms_id; {mend}"
    return problems


def without_place(
    scored: Sequence[ExportedGrade], bad_labs: _Problems, bad_students: _Problems
) -> list[str]:
    """A line for each score that has no place because of its student or its lab."""
    lines = []
    for each in scored:
        if each.student in bad_students or each.lab in bad_labs:
            why = bad_students.get(each.student) or f"no column for {each.lab}"
            lines.append(f"{each.student}, {each.lab}: {number(each.score or 0)} points, {why}")
    return lines


def _changed(headings: _Headings, labs: Sequence[ExportedLab]) -> list[str]:
    """Remarks on headings that are not written as they are, or not read so."""
    notes = []
    for lab in labs:
        heading = headings[lab.slug]
        if inert(heading) != heading:
            notes.append(f"{lab.slug}: the heading '{heading}' is written as '{inert(heading)}'")
        if heading == lab.title and (found := NUMBERED.search(heading)):
            notes.append(f"{lab.slug}: Canvas takes '{found[1]}' in '{heading}' for its number")
    return notes


def _bare_logins(students: set[str]) -> list[str]:
    """Remarks on ids that a spreadsheet would take for a formula: their cell is left empty."""
    return [
        f"{name}: left out of SIS Login ID, where it would be a formula; the ID says who it is"
        for name in sorted(students)
        if inert(name) != name
    ]


def name_of(heading: str) -> str:
    """The heading as headings are compared: space and capitals don't matter."""
    return " ".join(heading.split()).casefold()
