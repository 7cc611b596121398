"""Fills in Moodle's offline grading worksheet, which must be downloaded.

Nobody else can make one: `Identifier` is a number of that assignment alone, and Moodle skips a
line whose `Last modified (grade)` is older than its own grade. Both stay as they are. Moodle skips
an empty grade, so no grade that is there is ever deleted.
(moodle, mod/assign/feedback/offline.)
"""

from collections.abc import Sequence

from grader.errors import UsageError
from grader.exports.exported import ExportedGrade, ExportedLab
from grader.exports.formats import Export, ExportOrder, Format
from grader.exports.worksheet import Directory, GradeSheet, fill_lines, points, read_sheet

NEEDED = ("Identifier", "Grade", "Last modified (grade)")
_MEND = (
    "download it in Moodle, in English: the assignment, View all submissions, "
    "Download grading worksheet"
)


def fill_worksheet(template: bytes, lab: ExportedLab, rows: Sequence[ExportedGrade]) -> Export:
    """The worksheet with our scores in `Grade`.

    A line is known by participant number (a student's `lms_id`), ID number, username or email.
    """
    sheet = read_sheet(template, NEEDED, _MEND)
    lines = [i for i in range(1, len(sheet.rows)) if any(map(str.strip, sheet.rows[i]))]
    for line in lines:
        _check_maximum(sheet, line, lab)
    columns = {lab.slug: sheet.column("Grade") or 0}
    return fill_lines(sheet, rows, columns, lines, _candidates, "Full name", {})


def _check_maximum(sheet: GradeSheet, line: int, lab: ExportedLab) -> None:
    """Refuses another maximum: Moodle silently skips grades above it, and scales none below."""
    maximum = points(sheet.get(line, sheet.column("Maximum Grade")))
    if maximum is not None and maximum != lab.max_score:
        raise UsageError(
            f"the maximum grade in Moodle is {maximum:g} and {lab.slug} has {lab.max_score}; "
            f"set it to {lab.max_score} in Moodle, then download the worksheet again"
        )


def _candidates(sheet: GradeSheet, line: int, roster: Directory) -> set[str]:
    participant = sheet.get(line, sheet.column("Identifier")).removeprefix("Participant").strip()
    ids = [sheet.get(line, sheet.column(name)) for name in ("ID number", "Username")]
    return roster.ids(participant, ids, sheet.get(line, sheet.column("Email address")))


def _export(order: ExportOrder) -> Export:
    return fill_worksheet(order.template or b"", order.labs[0], order.rows)


FORMAT = Format(
    _export,
    one_lab=True,
    template="must",
    mend="Moodle's worksheet can only be filled in: download it from the assignment "
    "(View all submissions, Download grading worksheet) and give it with --template",
)
