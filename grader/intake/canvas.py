"""Whose a file of Canvas's download is: its number is a student's `lms_id`.

A name may be read in several ways: a person is called `group_1`, or a file `4711_5_ring.py`. Then
that reading counts whose number and name go together on the roster; if none or two do, it is
nobody's. For an assignment that is graded by group, Canvas writes the group's name and the number
of one member.
"""

from collections.abc import Sequence

from grader.gradebook.rows import Student
from grader.intake.downloads import CANVAS, Reading, Upload
from grader.intake.lms_names import canvas_key, canvas_keys
from grader.intake.records import Record, Records
from grader.intake.whose import Lookup, Owner, either, said_by
from grader.text.shown import escaped

_HIDDEN = (
    "the assignment is anonymous in Canvas, which hides whose it is: turn Anonymous Grading off, "
    "or post the grades, then download it again"
)


def canvas_owner(upload: Upload, lookup: Lookup, submissions: Records | None) -> Owner | str:
    """The owner of the file, or why that can't be told."""
    reading = _reading(upload.readings, lookup, submissions)
    if isinstance(reading, str):
        return reading
    record = _record(reading, submissions)
    number = reading.number or (record.number if record else "")
    found = lookup.numbered(number) or (lookup.of_record(record) if record else [])
    if len(found) > 1:
        return f"number {number} may be {either(found)}: mend the roster"
    student = found[0] if found else None
    group = _group(reading, student, lookup)
    if group is None:
        return (
            f"it is of group '{escaped(reading.name)}', in which the roster has no number {number}"
        )
    said = said_by(CANVAS, record, reading, group=group)
    return Owner(student.id if student else number, reading.file, said)


def _reading(
    readings: Sequence[Reading], lookup: Lookup, submissions: Records | None
) -> Reading | str:
    """The one reading that the roster bears out, or why there is none."""
    if len(readings) == 1 and not readings[0].anonymous:
        return readings[0]
    agreeing = [each for each in readings if _agrees(each, lookup)]
    if len(agreeing) == 1:
        return agreeing[0]
    hidden = next((each for each in readings if each.anonymous), None)
    if hidden and not agreeing:
        return hidden if _record(hidden, submissions) else _HIDDEN
    numbers = " or ".join(dict.fromkeys(each.number for each in readings if each.number))
    return (
        f"whose it is can't be told from its name, which may be of user {numbers}: the roster "
        "needs lms_id and name of whoever it is"
    )


def _agrees(reading: Reading, lookup: Lookup) -> bool:
    """Whether the roster has this number with this name, or in a group of this name."""
    found, named = lookup.numbered(reading.number), canvas_key(reading.name)
    if reading.anonymous or len(found) != 1:
        return False
    return named in canvas_keys(found[0].name) or (
        found[0].group != "" and named == canvas_key(found[0].group)
    )


def _group(reading: Reading, student: Student | None, lookup: Lookup) -> str | None:
    """The group whose name stands in place of the student's; None if it is another's."""
    named = canvas_key(reading.name)
    if student is None or not named or named in canvas_keys(student.name):
        return ""
    if student.group and named == canvas_key(student.group):
        return student.group
    groups = {canvas_key(members[0].group) for members in lookup.groups.values()}
    return None if named in groups else ""


def _record(reading: Reading, submissions: Records | None) -> Record | None:
    if submissions is None:
        return None
    if reading.anonymous:
        return submissions.by_anonymous.get(reading.anonymous)
    return submissions.by_number.get(reading.number)
