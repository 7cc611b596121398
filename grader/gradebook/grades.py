"""Every student's grade in a lab, from results, overrides, lateness and publications.

A few queries fetch the whole lab, whatever the size of the class; the rest is done in Python.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from grader.course import Deadline, Lab
from grader.gradebook import late
from grader.gradebook.attempts import attempts, name_of
from grader.gradebook.database import in_chunks
from grader.gradebook.people import People, load, require
from grader.gradebook.points import Points, exact, of_two, total
from grader.gradebook.rows import Attempt, Extension, Grade, GradedAttempt, Override, Student
from grader.gradebook.tables import (
    case_verdicts,
    current_keys,
    extensions,
    faults,
    overrides,
    publications,
    published_grades,
    results,
    submissions,
    withdrawals,
)
from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict

_Row = sa.RowMapping
_VERDICT_COLUMNS = ("result", "item", "points", "max_points", "verdict", "finding")


def grades(connection: sa.Connection, lab: Lab, deadline: Deadline | None) -> list[Grade]:
    """A grade for everyone of the roster or with an attempt, by student."""
    people = load(connection)
    by_student = defaultdict[str, list[Attempt]](list)
    for attempt in attempts(connection, lab.slug):
        by_student[people.owner(attempt.student).key].append(attempt)
    facts = _Facts(
        lab,
        deadline,
        results_of(connection, lab.slug, by_student.values()),
        overrides_in_force(connection, lab, people),
        _extensions(connection, lab.slug, people),
        _published(connection, lab.slug, people),
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
    results: Mapping[int, Result]
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
        result = self.results.get(attempt.id)
        raw = score_with(result, decided, self.lab) if result else None
        return late.settled(attempt, result, raw, self.deadline, due)


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


# -- results -------------------------------------------------------------------------------


def results_of(
    connection: sa.Connection, lab: str, handed_in: Iterable[Iterable[Attempt]]
) -> dict[int, Result]:
    """The present result of each attempt that has one, by the attempt's id.

    It is the result of the attempt's current key, or a fault under that key, or else the newest
    result of the same content, perhaps of an older suite.
    """
    every = {each.id: each for some in handed_in for each in some}
    of_lab = sa.select(submissions.c.id).where(submissions.c.lab == lab)
    query = sa.select(current_keys).where(current_keys.c.submission.in_(of_lab))
    keys = {row.submission: row.key for row in connection.execute(query)}
    by_key = _rows(connection, results, of_lab)
    by_content = {_content(every[row["submission"]]): row for row in by_key.values()}
    broken = _rows(connection, faults, of_lab)
    chosen, found = dict[int, _Row](), dict[int, Result]()
    for number, attempt in every.items():
        key = keys.get(number, "")
        if key not in by_key and key in broken:
            found[number] = _withheld(name_of(attempt), broken[key])
        elif row := by_key.get(key) or by_content.get(_content(attempt)):
            chosen[number] = row
    rubrics = _rubrics(connection, {row["id"] for row in chosen.values()})
    for number, row in chosen.items():
        found[number] = _result(name_of(every[number]), row, rubrics.get(row["id"], ()))
    return found


def _content(attempt: Attempt) -> tuple[str, str]:
    return attempt.student, attempt.digest


def _rows(connection: sa.Connection, table: sa.Table, of_lab: sa.Select[int]) -> dict[str, _Row]:
    """The lab's results or faults by key, the newest of each, in the order they were made in."""
    query = sa.select(table).where(table.c.submission.in_(of_lab)).order_by(table.c.id)
    return {row["key"]: row for row in connection.execute(query).mappings()}


def _rubrics(connection: sa.Connection, ids: Iterable[int]) -> dict[int, tuple[RubricResult, ...]]:
    """The verdicts of each result, in the rubric's order."""
    found = defaultdict[int, list[RubricResult]](list)
    verdicts = {each.value: each for each in Verdict}
    columns = [case_verdicts.c[name] for name in _VERDICT_COLUMNS]
    for some in in_chunks(sorted(ids)):
        query = sa.select(*columns).where(case_verdicts.c.result.in_(some))
        ordered = query.order_by(case_verdicts.c.result, case_verdicts.c.position)
        for result, item, points, most, verdict, finding in connection.execute(ordered):
            found[result].append(RubricResult(item, points, most, verdicts[verdict], finding))
    return {result: tuple(rubric) for result, rubric in found.items()}


def _result(name: str, row: _Row, rubric: tuple[RubricResult, ...]) -> Result:
    numbers = (row["score"], row["max_score"], row["seconds"])
    return Result(name, GRADED, *numbers, rubric, row["note"], row["trace"])


def _withheld(name: str, row: _Row) -> Result:
    return Result(name, WITHHELD, None, row["max_score"], row["seconds"], (), row["reason"])


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


def _extensions(connection: sa.Connection, lab: str, people: People) -> dict[str, Extension]:
    query = sa.select(extensions).where(extensions.c.lab == lab).order_by(extensions.c.id)
    found = dict[str, Extension]()
    for row in connection.execute(query):
        key = people.owner(row.student).key
        found.pop(key, None)
        if not row.withdrawn:
            found[key] = Extension(row.due, row.reason, row.author, row.at)
    return found


def _published(connection: sa.Connection, lab: str, people: People) -> dict[str, Points]:
    """The score that each student was last told."""
    taken_back = sa.select(withdrawals.c.publication)
    query = (
        sa.select(published_grades)
        .join(publications, publications.c.id == published_grades.c.publication)
        .where(publications.c.lab == lab, publications.c.id.not_in(taken_back))
        .order_by(publications.c.id)
    )
    return {
        people.owner(row.student).key: of_two(row.score, row.hundredths)
        for row in connection.execute(query)
    }
