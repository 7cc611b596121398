"""Our own table: everything about each grade, one line for each student and lab.

A missing score leaves its cell empty, and `status` says why: `missing`, `ungraded`, `withheld`.
Times are UTC; `time_from` has whose word it is, and `remark` what lateness cost where there is
none; `stale` why a result may change once it is graded again. Each rubric item has a column,
`<lab>/<item>`, with its points.
"""

from collections.abc import Iterable, Sequence

import msgspec

from grader.exports.cells import Cell, csv_text, number
from grader.exports.exported import ExportedGrade, ExportedLab, changed_ids
from grader.exports.formats import Export, ExportOrder, Format, document
from grader.gradebook.points import Points
from grader.gradebook.rows import GradedAttempt

COLUMNS = (
    "student", "name", "group", "lab", "attempt", "submitted_at", "status", "raw", "penalty",
    "late_days", "overrides", "score", "max_score", "published", "time_from", "remark", "stale",
)  # fmt: skip


def grades_csv(labs: Sequence[ExportedLab], rows: Iterable[ExportedGrade]) -> str:
    """The table with its heading, in the order of the rows."""
    items = [(lab.slug, item) for lab in labs for item in lab.items]
    heading = [*COLUMNS, *(f"{lab}/{item}" for lab, item in items)]
    return csv_text([heading, *(_line(row, items) for row in rows)])


def _line(row: ExportedGrade, items: Sequence[tuple[str, str]]) -> list[Cell]:
    grade, counts = row.grade, row.attempt
    points = {(row.lab, each.item): each.points for each in row.items if row.score is not None}
    return [
        row.student,
        grade.student.name,
        grade.student.group,
        row.lab,
        counts.attempt.number if counts else None,
        _time(counts),
        row.status,
        _number(counts.raw if counts else None),
        counts.penalty if counts else None,
        counts.late_days if counts else None,
        "; ".join(f"{each.item}={number(each.points)} ({each.reason})" for each in grade.overrides),
        _number(row.score),
        grade.max_score,
        _number(grade.published),
        counts.attempt.time_from if counts else None,
        row.remark,
        counts.stale if counts else "",
        *(_number(points.get(key)) for key in items),
    ]


def _number(value: Points | None) -> int | float | None:
    return None if value is None else number(value)


def _time(counts: GradedAttempt | None) -> str | None:
    """When the attempt was handed in; None where nobody knows."""
    at = counts.attempt.submitted_at if counts else None
    return at.isoformat(timespec="seconds") if at else None


def _export(order: ExportOrder) -> Export:
    made = document(grades_csv(order.labs, order.rows), order)
    return msgspec.structs.replace(made, notes=(*made.notes, *changed_ids(order.rows)))


FORMAT = Format(_export)
