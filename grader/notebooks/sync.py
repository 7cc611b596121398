"""Exchanges scores with nbgrader's gradebook, by column and in bulk.

We write `auto_score`, `auto_comment` and, when our score changed, `needs_manual_grade`; we only
read nbgrader's own `manual_score`, `extra_credit` and `manual_comment`. Missing rows are made as
nbgrader makes them, so that its pages and exports can read them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from grader.course import Lab
from grader.gradebook.rows import Grade
from grader.notebooks.pieces import TOP, grade_id
from grader.notebooks.tables import (
    LabNotebook,
    Row,
    comment,
    find_notebook,
    grade,
    rows_of,
    student,
    submitted_assignment,
    submitted_notebook,
    transaction,
    upsert,
)
from grader.notebooks.words import comment_on

_OF_A_CELL = "cell_id notebook_id"  # what a grade or a comment is known by


@dataclass(frozen=True)
class ManualGrade:
    """A person's grade in nbgrader for one cell of one student; `item` is the cell's name."""

    student: str
    item: str
    points: float | None = None
    extra_credit: float | None = None
    comment: str = ""


@dataclass(frozen=True)
class Push:
    """The number of submissions written to nbgrader, and the students without a score, and why."""

    submissions: int
    without_score: tuple[tuple[str, str], ...]


def push(where: Path | str, lab: Lab, grades: Sequence[Grade]) -> Push:
    """Writes the results of the attempts that count: automatic scores, without overrides.

    `where` is nbgrader's course folder or its database's URL. It is one transaction, and pushing
    twice gives the same rows. A person must look at a missing or withheld score, and at a manual
    score whose automatic one has changed.
    """
    handed_in = {each.student.id: each for each in grades if each.counts is not None}

    def work(connection: sa.Connection) -> None:
        there = find_notebook(connection, lab.slug)
        there.check(lab)
        _insert_students(connection, handed_in.values())
        submitted = _submitted(connection, there, handed_in)
        _write_grades(connection, there, submitted, handed_in)
        _write_comments(connection, there, submitted, handed_in)

    transaction(where, work)
    missing = tuple((name, each.status) for name, each in handed_in.items() if _score(each) is None)
    return Push(len(handed_in), missing)


def pull(where: Path | str, lab: Lab) -> list[ManualGrade]:
    """Scores, extra credit and comments that people gave in nbgrader, by student and cell."""

    def work(connection: sa.Connection) -> list[ManualGrade]:
        there = find_notebook(connection, lab.slug)
        said = comment.c.manual_comment.is_not(None)
        rows = rows_of(connection, there, comment, [comment.c.manual_comment], said)
        texts = {(row[0], row[1]): row[2] for row in rows}
        given = sa.or_(grade.c.manual_score.is_not(None), grade.c.extra_credit.is_not(None))
        columns = [grade.c.manual_score, grade.c.extra_credit]
        found = []
        for row in rows_of(connection, there, grade, columns, given):
            key = (row.student_id, row.name)
            text = texts.pop(key, "")
            found.append(ManualGrade(*key, row.manual_score, row.extra_credit, text))
        alone = [ManualGrade(*key, comment=text) for key, text in texts.items()]
        return sorted([*found, *alone], key=lambda each: (each.student, each.item))

    return transaction(where, work)


def _insert_students(connection: sa.Connection, grades: Iterable[Grade]) -> None:
    """Adds students that nbgrader does not know yet; those it knows are left as they are."""
    rows: list[Row] = []
    for each in grades:
        last, _, first = each.student.name.partition(",")
        facts = {"first_name": first.strip(), "last_name": last, "email": each.student.email}
        facts["lms_user_id"] = each.student.lms_id
        rows.append({"id": each.student.id} | {key: fact or None for key, fact in facts.items()})
    upsert(connection, student, rows)


def _submitted(
    connection: sa.Connection, there: LabNotebook, grades: Mapping[str, Grade]
) -> dict[str, str]:
    """The id of each student's submitted notebook, which is made if there is none."""
    rows: list[Row] = [
        {"assignment_id": there.assignment_id, "student_id": name, "timestamp": _time(each)}
        for name, each in grades.items()
    ]
    key = "assignment_id student_id"
    upsert(connection, submitted_assignment, rows, key, lambda new: {"timestamp": new.timestamp})
    of_lab = submitted_assignment.c.assignment_id == there.assignment_id
    columns = submitted_assignment.c.student_id, submitted_assignment.c.id
    ids = {row.student_id: row.id for row in connection.execute(sa.select(*columns).where(of_lab))}
    rows = [
        {"assignment_id": ids[name], "notebook_id": there.id, "flagged": False} for name in grades
    ]
    upsert(connection, submitted_notebook, rows)
    at = submitted_notebook.c.notebook_id == there.id
    found = connection.execute(
        sa.select(submitted_notebook.c.assignment_id, submitted_notebook.c.id).where(at)
    )
    notebooks = {row.assignment_id: row.id for row in found}
    return {name: notebooks[ids[name]] for name in grades}


def _write_grades(
    connection: sa.Connection,
    there: LabNotebook,
    submitted: Mapping[str, str],
    grades: Mapping[str, Grade],
) -> None:
    """Writes the automatic scores; for cells that people grade, only makes missing rows."""
    scores: list[Row] = []
    others: list[Row] = []
    for name, each in grades.items():
        points = _score(each) or {}
        for cell, item in there.graded.items():
            row: Row = {"notebook_id": submitted[name], "cell_id": cell}
            row |= {"auto_score": points.get(item), "needs_manual_grade": item not in points}
            (scores if item in there.automatic else others).append(row)
    upsert(connection, grade, others)
    upsert(connection, grade, scores, _OF_A_CELL, _changed_score)


def _changed_score(new: Any) -> Row:
    """The new automatic score, and whether a person has to look at it."""
    to_look_at = sa.case(
        (grade.c.manual_score.is_(None), new.auto_score.is_(None)),
        (grade.c.auto_score.is_distinct_from(new.auto_score), sa.true()),
        else_=grade.c.needs_manual_grade,
    )
    return {"auto_score": new.auto_score, "needs_manual_grade": to_look_at}


def _write_comments(
    connection: sa.Connection,
    there: LabNotebook,
    submitted: Mapping[str, str],
    grades: Mapping[str, Grade],
) -> None:
    top = there.cells.get(("SolutionCell", grade_id(TOP)))
    ours: list[Row] = []
    others: list[Row] = []
    for name, each in grades.items():
        result = each.counts.result if each.counts else None
        text = comment_on(result) if result is not None and result.score is not None else None
        for cell in there.ids("SolutionCell", "TaskCell"):
            row: Row = {"notebook_id": submitted[name], "cell_id": cell}
            (ours if cell == top else others).append(row | {"auto_comment": text})
    upsert(connection, comment, [row | {"auto_comment": None} for row in others])
    upsert(connection, comment, ours, _OF_A_CELL, lambda new: {"auto_comment": new.auto_comment})


def _score(each: Grade) -> dict[str, float] | None:
    """Automatic points by item, of the attempt that counts; None where there is no score."""
    result = each.counts.result if each.counts else None
    if result is None or result.score is None:
        return None
    return {item.item: float(item.points) for item in result.rubric}


def _time(each: Grade) -> datetime | None:
    """When the attempt that counts was handed in, as nbgrader keeps times: UTC, and naive."""
    at = each.counts.attempt.submitted_at if each.counts else None
    return at.astimezone(UTC).replace(tzinfo=None) if at else None
