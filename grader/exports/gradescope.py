"""Gradescope's `results.json`, one for each student, for its autograder harness.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format

A withheld score has neither `score` nor `tests`, only `output`: Gradescope then shows that the
autograder failed, which is true, and no number.
"""

import json
from collections.abc import Iterable
from urllib.parse import quote

from grader.errors import UsageError
from grader.exports.exported import ExportedGrade, ExportedLab, Item
from grader.exports.formats import Export, ExportOrder, Format, document
from grader.gradebook.points import plain_number
from grader.text.shown import plural

_MAX_NAME = 200  # characters of a file's name, of 255 that file systems have


def results(row: ExportedGrade, lab: ExportedLab) -> str:
    """The JSON of one student, who sees it when the instructor publishes grades there."""
    counts = row.attempt
    document = {
        "execution_time": counts.result.seconds if counts and counts.result else 0.0,
        "output": "\n".join(_words(row, lab)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "after_published",
        "stdout_visibility": "hidden",
        "extra_data": _origin(row),
    }
    if row.score is not None:
        document["score"] = plain_number(row.score)
        document["tests"] = [_test(number, each) for number, each in enumerate(row.items, 1)]
    return json.dumps(document, indent=2, ensure_ascii=False).encode(errors="replace").decode()


def results_files(rows: Iterable[ExportedGrade], lab: ExportedLab) -> dict[str, str]:
    """A file, by name, for each student who handed something in."""
    files: dict[str, str] = {}
    taken: set[str] = set()
    for row in rows:
        if row.status == "missing" or (row.score is None and row.reason == "not published"):
            continue
        name = file_name(row.student)
        if name.casefold() in taken:
            raise UsageError(f"the students' ids give the file name {name} twice; change one")
        taken.add(name.casefold())
        files[name] = results(row, lab)
    return files


def file_name(student: str) -> str:
    """A name for the student's file that stays in its folder, whatever the id is."""
    name = quote(student, safe="@+ ", errors="replace")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if not name or len(name) > _MAX_NAME:
        raise UsageError(f"the id {student[:40]!r} gives no file name; change it in the roster")
    return f"{name}.json"


def _test(number: int, item: Item) -> dict[str, object]:
    return {
        "score": plain_number(item.points),
        "max_score": item.max_points,
        "status": "passed" if item.full else "failed",
        "name": item.item,
        "name_format": "text",
        "number": str(number),
        "output": _item_words(item),
        "output_format": "text",
        "tags": [item.verdict.value],
        "visibility": "visible",
        "extra_data": {},
    }


def _item_words(item: Item) -> str:
    if item.override is None:
        return "" if item.full else item.message
    decided = f"{item.points} of {item.max_points} points by hand: {item.override.reason}"
    return decided if item.full or not item.message else f"{decided}\n{item.message}"


def _words(row: ExportedGrade, lab: ExportedLab) -> Iterable[str]:
    """Yields lines about the submission as a whole."""
    counts = row.attempt
    yield lab.title + (f", attempt {counts.attempt.number}" if counts else "")
    if row.score is None:
        yield f"No score: {row.reason}."
        return
    if counts is None:
        yield "The score is the one that was published."
        return
    if counts.result is not None and counts.result.note:
        yield counts.result.note
    if counts.stale:
        yield f"The result is {counts.stale}; it may change once it is graded again."
    if counts.refused:
        yield "Handed in after the cut-off: 0 points."
    elif counts.penalty:
        yield f"{counts.raw} points, less {counts.penalty}: {plural(counts.late_days, 'day')} late."


def _origin(row: ExportedGrade) -> dict[str, object]:
    """The submission that the numbers come from."""
    found: dict[str, object] = {"student": row.student, "lab": row.lab, "status": row.status}
    if row.attempt is not None:
        attempt = row.attempt.attempt
        found |= {
            "attempt": attempt.number,
            "submitted_at": attempt.submitted_at and attempt.submitted_at.isoformat(),
            "sha256": attempt.digest,
        }
    return found


def _export(order: ExportOrder) -> Export:
    (lab,) = order.labs
    one = order.single
    return document(results(order.rows[0], lab) if one else results_files(order.rows, lab), order)


FORMAT = Format(_export, one_lab=True)
