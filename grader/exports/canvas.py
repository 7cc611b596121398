"""Canvas's gradebook CSV: one that was downloaded from the course, filled in, or a new one.

The importer finds an assignment by the number in its heading, `<title> (<id>)`, else by its
title, and a student by ID. An empty cell would take away a score that Canvas has, so where we
have none, a downloaded cell stays as it is. (canvas-lms, lib/gradebook_importer.rb.)
"""

import re
from collections.abc import Mapping, Sequence

from grader.errors import UsageError
from grader.exports.cells import Cell, csv_text, plain
from grader.exports.entry import Entry, ExportedLab, without_score
from grader.exports.formats import Export, Format, Order
from grader.exports.worksheet import Roster, Sheet, fill_lines, points, read_sheet

COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS = "    Points Possible"
_MEND = "download it in Canvas: Grades, Export, Export Entire Gradebook"
_ID = re.compile(r" \(\d+\)$")
_KEPT = {"ex": "excused in Canvas", "n/a": "not assigned to them in Canvas"}


def new_gradebook(
    labs: Sequence[ExportedLab], rows: Sequence[Entry], columns: Mapping[str, str] | None = None
) -> Export:
    """A gradebook with a line for each student that has a score; everyone needs an `lms_id`.

    `columns` gives the headings of labs that have another name in Canvas.
    """
    scored = [each for each in rows if each.score is not None]
    students = {each.student: each.grade.student for each in scored}
    _check_ids({name: each.lms_id.strip() for name, each in students.items()})
    scores = {(each.student, each.lab): each.score for each in scored}
    headings = [(columns or {}).get(lab.slug, lab.title) for lab in labs]
    lines: list[list[Cell]] = [
        [*COLUMNS, *headings],
        [_POINTS, "", "", "", "", *(lab.max_score for lab in labs)],
    ]
    for name, each in students.items():
        # the importer takes any line that says this for the one with the points
        shown = plain(each.name or name).replace("Points Possible", "Points-Possible")
        own = [scores.get((name, lab.slug)) for lab in labs]
        lines.append([shown, each.lms_id.strip(), "", name, each.group, *own])
    return Export(csv_text(lines), len(scores), (), tuple(without_score(rows)))


def fill_gradebook(
    template: bytes,
    labs: Sequence[ExportedLab],
    rows: Sequence[Entry],
    columns: Mapping[str, str] | None = None,
) -> Export:
    """The downloaded gradebook with our scores in the columns of the labs."""
    sheet = read_sheet(template, ("Student", "ID", "Section"), _MEND)
    places_of_labs = {lab.slug: _column(sheet, lab, (columns or {}).get(lab.slug)) for lab in labs}
    for lab in labs:
        _check_points(sheet, lab, places_of_labs[lab.slug])
    lines = [i for i in range(1, len(sheet.rows)) if _is_student(sheet, i)]
    return fill_lines(sheet, rows, places_of_labs, lines, _candidates, "Student", _KEPT)


def _check_ids(ids: Mapping[str, str]) -> None:
    """Every student has a number in Canvas, and no two the same."""
    absent = [name for name, number in ids.items() if not number]
    if absent:
        some = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
        raise UsageError(
            f"no Canvas ID (lms_id) for {some}; add it to the roster, or give the gradebook "
            f"that you downloaded from Canvas with --template"
        )
    if len(set(ids.values())) < len(ids):
        numbers = list(ids.values())
        twice = [name for name, number in ids.items() if numbers.count(number) > 1]
        raise UsageError(f"{' and '.join(twice[:5])} have the same lms_id; mend the roster")


def _column(sheet: Sheet, lab: ExportedLab, given: str | None) -> int:
    """The column of the lab: the one named for it, else the one with its title or slug."""
    wanted = {_name(each) for each in ([given] if given else [lab.title, lab.slug])}
    first = (sheet.column("Section") or 0) + 1
    titles = dict(enumerate(sheet.heading[first:], first))
    found = [i for i, each in titles.items() if given and each.strip() == given.strip()]
    found = found or [i for i, each in titles.items() if _name(_ID.sub("", each)) in wanted]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"'{plain(each)}'" for each in titles.values() if _ID.search(each))
    problem = "no column" if not found else f"{len(found)} columns"
    raise UsageError(
        f"the template has {problem} for {lab.slug} ('{given or lab.title}'); "
        f"name one with --column {lab.slug}=TITLE; it has: {there or 'no assignment'}"
    )


def _name(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _check_points(sheet: Sheet, lab: ExportedLab, column: int) -> None:
    """The column is of as many points as the lab, and may be written."""
    for line in range(1, len(sheet.rows)):
        if sheet.get(line, 0) != _POINTS.strip():
            continue
        possible = sheet.get(line, column)
        number = points(possible)
        if "read only" in possible or (number is not None and number != lab.max_score):
            raise UsageError(
                f"'{plain(sheet.heading[column])}' has {plain(possible)} points in Canvas and "
                f"{lab.slug} has {lab.max_score}; set them to {lab.max_score} in Canvas, then "
                "download the gradebook again"
            )


def _is_student(sheet: Sheet, line: int) -> bool:
    """Whether the line is a student's: not the points', not the one about posting, not empty."""
    if "Points Possible" in sheet.get(line, 0):
        return False
    posting = re.compile(r"(muted|manual posting.*)?", re.IGNORECASE)
    return not all(posting.fullmatch(each.strip()) for each in sheet.rows[line])


def _candidates(sheet: Sheet, line: int, roster: Roster) -> set[str]:
    """Everyone who the line may be, by its ID and both SIS ids."""
    number = sheet.get(line, sheet.column("ID"))
    user = sheet.get(line, sheet.column("SIS User ID"))
    login = sheet.get(line, sheet.column("SIS Login ID"))
    return roster.ids(number, (user, login), login)


def _export(order: Order) -> Export:
    if order.template is None:
        return new_gradebook(order.labs, order.rows, order.columns)
    return fill_gradebook(order.template, order.labs, order.rows, order.columns)


FORMAT = Format(_export, template="may", columns=True)
