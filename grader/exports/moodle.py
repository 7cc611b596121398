"""Fills in Moodle's offline grading worksheet, which must be downloaded.

Nobody else can make one: `Identifier` is a number of that assignment alone, which says nothing
about who it is in another, and Moodle skips a line whose `Last modified (grade)` is older than its
own grade. Both stay as they are. Moodle skips an empty grade, so no grade that is there is ever
deleted. (moodle, mod/assign/gradingtable.php and mod/assign/feedback/offline.)
"""

from collections.abc import Sequence

import msgspec

from grader.errors import UsageError
from grader.exports.directory import Directory
from grader.exports.exported import ExportedGrade, ExportedLab
from grader.exports.formats import Export, ExportOrder, Format
from grader.exports.worksheet import GradeSheet, Reading, fill_lines, points, read_sheet
from grader.intake.lms_names import unmarked
from grader.intake.moodle_words import LANGUAGES, Words, words_of

_ENGLISH = LANGUAGES["en"]
MEND = (
    "download it in Moodle, in English: the assignment, View all submissions, "
    "Download grading worksheet"
)
_OTHER_LANGUAGE = (
    "Moodle can't read the dates of a worksheet that is not in English: to replace grades that "
    "are there already, tick 'Allow updating records that have been modified more recently'"
)


def fill_worksheet(template: bytes, lab: ExportedLab, rows: Sequence[ExportedGrade]) -> Export:
    """The worksheet with our scores in `Grade`.

    A line is known by email, ID number or username, else by a full name that is unique.
    """
    sheet, words = read_worksheet(template)
    if sheet.column(words.scale) is not None and sheet.column(words.maximum) is None:
        raise UsageError(f"{lab.slug} is graded on a scale in Moodle; set its grade to points")
    lines = lines_of(sheet)
    _check_maximum(sheet, words, lines, lab)
    grade = sheet.column(words.grade) or 0
    sheet.learn_decimal([grade, sheet.column(words.maximum) or grade])
    made = fill_lines(sheet, rows, {lab.slug: grade}, lines, reading_of(words, lab))
    if words == _ENGLISH:
        return made
    return msgspec.structs.replace(made, notes=(*made.notes, _OTHER_LANGUAGE))


def read_worksheet(content: bytes) -> tuple[GradeSheet, Words]:
    """The sheet and the words of its language; UsageError if it is none, or names nobody."""
    sheet = read_sheet(content, MEND)
    words = words_of(sheet.heading)
    if words is None:
        sheet.need((_ENGLISH.identifier, _ENGLISH.grade, _ENGLISH.modified), MEND)
        raise UsageError(f"the template is no worksheet of Moodle's; {MEND}")
    known_by = (words.name, words.email, words.number, words.username)
    if all(sheet.column(each) is None for each in known_by):
        raise UsageError(
            "the worksheet names nobody: the assignment is marked anonymously; "
            "reveal identities in Moodle, then download it again"
        )
    return sheet, words


def lines_of(sheet: GradeSheet) -> list[int]:
    """The lines that say anything at all."""
    return [i for i in range(1, len(sheet.rows)) if any(map(str.strip, sheet.rows[i]))]


def reading_of(words: Words, lab: ExportedLab | None = None) -> Reading:
    """How a worksheet with these words is read; with a lab, a grade may be locked."""

    def candidates(sheet: GradeSheet, line: int, roster: Directory) -> set[str]:
        number = sheet.get(line, sheet.column(words.number))
        ids = number, sheet.get(line, sheet.column(words.username))
        return roster.ids(number, ids, sheet.get(line, sheet.column(words.email)))

    def name(sheet: GradeSheet, line: int) -> str:
        return unmarked(sheet.get(line, sheet.column(words.name)))

    def locked(sheet: GradeSheet, line: int) -> str:
        if sheet.get(line, sheet.column(words.changeable)).casefold() == words.no.casefold():
            return "is locked: Moodle would skip it"
        maximum = points(sheet.get(line, sheet.column(words.maximum)))
        if lab is not None and maximum is not None and maximum != lab.max_score:
            return f"has the maximum {maximum:g}"
        return ""

    return Reading(candidates, name, by_name=True, locked=locked)


def _check_maximum(sheet: GradeSheet, words: Words, lines: Sequence[int], lab: ExportedLab) -> None:
    """Refuses another maximum: Moodle silently skips grades above it, and scales none below."""
    found = {points(sheet.get(line, sheet.column(words.maximum))) for line in lines} - {None}
    if found and lab.max_score not in found:
        maximum = max(each for each in found if each is not None)
        raise UsageError(
            f"the maximum grade in Moodle is {maximum:g} and {lab.slug} has {lab.max_score}; "
            f"set it to {lab.max_score} in Moodle, then download the worksheet again"
        )


def _export(order: ExportOrder) -> Export:
    return fill_worksheet(order.template or b"", order.labs[0], order.rows)


FORMAT = Format(
    _export,
    one_lab=True,
    template="must",
    mend="Moodle's worksheet can only be filled in: download it from the assignment "
    "(View all submissions, Download grading worksheet) and give it with --template",
)
