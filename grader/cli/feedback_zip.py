"""Writes the zip in which feedback goes back to Canvas or Moodle, and names whoever lacks there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from grader.cli import shell
from grader.course import Lab
from grader.errors import UsageError
from grader.exports.exported import entries
from grader.exports.returns import Letter, Returned, for_canvas, for_moodle, zip_of
from grader.files.writing import write_whole
from grader.gradebook.rows import Grade, Student
from grader.gradebook.store import Gradebook
from grader.intake.archive import BundleError
from grader.intake.members import names_in
from grader.report.feedback import Feedback
from grader.report.pages import feedback_page
from grader.report.text import feedback_lines
from grader.text.shown import escaped, plural

_MEND = {
    "canvas": "With --download FILE.zip, the zip that was downloaded there, they can be told.",
    "moodle": "With --worksheet FILE.csv, the assignment's grading worksheet, they can be told.",
}


_NEXT = {
    "canvas": "Next: in Canvas, the assignment, Re-Upload Submissions.",
    "moodle": "Next: in Moodle, the assignment, View all submissions, Upload multiple feedback "
    "files in a zip; the assignment's feedback types must have 'Feedback files'.",
}


class ZipOrder(NamedTuple):
    """The zip to write, the system that it is for, and files of that system that have its names."""

    target: Path
    system: str
    worksheet: Path | None = None
    download: Path | None = None


def zip_order(
    system: str | None,
    target: Path | None,
    worksheet: Path | None,
    download: Path | None,
    slug: str | None,
) -> ZipOrder | None:
    """What the options ask for; None for plain pages. Refuses options that don't go together."""
    if system is None:
        if worksheet or download:
            raise click.UsageError("--worksheet and --download need --for moodle or --for canvas")
        if target is not None and (target.is_file() or target.suffix.lower() == ".zip"):
            raise click.UsageError(f"--to {target} is a file: name a folder, or a system by --for")
        return None
    if slug is None or target is None:
        raise click.UsageError(f"--for {system} needs a LAB, and --to FILE.zip")
    if worksheet and system != "moodle":
        raise click.UsageError("--worksheet is for moodle; Canvas's names are in its download")
    return ZipOrder(target, system, worksheet, download)


def write_zip(
    order: ZipOrder,
    lab: Lab,
    book: Gradebook,
    pages: Sequence[tuple[Grade, Feedback]],
    everyone: Sequence[Grade],
) -> bool:
    """Writes the zip and says who is not in it; True if somebody with a published score is not."""
    remarks = [f"{grade.student.id}: {why}" for grade, _ in pages if (why := _not_told(grade))]
    due = [each for each in pages if not _not_told(each[0])]
    letters = list(_letters(lab, book, due, everyone, together=order.system == "canvas"))
    made = _made(order, letters, everyone)
    for line in (*remarks, *made.notes, *made.unplaced):
        for part in shell.folded(escaped(line), rest="  "):
            click.echo(part, err=True)
    if made.members:
        write_whole(order.target, zip_of(made.members))
        shell.say(f"Wrote {order.target}: feedback for {plural(len(made.reached), 'student')}.")
        shell.say(*shell.folded(_NEXT[order.system]))
    else:
        shell.say(f"Nothing to write: nobody's feedback can go to {order.system.title()}.")
    if made.unplaced:
        shell.say(f"{plural(len(made.unplaced), 'student')} left out: see above.")
        shell.say(*shell.folded(_MEND[order.system]))
    return bool(made.unplaced) or not made.members


def _not_told(grade: Grade) -> str:
    """Why a student must not be told of a grade; empty if the score is the published one."""
    if not grade.attempts:
        return "nothing handed in"
    if grade.published is None:
        return "not published"
    if grade.published != grade.score:
        return "the score has changed since it was published; publish again"
    return ""


def _letters(
    lab: Lab,
    book: Gradebook,
    pages: Sequence[tuple[Grade, Feedback]],
    everyone: Sequence[Grade],
    *,
    together: bool,
) -> Iterator[Letter]:
    """Yields what goes to each student; with `together`, what a group's members are told alike."""
    sources = book.seen.places(lab.slug)
    works: dict[int, list[Student]] = {}
    for grade in everyone:
        for each in grade.attempts:
            works.setdefault(each.attempt.id, []).append(grade.student)
    for grade, told in pages:
        newest = [each.attempt.id for each in reversed(grade.attempts)]
        team = works[newest[0]] if len(works[newest[0]]) > 1 else []
        shown = told
        if team and together:  # then it has nobody's name on it
            shown = msgspec.structs.replace(told, student=grade.student.group)
        yield Letter(
            grade.student,
            feedback_page(shown).encode(),
            tuple(feedback_lines(shown)),
            tuple(source for number in newest for source in sources.get(number, ())),
            tuple(team),
        )


def _made(order: ZipOrder, letters: Sequence[Letter], everyone: Sequence[Grade]) -> Returned:
    download = _members(order.download) if order.download else []
    if order.system == "canvas":
        return for_canvas(letters, download)
    worksheet = _read(order.worksheet) if order.worksheet else None
    return for_moodle(letters, entries(everyone), worksheet, download)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None


def _members(path: Path) -> list[str]:
    """The names in a zip that was downloaded."""
    try:
        return names_in(path)
    except BundleError as error:
        raise UsageError(f"{path}: {error}") from None
