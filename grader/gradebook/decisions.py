"""Decisions of people: overrides, extensions, publications.

Nothing is changed in place. A decision is a new row with its reason and author, and the newest
counts, so earlier decisions stay on record.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa

from grader.course import Lab
from grader.errors import UsageError
from grader.gradebook import people
from grader.gradebook.database import insert
from grader.gradebook.grades import overrides_in_force
from grader.gradebook.journal import Journal
from grader.gradebook.points import Points, checked, in_two
from grader.gradebook.rows import Grade
from grader.gradebook.tables import (
    extensions,
    labs,
    overrides,
    publications,
    published_grades,
)
from grader.text.shown import plural


class Signature(msgspec.Struct, frozen=True):
    """Why something was decided, by whom, and when."""

    reason: str
    author: str
    at: datetime


class Publication(msgspec.Struct, frozen=True):
    """How many students a publication told a score.

    `changed` counts those who were told another score before, or none. `withheld`, `ungraded`
    and `missing` count those who have no score yet and were left out.
    """

    id: int
    lab: str
    author: str
    at: datetime
    published: int
    changed: int
    withheld: int
    ungraded: int
    missing: int


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
    whose = people.require(connection, student)
    rubric: dict[str, Points] = {each.item: each.points for each in lab.rubric}
    in_force = {
        each.item: each
        for each in overrides_in_force(connection, lab, people.load(connection)).get(whose.key, ())
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
    journal.insert(overrides, row)


def extend(
    connection: sa.Connection, student: str, lab: Lab, until: datetime, by: Signature
) -> None:
    """Makes the lab due at that time for the student."""
    whose = people.require(connection, student)
    _with_lab(connection, lab.slug)
    row = {"due": until} | _row(whose.key, lab, by)
    told = f"until {until:%Y-%m-%d %H:%M %Z}: {by.reason}"
    subject = f"{whose.id} {lab.slug}"
    journal = Journal.begin(connection, by.at, by.author, "extend", subject, told)
    journal.insert(extensions, row)


def publish(
    connection: sa.Connection, lab: str, grades: Iterable[Grade], author: str, now: datetime
) -> Publication:
    """Records the scores that students are told now; grades without a score are only counted."""
    grades = list(grades)
    _with_lab(connection, lab)
    with_score = sum(each.score is not None for each in grades)
    changed = sum(each.score is not None and each.score != each.published for each in grades)
    detail = f"{plural(with_score, 'grade')}, {changed} new or changed"
    journal = Journal.begin(connection, now, author, "publish", lab, detail)
    number = journal.insert(publications, {"lab": lab, "author": author, "at": now})["id"]
    told = [
        {
            "publication": number,
            "student": grade.student.key,
            "submission": grade.counts.attempt.id,
            **dict(zip(("score", "hundredths"), in_two(grade.score), strict=True)),
            "max_score": grade.max_score,
        }
        for grade in grades
        if grade.counts is not None and grade.score is not None
    ]
    if told:
        connection.execute(published_grades.insert(), told)
    left_out = Counter(grade.status for grade in grades if grade.score is None)
    counts = (left_out["withheld"], left_out["ungraded"], left_out["missing"])
    return Publication(number, lab, author, now, len(told), changed, *counts)


def _row(student: str, lab: Lab, by: Signature) -> dict[str, str | datetime]:
    if not by.reason.strip():
        raise UsageError("a reason is needed: the student will read it")
    return {"lab": lab.slug, "student": student} | msgspec.structs.asdict(by)


def _with_lab(connection: sa.Connection, slug: str) -> None:
    connection.execute(insert(connection, labs).values(slug=slug).on_conflict_do_nothing())
