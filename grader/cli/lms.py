"""What `collect` is told of Canvas's and Moodle's downloads, and what it says of hand-in times."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from grader.cli import shell
from grader.course import Course, Lab
from grader.errors import UsageError
from grader.intake.archive import BundleError
from grader.intake.finds import Intake
from grader.intake.hand_in_times import KEPT, TOLD, UNKNOWN
from grader.intake.lms import Lms, read_lms
from grader.text.shown import escaped, plural
from grader.text.times import time_from

_Command = TypeVar("_Command", bound=Callable[..., object])
_EXAMPLES = 3


def options(command: _Command) -> _Command:
    """The options of a command that takes in downloads."""
    for option in reversed(
        (
            click.option(
                "--worksheet",
                type=shell.FILE,
                metavar="FILE",
                help="Moodle's grading worksheet: whose a file is, and when it was handed in.",
            ),
            click.option(
                "--submissions",
                type=shell.FILE,
                metavar="FILE",
                help="Canvas's submissions, JSON or CSV: when each was handed in.",
            ),
            click.option(
                "--received",
                metavar="TIME",
                help="When all was handed in of which nothing else says when; such as "
                "2026-12-03T23:59, in the course's zone.",
            ),
            click.option(
                "--by-name/--no-by-name",
                default=None,
                help="Whether a full name is enough to tell whose a Moodle file is; asked on a "
                "terminal, else yes.",
            ),
        )
    ):
        command = option(command)
    return command


def told(
    course: Course,
    slug: str | None,
    worksheet: Path | None = None,
    submissions: Path | None = None,
    received: str | None = None,
    by_name: bool | None = None,
) -> Lms:
    """What the options say; times without a zone are read in the course's."""
    zone, now = course.zone, datetime.now(UTC)
    at = time_from(received, now, course.local_zone) if received else None
    if at is not None and at > now:
        raise UsageError(f"--received {received}: that is yet to come")
    lms = read_lms(
        worksheet,
        submissions,
        at,
        lambda place, pairs: _by_name(place, pairs, by_name),
        zone=zone,
        lab=course.lab(slug) if slug else None,
    )
    if lms.worksheet is not None:
        shell.say(f"Times of {lms.worksheet.path.name} are read as {zone}.")
    for records in (lms.worksheet, lms.submissions):
        for problem in records.problems(now) if records is not None else ():
            shell.say(*shell.folded(f"Note: {problem}", "", "      "))
    return lms


def _by_name(place: str, pairs: Sequence[tuple[str, str]], given: bool | None) -> bool:
    """Whether names are enough: as was said, else as is answered, else yes; and it is told."""
    some = ", ".join(f"{escaped(name)} is {student}" for name, student in pairs[:_EXAMPLES])
    more = f", and {len(pairs) - _EXAMPLES} more" if len(pairs) > _EXAMPLES else ""
    text = (
        f"{escaped(Path(place).name)}: {plural(len(pairs), 'student')} known by the full name "
        f"alone: {some}{more}."
    )
    if given is False:
        return False
    shell.say(*shell.folded(text, "", "  "))
    if given is None and shell.is_interactive():
        return click.confirm("Take their files?", default=True)
    return True


def notebook_reader() -> Callable[[Lab, bytes], bytes]:
    """Makes a lab's file of a notebook; what reads it is imported when the first one comes."""

    def read(lab: Lab, raw: bytes) -> bytes:
        from grader.notebooks.loose import NotebookError, source_of  # noqa: PLC0415 - slow

        try:
            return source_of(lab, raw)
        except NotebookError as error:
            raise BundleError(str(error)) from None

    return read


def say_times(course: Course, taken_in: Iterable[Intake]) -> None:
    """How many hand-in times are unknown, were told now, or stay though others are told now.

    Of labs that are due at some time: else it is nobody's affair.
    """
    times = [each.time for each in taken_in if course.deadline(each.lab) is not None]
    if unknown := times.count(UNKNOWN):
        text = (
            f"When {plural(unknown, 'submission')} came is unknown, and costs nothing, but for the "
            "one day that LATE stands for: files' dates are those of a download. To say it, "
            "collect again with --worksheet (Moodle), --submissions (Canvas) or --received TIME."
        )
        shell.say(*shell.folded(text, "", "  "))
    if filled := times.count(TOLD):
        shell.say(f"Of {plural(filled, 'submission')} that came before, the time is known now.")
    if kept := times.count(KEPT):
        text = (
            f"Of {plural(kept, 'submission')} another time is known already, which stays; "
            "'shardlab extend' changes when it is due."
        )
        shell.say(*shell.folded(text, "", "  "))
