"""Scores to and from nbgrader's gradebook, by column and in bulk.

Ours are `auto_score` and `auto_comment`, and whether a person must look (`needs_manual_grade`)
because of what we wrote; `manual_score`, `extra_credit` and `manual_comment` are nbgrader's and
only read. Rows that nbgrader would have made are made here as it makes them, so its own pages
and exports read them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from grader.course import Lab
from grader.gradebook.database import insert
from grader.gradebook.rows import Grade
from grader.notebooks.pieces import TOP, grade_id
from grader.notebooks.tables import (
    LabNotebook,
    Row,
    comment,
    find_notebook,
    grade,
    new_id,
    rows_of,
    student,
    submitted_assignment,
    submitted_notebook,
    transaction,
    upsert,
)
from grader.notebooks.words import comment_on


@dataclass(frozen=True)
class ManualGrade:
    """What a person gave in nbgrader to one cell of one student; `item` is the cell's name."""

    student: str
    item: str
    points: float | None = None
    extra_credit: float | None = None
    comment: str = ""


@dataclass(frozen=True)
class Pushed:
    """How many submissions nbgrader has been told of, and whose have no score, and why."""

    submissions: int
    without_score: tuple[tuple[str, str], ...]


def push(where: Path | str, lab: Lab, grades: Sequence[Grade]) -> Pushed:
    """Writes the results of the attempts that count: automatic scores, without overrides.

    `where` is nbgrader's course folder or its database's URL. All in one transaction, and the
    same rows however often. A score that is withheld or not there yet is none, and for a person
    to look at; a manual one beside which the automatic one has changed is to be looked at, too.
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
    return Pushed(len(handed_in), missing)


def pull(where: Path | str, lab: Lab) -> list[ManualGrade]:
    """What people gave in nbgrader: scores, extra credit and comments, by student and cell."""

    def work(connection: sa.Connection) -> list[ManualGrade]:
        there = find_notebook(connection, lab.slug)
        said = comment.c.manual_comment.is_not(None)
        texts = {
            (row.student_id, row.name): row.manual_comment
            for row in rows_of(connection, there, comment, [comment.c.manual_comment], said)
        }
        given = sa.or_(grade.c.manual_score.is_not(None), grade.c.extra_credit.is_not(None))
        columns = [grade.c.manual_score, grade.c.extra_credit]
        found = [
            ManualGrade(row.student_id, row.name, row.manual_score, row.extra_credit,
                        texts.pop((row.student_id, row.name), ""))
            for row in rows_of(connection, there, grade, columns, given)
        ]  # fmt: skip
        alone = [ManualGrade(*key, comment=text) for key, text in texts.items()]
        return sorted([*found, *alone], key=lambda each: (each.student, each.item))

    return transaction(where, work)


def _insert_students(connection: sa.Connection, grades: Iterable[Grade]) -> None:
    """Students that nbgrader does not know yet; of those it knows, the rest is its own."""
    rows = []
    for each in grades:
        last, _, first = each.student.name.partition(",")
        rows.append({
            "id": each.student.id, "first_name": first.strip() or None, "last_name": last or None,
            "email": each.student.email or None, "lms_user_id": each.student.lms_id or None,
        })  # fmt: skip
    if rows:
        connection.execute(insert(connection, student).on_conflict_do_nothing(), rows)


def _submitted(
    connection: sa.Connection, there: LabNotebook, grades: Mapping[str, Grade]
) -> dict[str, str]:
    """The id of each student's submitted notebook, made where there is none."""
    rows: list[Row] = [
        {"id": new_id(), "assignment_id": there.assignment_id,
         "student_id": name, "timestamp": _time(each)}
        for name, each in grades.items()
    ]  # fmt: skip
    upsert(connection, submitted_assignment, rows, ("assignment_id", "student_id"), ["timestamp"])
    of_lab = submitted_assignment.c.assignment_id == there.assignment_id
    columns = submitted_assignment.c.student_id, submitted_assignment.c.id
    ids = {row.student_id: row.id for row in connection.execute(sa.select(*columns).where(of_lab))}
    rows = [
        {"id": new_id(), "assignment_id": ids[name],
         "notebook_id": there.id, "flagged": False}
        for name in grades
    ]  # fmt: skip
    upsert(connection, submitted_notebook, rows, ("notebook_id", "assignment_id"), [])
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
    """The automatic scores; rows of what people grade are only made where there are none."""
    scores: list[Row] = []
    others: list[Row] = []
    for name, each in grades.items():
        points = _score(each) or {}
        for cell, item in there.graded.items():
            key = {"notebook_id": submitted[name], "cell_id": cell}
            rows = scores if item in there.automatic else others
            rows.append(_grade_row(key, points.get(item)))
    upsert(connection, grade, others, ("cell_id", "notebook_id"), [])
    if not scores:
        return
    statement = insert(connection, grade)
    new = statement.excluded.auto_score
    to_look_at = sa.case(
        (grade.c.manual_score.is_(None), new.is_(None)),
        (grade.c.auto_score.is_distinct_from(new), sa.true()),
        else_=grade.c.needs_manual_grade,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["cell_id", "notebook_id"],
            set_={"auto_score": new, "needs_manual_grade": to_look_at},
        ),
        scores,
    )


def _grade_row(key: Row, score: float | None) -> Row:
    return {
        "id": new_id(),
        **key,
        "auto_score": score,
        "needs_manual_grade": score is None,
    }


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
            row = {"id": new_id(), "notebook_id": submitted[name],
                   "cell_id": cell, "auto_comment": text if cell == top else None}  # fmt: skip
            (ours if cell == top else others).append(row)
    upsert(connection, comment, others, ("cell_id", "notebook_id"), [])
    upsert(connection, comment, ours, ("cell_id", "notebook_id"), ["auto_comment"])


def _score(each: Grade) -> dict[str, float] | None:
    """Automatic points by item, of the attempt that counts; None where there is no score."""
    result = each.counts.result if each.counts else None
    if result is None or result.score is None:
        return None
    return {item.item: float(item.points) for item in result.rubric}


def _time(each: Grade) -> datetime | None:
    """When the attempt that counts was handed in, as nbgrader keeps times: UTC, and naive."""
    if each.counts is None:
        return None
    return each.counts.attempt.submitted_at.astimezone(UTC).replace(tzinfo=None)
