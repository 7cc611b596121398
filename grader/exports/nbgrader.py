"""CSV with the columns of nbgrader's own export, for programs that read that.

A missing score stays empty; nbgrader would write 0.0 if nothing was handed in. Times are UTC
without an offset, as nbgrader keeps them. A name is split at a comma, as in "Lovelace, Ada";
without one, all of it is the last name.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from grader.exports.cells import Cell, csv_text
from grader.exports.exported import ExportedGrade, changed_ids
from grader.exports.formats import Export, ExportOrder, Format, document

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def grades_csv(rows: Iterable[ExportedGrade]) -> str:
    """The table with its heading. Each score is raw score less penalty, and never below 0."""
    return csv_text([COLUMNS, *map(_line, rows)], newline="\n")


def _line(row: ExportedGrade) -> list[Cell]:
    raw, penalty = _parts(row)
    return [
        row.lab,
        _time(row.grade.due),
        _time(row.grade.counts.attempt.submitted_at if row.grade.counts else None),
        row.student,
        *row.names,
        row.grade.student.email,
        raw,
        penalty,
        None if row.score is None else float(row.score),
        float(row.grade.max_score),
    ]


def _parts(row: ExportedGrade) -> tuple[float | None, float | None]:
    """Raw score and penalty, from which nbgrader's rule gives the score that goes out."""
    if row.score is None:
        return None, None
    if row.attempt is None or row.attempt.raw is None:
        return float(row.score), 0.0
    lost = row.attempt.raw if row.attempt.refused else row.attempt.penalty
    return float(row.attempt.raw), float(lost)


def _time(value: datetime | None) -> str:
    """The time as nbgrader's columns have it."""
    return str(value.astimezone(UTC).replace(tzinfo=None)) if value else ""


def _export(order: ExportOrder) -> Export:
    made = document(grades_csv(order.rows), order)
    return msgspec.structs.replace(made, notes=(*made.notes, *changed_ids(order.rows)))


FORMAT = Format(_export)
