"""Moodle's offline grading worksheet: one that was downloaded, filled in.

It can't be made up: its `Identifier` is a number of that assignment alone, and Moodle skips a
line whose `Last modified (grade)` is older than the grade it has. Both stay as they are. A
grade left empty is skipped by Moodle, so a grade that is there already is never taken away.
(moodle, mod/assign/feedback/offline.)
"""

from collections.abc import Sequence

from grader.errors import UsageError
from grader.exports.entry import Entry, ExportedLab
from grader.exports.formats import Export, Format, Order
from grader.exports.worksheet import Roster, Sheet, fill_lines, points, read_sheet

NEEDED = ("Identifier", "Grade", "Last modified (grade)")
_MEND = (
    "download it in Moodle, in English: the assignment, View all submissions, "
    "Download grading worksheet"
)


def fill_worksheet(template: bytes, lab: ExportedLab, rows: Sequence[Entry]) -> Export:
    """The worksheet with our scores in `Grade`.

    A line is a student's by participant number (their `lms_id`), ID number, username or email.
    """
    sheet = read_sheet(template, NEEDED, _MEND)
    lines = [i for i in range(1, len(sheet.rows)) if any(map(str.strip, sheet.rows[i]))]
    for line in lines:
        _check_maximum(sheet, line, lab)
    columns = {lab.slug: sheet.column("Grade") or 0}
    return fill_lines(sheet, rows, columns, lines, _candidates, "Full name", {})


def _check_maximum(sheet: Sheet, line: int, lab: ExportedLab) -> None:
    """Moodle skips a grade above its maximum without a word, and would scale none below."""
    maximum = points(sheet.get(line, sheet.column("Maximum Grade")))
    if maximum is not None and maximum != lab.max_score:
        raise UsageError(
            f"the maximum grade in Moodle is {maximum:g} and {lab.slug} has {lab.max_score}; "
            f"set it to {lab.max_score} in Moodle, then download the worksheet again"
        )


def _candidates(sheet: Sheet, line: int, roster: Roster) -> set[str]:
    participant = sheet.get(line, sheet.column("Identifier")).removeprefix("Participant").strip()
    ids = [sheet.get(line, sheet.column(name)) for name in ("ID number", "Username")]
    return roster.ids(participant, ids, sheet.get(line, sheet.column("Email address")))


def _export(order: Order) -> Export:
    return fill_worksheet(order.template or b"", order.labs[0], order.rows)


FORMAT = Format(
    _export,
    one_lab=True,
    template="must",
    mend="Moodle's worksheet can only be filled in: download it from the assignment "
    "(View all submissions, Download grading worksheet) and give it with --template",
)
