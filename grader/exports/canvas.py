"""Canvas's gradebook CSV: fills in one that was downloaded from the course, or makes a new one.

The importer finds an assignment by the number in its heading, `<title> (<id>)`, else by its
title, and a student by ID. An empty cell would delete a score in Canvas, so where we have no
score, a downloaded cell stays as it is. (canvas-lms, lib/gradebook_exporter.rb and
lib/gradebook_importer.rb.)
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from grader.errors import UsageError
from grader.exports.canvas_new import NUMBERED, POINTS, name_of, new_gradebook, without_place
from grader.exports.cells import plain
from grader.exports.directory import Directory
from grader.exports.exported import ExportedGrade, ExportedLab
from grader.exports.formats import Export, ExportOrder, Format
from grader.exports.worksheet import GradeSheet, Reading, fill_lines, points, read_sheet

_MEND = "download it in Canvas: Grades, Export, Export Entire Gradebook"
_KEPT = {"ex": "excused in Canvas", "n/a": "not assigned to them in Canvas"}
_POSTING = re.compile(r"(muted|manual posting.*)?", re.IGNORECASE)
_Titles = Mapping[str, str]


def fill_gradebook(
    template: bytes,
    labs: Sequence[ExportedLab],
    rows: Sequence[ExportedGrade],
    columns: _Titles | None = None,
) -> Export:
    """The downloaded gradebook with our scores in the columns of the labs."""
    sheet = _read(template)
    places, problems = _columns(sheet, labs, columns or {})
    if not places:
        raise UsageError(next(iter(problems.values())))
    lines = [i for i in range(1, len(sheet.rows)) if _is_student(sheet, i)]
    numbered = [i for i, each in enumerate(sheet.heading) if NUMBERED.search(each.strip())]
    sheet.learn_decimal(numbered or places.values())
    reading = Reading(_candidates, _student, kept=lambda each: _KEPT.get(each.casefold(), ""))
    made = fill_lines(sheet, rows, places, lines, reading)
    lost = without_place([each for each in rows if each.score is not None], problems, {})
    return _told(made, (*(f"{lab}: {why}" for lab, why in problems.items()), *lost))


def _told(made: Export, unplaced: tuple[str, ...]) -> Export:
    """The export with these further scores that found no place."""
    return msgspec.structs.replace(made, unplaced=(*unplaced, *made.unplaced))


def _read(template: bytes) -> GradeSheet:
    """The sheet, with `Student`, or with `LastName` and `FirstName` where Canvas splits names.

    With the latter, Canvas's importer wants nothing before `LastName`, no byte order mark either.
    """
    sheet = read_sheet(template, _MEND)
    split = sheet.column("LastName") is not None
    sheet.need((*(("LastName", "FirstName") if split else ("Student",)), "ID", "Section"), _MEND)
    sheet.bom = "" if split else sheet.bom
    return sheet


def _student(sheet: GradeSheet, line: int) -> str:
    """The name in a line: `Doe, Ann`."""
    if (last := sheet.column("LastName")) is None:
        return sheet.get(line, sheet.column("Student"))
    both = sheet.get(line, last), sheet.get(line, sheet.column("FirstName"))
    return ", ".join(filter(None, both))


def _columns(
    sheet: GradeSheet, labs: Sequence[ExportedLab], given: _Titles
) -> tuple[dict[str, int], dict[str, str]]:
    """Each lab's column, and what is wrong where there is none for it alone."""
    places, problems = dict[str, int](), dict[str, str]()
    for lab in labs:
        try:
            places[lab.slug] = _column(sheet, lab, given.get(lab.slug))
            _check_points(sheet, lab, places[lab.slug])
        except UsageError as error:
            problems[lab.slug] = str(error)
            places.pop(lab.slug, None)
    for slug, column in list(places.items()):
        if others := [each for each in places if each != slug and places[each] == column]:
            heading = plain(sheet.heading[column])
            problems[slug] = (
                f"'{heading}' is the column of {slug} and {', '.join(others)}; "
                f"name another with --column {slug}=TITLE"
            )
    return {slug: each for slug, each in places.items() if slug not in problems}, problems


def _column(sheet: GradeSheet, lab: ExportedLab, given: str | None) -> int:
    """The lab's column: the one that the user named, else the one with its title or slug.

    Canvas heads each assignment with its number; a heading without one is an assignment's only
    where no heading has one, as in a sheet made by hand.
    """
    wanted = {name_of(each) for each in ([given] if given else [lab.title, lab.slug])}
    first = (sheet.column("Section") or 0) + 1
    titles = dict(enumerate(sheet.heading[first:], first))
    numbered = {i: each for i, each in titles.items() if NUMBERED.search(each.strip())}
    found = [i for i, each in titles.items() if given and each.strip() == given.strip()]
    found = found or [
        i
        for i, each in (numbered or titles).items()
        if name_of(NUMBERED.sub("", each.strip())) in wanted
    ]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"'{plain(each)}'" for each in numbered.values())
    problem = "no column" if not found else f"{len(found)} columns"
    raise UsageError(
        f"the template has {problem} for {lab.slug} ('{given or lab.title}'); "
        f"name one with --column {lab.slug}=TITLE; it has: {there or 'no assignment'}"
    )


def _check_points(sheet: GradeSheet, lab: ExportedLab, column: int) -> None:
    """Refuses a column that is read-only or has other points than the lab."""
    for line in range(1, len(sheet.rows)):
        if sheet.get(line, 0) != POINTS.strip():
            continue
        # "(read only)" is in the language of whoever downloaded it; an assignment has a number
        if (possible := sheet.get(line, column)) and points(possible) != lab.max_score:
            raise UsageError(
                f"'{plain(sheet.heading[column])}' has {plain(possible)} points in Canvas and "
                f"{lab.slug} has {lab.max_score}; set them to {lab.max_score} in Canvas, then "
                "download the gradebook again"
            )
        return


def _is_student(sheet: GradeSheet, line: int) -> bool:
    """Whether the line is a student's, not that of the points or of posting, and not empty."""
    if "Points Possible" in sheet.get(line, 0):
        return False
    if not _student(sheet, line) and not sheet.get(line, sheet.column("ID")):
        return False  # the line of posting, in whatever language
    return not all(_POSTING.fullmatch(each.strip()) for each in sheet.rows[line])


def _candidates(sheet: GradeSheet, line: int, roster: Directory) -> set[str]:
    """The ids that the line may belong to, by its ID and both SIS ids."""
    ids = sheet.get(line, sheet.column("ID"))
    user = sheet.get(line, sheet.column("SIS User ID"))
    login = sheet.get(line, sheet.column("SIS Login ID"))
    return roster.ids(ids, (user, login), login)


def _export(order: ExportOrder) -> Export:
    if order.template is None:
        return new_gradebook(order.labs, order.rows, order.columns)
    return fill_gradebook(order.template, order.labs, order.rows, order.columns)


FORMAT = Format(_export, template="may", columns=True)
