"""Gradescope's `results.json`, one for each student, for its autograder harness.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format

A withheld score has neither `score` nor `tests`, only `output`: Gradescope then shows that the
autograder failed, which is true, and no number.
"""

import json
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from grader.errors import UsageError
from grader.exports.cells import number
from grader.exports.exported import ExportedGrade, ExportedLab, Item, without_score
from grader.exports.formats import Export, ExportOrder, Format, document
from grader.gradebook.late import time_words
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


def results_files(
    rows: Iterable[ExportedGrade], lab: ExportedLab
) -> tuple[dict[str, str], dict[str, str]]:
    """A file, by name, for each student with something to tell, and who can't have one, and why."""
    files, problems = dict[str, str](), dict[str, str]()
    there = [row for row in rows if _told(row)]
    count = Counter(_name(row.student).casefold() for row in there)
    for row in there:
        try:
            name = file_name(row.student)
        except UsageError as error:
            problems[row.student] = str(error)
            continue
        if count[name.casefold()] > 1:
            problems[row.student] = f"the file {name} would be another student's, too"
        else:
            files[name] = results(row, lab)
    return files, problems


def _told(row: ExportedGrade) -> bool:
    """Whether there is a score, or work of which Gradescope should show that it has none."""
    return row.score is not None or not (row.status == "missing" or row.reason == "not published")


def file_name(student: str) -> str:
    """A name for the student's file that stays in its folder, whatever the id is."""
    name = _name(student)
    if not student or len(name) > _MAX_NAME:
        raise UsageError(f"the id {student[:40]!r} gives no file name; change it in the roster")
    return name


def _name(student: str) -> str:
    name = quote(student, safe="@+ ", errors="replace")
    return f"{f'%2E{name[1:]}' if name.startswith('.') else name}.json"


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
    decided = f"{number(item.points)} of {item.max_points} points by hand: {item.override.reason}"
    return decided if item.full or not item.message else f"{decided}\n{item.message}"


def _words(row: ExportedGrade, lab: ExportedLab) -> Iterable[str]:
    """Yields lines about the submission as a whole."""
    counts = row.attempt
    yield lab.title + (f", attempt {counts.attempt.number}" if counts else "")
    if row.score is None:
        yield f"No score: {row.reason}."
        return
    if row.filled:
        yield f"Nothing was handed in: {number(row.score)} points."
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
        raw = number(counts.raw or 0)
        yield f"{raw} points, less {counts.penalty}: {plural(counts.late_days, 'day')} late."
    if row.grade.due and (words := time_words(counts)):
        yield words


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
    if order.single:
        return document(results(order.rows[0], lab), order)
    files, problems = results_files(order.rows, lab)
    placed = [each for each in order.rows if each.student not in problems]
    made = document(files, msgspec.structs.replace(order, rows=tuple(placed)))
    lost = [each for each in order.rows if each.student in problems]
    scored = [
        f"{each.student}, {lab.slug}: {number(each.score)} points, {problems[each.student]}"
        for each in lost
        if each.score is not None
    ]
    notes = (*made.notes, *without_score(lost))
    return msgspec.structs.replace(made, unplaced=tuple(scored), notes=notes)


FORMAT = Format(_export, one_lab=True)
