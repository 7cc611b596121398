"""Every student's grade in a lab: results, overrides, lateness and what was published.

A handful of queries for the whole lab, whatever the size of the class; the rest is done here.
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
from grader.gradebook.people import all_students, require
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
)
from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict

_Row = sa.RowMapping
_VERDICT_COLUMNS = ("result", "item", "points", "max_points", "verdict", "finding")


def grades(connection: sa.Connection, lab: Lab, deadline: Deadline | None) -> list[Grade]:
    """A grade for everyone of the roster or with an attempt, by student."""
    by_student = defaultdict[str, list[Attempt]](list)
    for attempt in attempts(connection, lab.slug):
        by_student[attempt.student].append(attempt)
    facts = _Facts(
        lab,
        deadline,
        results_of(connection, lab.slug, by_student.values()),
        overrides_in_force(connection, lab),
        _extensions(connection, lab.slug),
        _published(connection, lab.slug),
    )
    return [facts.grade(each, by_student[each.id]) for each in all_students(connection)]


def grade(connection: sa.Connection, student: str, lab: Lab, deadline: Deadline | None) -> Grade:
    """One student's; an unknown student is refused."""
    require(connection, student)
    return next(each for each in grades(connection, lab, deadline) if each.student.id == student)


@dataclass(frozen=True)
class _Facts:
    """What is known of a lab, by student or attempt."""

    lab: Lab
    deadline: Deadline | None
    results: Mapping[int, Result]
    overrides: Mapping[str, tuple[Override, ...]]
    extensions: Mapping[str, Extension]
    published: Mapping[str, int]

    def grade(self, student: Student, handed_in: Iterable[Attempt]) -> Grade:
        extension = self.extensions.get(student.id)
        due = late.due_of(self.deadline, extension.due if extension else None)
        items = {each.item for each in self.lab.rubric}
        every = self.overrides.get(student.id, ())
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
            self.published.get(student.id),
            tuple(each for each in every if each.item not in items),
        )

    def _settled(
        self, attempt: Attempt, decided: tuple[Override, ...], due: datetime | None
    ) -> GradedAttempt:
        result = self.results.get(attempt.id)
        raw = score_with(result, decided, self.lab) if result else None
        return late.settled(attempt, result, raw, self.deadline, due)


def score_with(result: Result, decided: Iterable[Override], lab: Lab) -> int | None:
    """The score with people's points in place of grading's, item by item.

    A withheld one stays so unless people have decided on every item.
    """
    points = {each.item: each.points for each in decided}
    if result.score is None:
        items = [each.item for each in lab.rubric]
        return sum(points[each] for each in items) if points.keys() >= set(items) else None
    changes = (
        min(points[each.item], each.max_points) - each.points
        for each in result.rubric
        if each.item in points
    )
    return min(result.max_score, max(0, result.score + sum(changes)))


# -- results -------------------------------------------------------------------------------


def results_of(
    connection: sa.Connection, lab: str, handed_in: Iterable[Iterable[Attempt]]
) -> dict[int, Result]:
    """What each attempt comes to now, where anything is known.

    That is the result of its current key; or a fault, of that key; or else the newest result
    of the same content, which may be of an older suite.
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
    return Result(
        name,
        GRADED,
        row["score"],
        row["max_score"],
        row["seconds"],
        rubric,
        row["note"],
        row["trace"],
    )


def _withheld(name: str, row: _Row) -> Result:
    return Result(name, WITHHELD, None, row["max_score"], row["seconds"], (), row["reason"])


# -- decisions -----------------------------------------------------------------------------


def overrides_in_force(connection: sa.Connection, lab: Lab) -> dict[str, tuple[Override, ...]]:
    """Each student's newest decision on an item, unless that was to withdraw; in rubric order.

    Those on items that the lab has no longer come last.
    """
    newest = defaultdict[str, dict[str, Override]](dict)
    query = sa.select(overrides).where(overrides.c.lab == lab.slug).order_by(overrides.c.id)
    for row in connection.execute(query):
        newest[row.student].pop(row.item, None)
        if row.points is not None:
            decided = Override(row.item, row.points, row.reason, row.author, row.at)
            newest[row.student][row.item] = decided
    items = [each.item for each in lab.rubric]
    return {
        student: tuple(
            [decided[item] for item in items if item in decided]
            + [each for item, each in decided.items() if item not in items]
        )
        for student, decided in newest.items()
    }


def _extensions(connection: sa.Connection, lab: str) -> dict[str, Extension]:
    query = sa.select(extensions).where(extensions.c.lab == lab).order_by(extensions.c.id)
    return {
        row.student: Extension(row.due, row.reason, row.author, row.at)
        for row in connection.execute(query)
    }


def _published(connection: sa.Connection, lab: str) -> dict[str, int]:
    """The score that each student was last told."""
    last = (
        sa.select(
            published_grades.c.student, sa.func.max(published_grades.c.publication).label("number")
        )
        .join(publications, publications.c.id == published_grades.c.publication)
        .where(publications.c.lab == lab)
        .group_by(published_grades.c.student)
        .subquery()
    )
    same = sa.and_(
        published_grades.c.student == last.c.student,
        published_grades.c.publication == last.c.number,
    )
    query = sa.select(published_grades.c.student, published_grades.c.score).join(last, same)
    return {row.student: row.score for row in connection.execute(query)}
