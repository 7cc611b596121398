"""Our own table: everything about each grade, one line for each student and lab.

A missing score leaves its cell empty, and `status` says why: `missing`, `ungraded`, `withheld`.
`stale` says why a result may change once it is graded again: "of an older suite".
Times are UTC. Each rubric item has a column, `<lab>/<item>`, with its points.
"""

from collections.abc import Iterable, Sequence

from grader.exports.cells import Cell, csv_text
from grader.exports.exported import ExportedGrade, ExportedLab
from grader.exports.formats import Format, document
from grader.gradebook.rows import GradedAttempt

COLUMNS = (
    "student", "name", "group", "lab", "attempt", "submitted_at", "status", "raw", "penalty",
    "late_days", "overrides", "score", "max_score", "published", "stale",
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
        counts.raw if counts else None,
        counts.penalty if counts else None,
        counts.late_days if counts else None,
        "; ".join(f"{each.item}={each.points} ({each.reason})" for each in grade.overrides),
        row.score,
        grade.max_score,
        grade.published,
        counts.stale if counts else "",
        *(points.get(key) for key in items),
    ]


def _time(counts: GradedAttempt | None) -> str | None:
    at = counts.attempt.submitted_at if counts else None
    return at.isoformat(timespec="seconds") if at else None


FORMAT = Format(lambda order: document(grades_csv(order.labs, order.rows), order))
