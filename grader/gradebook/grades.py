"""Every student's grade in a lab, from results, overrides, lateness and publications.

A few queries fetch the whole lab, whatever the size of the class; the rest is done in Python.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from grader.course import Deadline, Lab
from grader.gradebook import late
from grader.gradebook.attempts import attempts
from grader.gradebook.judged import Judged, judged
from grader.gradebook.known import shares_of
from grader.gradebook.people import People, load, require
from grader.gradebook.points import Points, exact, of_two, total
from grader.gradebook.rows import Attempt, Extension, Grade, GradedAttempt, Override, Student
from grader.gradebook.tables import (
    extensions,
    overrides,
    publications,
    published_grades,
    withdrawals,
)
from grader.results import Result


def grades(
    connection: sa.Connection, lab: Lab, deadline: Deadline | None, *, before: bool = False
) -> list[Grade]:
    """A grade for everyone of the roster or with an attempt, by student.

    With `before`, as it was by the results that stood before the present ones.
    """
    people = load(connection)
    by_student, shared = defaultdict[str, list[Attempt]](list), shares_of(connection, lab.slug)
    every = attempts(connection, lab.slug, people=people)
    for attempt in every:
        whose = (attempt.student, *shared.get(attempt.id, ()))
        for student in sorted({people.owner(each).key for each in whose}):
            by_student[student].append(attempt)
    facts = _Facts(
        lab,
        deadline,
        judged(connection, lab, every, before=before),
        overrides_in_force(connection, lab, people),
        extensions_in_force(connection, lab.slug, people),
        told_scores(connection, lab.slug, people),
    )
    return [facts.grade(each, by_student[each.key]) for each in people.present()]


def grade(connection: sa.Connection, student: str, lab: Lab, deadline: Deadline | None) -> Grade:
    """One student's grade; UsageError if the student is unknown."""
    key = require(connection, student).key
    return next(each for each in grades(connection, lab, deadline) if each.student.key == key)


@dataclass(frozen=True)
class _Facts:
    """All that is known of a lab, by permanent id of the student or by attempt."""

    lab: Lab
    deadline: Deadline | None
    judged: Mapping[int, Judged]
    overrides: Mapping[str, tuple[Override, ...]]
    extensions: Mapping[str, Extension]
    published: Mapping[str, Points]

    def grade(self, student: Student, handed_in: Iterable[Attempt]) -> Grade:
        extension = self.extensions.get(student.key)
        due = late.due_of(self.deadline, extension.due if extension else None)
        items = {each.item for each in self.lab.rubric}
        every = self.overrides.get(student.key, ())
        decided = tuple(each for each in every if each.item in items)
        settled = tuple(self._settled(each, decided, due) for each in handed_in)
        return Grade(
            student,
            self.lab.slug,
            sum(item.points for item in self.lab.rubric),
            settled,
            late.counting(settled, self.deadline),
            decided,
            extension,
            due,
            self.published.get(student.key),
            tuple(each for each in every if each.item not in items),
        )

    def _settled(
        self, attempt: Attempt, decided: tuple[Override, ...], due: datetime | None
    ) -> GradedAttempt:
        found = self.judged.get(attempt.id)
        if found is None:
            return late.settled(attempt, None, None, self.deadline, due)
        raw = score_with(found.result, decided, self.lab)
        return replace(
            late.settled(attempt, found.result, raw, self.deadline, due), stale=found.stale
        )


def score_with(result: Result, decided: Iterable[Override], lab: Lab) -> Points | None:
    """The score with people's points in place of grading's, item by item.

    A withheld score stays withheld unless people have decided on every item.
    """
    points = {each.item: each.points for each in decided}
    if result.score is None:
        items = [each.item for each in lab.rubric]
        return total(points[each] for each in items) if points.keys() >= set(items) else None
    changes = (
        min(points[each.item], each.max_points) - each.points
        for each in result.rubric
        if each.item in points
    )
    return exact(min(result.max_score, max(0, result.score + total(changes))))


# -- decisions -----------------------------------------------------------------------------


def overrides_in_force(
    connection: sa.Connection, lab: Lab, people: People
) -> dict[str, tuple[Override, ...]]:
    """Each student's newest override of each item, unless withdrawn, in rubric order.

    By the students' permanent ids. Overrides of items that the lab no longer has come last.
    """
    newest = defaultdict[str, dict[str, Override]](dict)
    query = sa.select(overrides).where(overrides.c.lab == lab.slug).order_by(overrides.c.id)
    for row in connection.execute(query):
        own = newest[people.owner(row.student).key]
        own.pop(row.item, None)
        if row.points is not None:
            points = of_two(row.points, row.hundredths)
            own[row.item] = Override(row.item, points, row.reason, row.author, row.at)
    items = [each.item for each in lab.rubric]
    return {
        student: tuple(
            [decided[item] for item in items if item in decided]
            + [each for item, each in decided.items() if item not in items]
        )
        for student, decided in newest.items()
    }


def records_with_override(
    connection: sa.Connection, lab: Lab, item: str, people: People, owner: str
) -> list[str]:
    """Those of a student's records, merged into one, that have points of their own for an item."""
    same = (overrides.c.lab == lab.slug, overrides.c.item == item)
    query = sa.select(overrides.c.student, overrides.c.points).where(*same)
    newest = {row.student: row.points for row in connection.execute(query.order_by(overrides.c.id))}
    own = {each for each, points in newest.items() if points is not None}
    return sorted(each for each in own if people.owner(each).key == owner)


def extensions_in_force(
    connection: sa.Connection, lab: str, people: People
) -> dict[str, Extension]:
    """The newest of each student's extensions that are not withdrawn."""
    found = extension_rows_in_force(connection, lab, people)
    return {key: Extension(row.due, row.reason, row.author, row.at) for key, row in found.items()}


def extension_rows_in_force(
    connection: sa.Connection, lab: str, people: People
) -> dict[str, sa.Row[Any]]:
    """The same as rows, which say for which of a student's records each was given."""
    query = sa.select(extensions).where(extensions.c.lab == lab).order_by(extensions.c.id)
    given = defaultdict[str, list[sa.Row[Any]]](list)
    for row in connection.execute(query):
        own = given[people.owner(row.student).key]
        if not row.withdrawn:
            own.append(row)
        elif own:
            own.pop(taken_back_at([each.student for each in own], row.student))
    return {key: own[-1] for key, own in given.items() if own}


def taken_back_at(given: Sequence[str], student: str) -> int:
    """Which extension a withdrawal for a record takes back, of those given for these records.

    The newest of the same record: a withdrawal from before a merge is none of the other's.
    """
    own = [place for place, each in enumerate(given) if each == student]
    return own[-1] if own else -1


def told_scores(
    connection: sa.Connection, lab: str, people: People, *, without: int = 0
) -> dict[str, Points]:
    """The score that each student was last told, as if one publication were withdrawn, too."""
    taken_back = sa.select(withdrawals.c.publication)
    query = (
        sa.select(publications.c.id, published_grades)
        .join(publications, publications.c.id == published_grades.c.publication)
        .where(publications.c.lab == lab, publications.c.id.not_in(taken_back))
        .where(publications.c.id != without)
        .order_by(publications.c.id)
    )
    # of two records of one person that were told at once, the one that the other went into counts
    rows = sorted(
        connection.execute(query), key=lambda row: (row.id, row.student not in people.merged)
    )
    return {people.owner(row.student).key: of_two(row.score, row.hundredths) for row in rows}
