"""Writes work that was handed in on the command line where nbgrader looks for notebooks."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Lab
from grader.errors import UsageError
from grader.files import sources
from grader.files.writing import write_with_folders
from grader.gradebook.rows import Attempt, Grade
from grader.notebooks.pieces import TOP, Piece, split
from grader.notebooks.source import serialised, student_notebook
from grader.submissions import Submission
from grader.text.shown import one_line

MARK = ".shardlab"  # a file beside the notebooks that we wrote
# A folder's name, and nothing that nbgrader takes for a pattern when it looks for folders.
_STUDENT = re.compile(r"(?!\.)[\w.@+-]{1,120}")


def write_counting(
    course_dir: Path,
    lab: Lab,
    grades: Iterable[Grade],
    submission_of: Callable[[Attempt], Submission],
) -> list[str]:
    """Writes everyone's attempt that counts; returns what could not be written, a line each."""
    refused = []
    for grade in grades:
        if grade.counts is None:
            continue
        attempt = grade.counts.attempt
        submission, at = submission_of(attempt), attempt.submitted_at
        try:
            write_submitted(course_dir, lab, grade.student.id, submission, submitted_at=at)
        except UsageError as error:
            refused.append(str(error))
    return refused


def write_submitted(
    course_dir: Path,
    lab: Lab,
    student: str,
    submission: Submission,
    *,
    submitted_at: datetime | None = None,
) -> Path:
    """Writes `submitted/<student>/<lab>/`, and returns the path of its notebook.

    nbgrader then autogrades the submission's own file, to the last byte, from the cells of its
    functions. If a submission could not be read, its first cell says why. A notebook that a
    student handed in through nbgrader itself is not overwritten.
    """
    if not _STUDENT.fullmatch(student):
        raise UsageError(
            f"{student!a} can't be the name of a student's folder: letters, digits, '.-_@+'"
        )
    folder = course_dir / "submitted" / student / lab.slug
    path = folder / f"{lab.slug}.ipynb"
    if path.exists() and not (folder / MARK).exists():
        raise UsageError(f"{student} handed in a notebook of {lab.slug} by nbgrader; it stays")
    write_with_folders(folder / MARK, b"written by shardlab\n")
    write_with_folders(path, serialised(student_notebook(lab, _pieces(lab, submission))))
    if submission.trace is not None:
        write_with_folders(folder / f"{lab.entry}.trace", submission.trace)
    if submitted_at is not None:
        stamp = submitted_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        write_with_folders(folder / "timestamp.txt", stamp.encode())
    return path


def _pieces(lab: Lab, submission: Submission) -> list[Piece]:
    if submission.problem:
        return [Piece(TOP, f"# Could not be read: {one_line(submission.problem)}")]
    return split(sources.as_utf8(submission.files[lab.assignment.file]), lab.functions)
