"""Decisions of people about one student: overrides and extensions.

Nothing is changed in place. A decision is a new row with its reason and author, and the newest
counts, so earlier decisions stay on record.
"""

from datetime import datetime, tzinfo

import msgspec
import sqlalchemy as sa

from grader.course import Lab
from grader.errors import UsageError
from grader.gradebook import people
from grader.gradebook.database import insert, lock
from grader.gradebook.grades import (
    extension_rows_in_force,
    overrides_in_force,
    records_with_override,
)
from grader.gradebook.journal import Journal
from grader.gradebook.points import Points, checked, in_two
from grader.gradebook.tables import extensions, labs, overrides
from grader.text.times import exact


class Signature(msgspec.Struct, frozen=True):
    """Why something was decided, by whom, and when."""

    reason: str
    author: str
    at: datetime


def override(
    connection: sa.Connection,
    student: str,
    lab: Lab,
    item: str,
    points: Points | None,
    by: Signature,
) -> None:
    """Gives the student's item these points from now on; None withdraws those in force.

    An override can be withdrawn even when the lab no longer has the item.
    """
    everyone, whose = people.load(connection), people.require(connection, student)
    rubric: dict[str, Points] = {each.item: each.points for each in lab.rubric}
    in_force = {
        each.item: each for each in overrides_in_force(connection, lab, everyone).get(whose.key, ())
    }
    if points is None and item in in_force:
        rubric.setdefault(item, in_force[item].points)
    if item not in rubric:
        raise UsageError(f"{lab.slug} has no item '{item}'; it has: {', '.join(rubric)}")
    points = None if points is None else checked(points)
    if points is not None and not 0 <= points <= rubric[item]:
        raise UsageError(f"'{item}' is worth 0 to {rubric[item]} points, not {points}")
    if points is None and item not in in_force:
        raise UsageError(f"no override of '{item}' in {lab.slug} is in force for {student}")
    _with_lab(connection, lab.slug)
    whole, hundredths = (None, 0) if points is None else in_two(points)
    row: dict[str, object] = {"item": item, "points": whole, "hundredths": hundredths}
    row |= {"max_points": int(rubric[item]), **_row(whose.key, lab, by)}
    what = "override" if points is not None else "withdraw override"
    told = f"{points} of {rubric[item]}: " if points is not None else ""
    subject = f"{whose.id} {lab.slug} {item}"
    journal = Journal.begin(connection, by.at, by.author, what, subject, f"{told}{by.reason}")
    records = [whose.key]
    if points is None:  # none is in force for any of the student's records, merged or split
        records = records_with_override(connection, lab, item, everyone, whose.key)
    for each in records:
        journal.insert(overrides, row | {"student": each})


def extend(
    connection: sa.Connection, student: str, lab: Lab, until: datetime, by: Signature, zone: tzinfo
) -> None:
    """Makes the lab due at that time for the student; the log tells it in the zone."""
    whose = people.require(connection, student)
    _with_lab(connection, lab.slug)
    row = {"due": until} | _row(whose.key, lab, by)
    told = f"until {exact(until, zone)}: {by.reason}"
    subject = f"{whose.id} {lab.slug}"
    journal = Journal.begin(connection, by.at, by.author, "extend", subject, told)
    journal.insert(extensions, row)


def withdraw_extension(
    connection: sa.Connection, student: str, lab: Lab, by: Signature, zone: tzinfo
) -> None:
    """Takes back the student's extension in force: the one before it counts again, if any."""
    everyone = people.load(connection)
    whose = people.require(connection, student)
    lock(connection, f"extensions of {lab.slug}")
    in_force = extension_rows_in_force(connection, lab.slug, everyone).get(whose.key)
    if in_force is None:
        raise UsageError(f"no extension of {lab.slug} is in force for {student}")
    row = {"due": in_force.due, "withdrawn": 1} | _row(in_force.student, lab, by)
    told = f"until {exact(in_force.due, zone)}: {by.reason}"
    subject = f"{whose.id} {lab.slug}"
    journal = Journal.begin(connection, by.at, by.author, "withdraw extension", subject, told)
    journal.insert(extensions, row)


def _row(student: str, lab: Lab, by: Signature) -> dict[str, str | datetime]:
    if not by.reason.strip():
        raise UsageError("a reason is needed: the student will read it")
    return {"lab": lab.slug, "student": student} | msgspec.structs.asdict(by)


def _with_lab(connection: sa.Connection, slug: str) -> None:
    connection.execute(insert(connection, labs).values(slug=slug).on_conflict_do_nothing())
