"""The command that moves a due date for one student: extend."""

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.deciding import as_option, reason_option, score_words
from grader.errors import UsageError
from grader.text.times import exact, time_from


@click.command(epilog="Example: shardlab extend s041 tp-sharding --until +2d --reason 'was ill'")
@click.argument("student")
@shell.lab_argument
@click.option(
    "--until",
    metavar="TIME",
    help="2026-12-03T23:59, in the course's zone; 2026-12-03, to the end of that day; or so much "
    "later than it is due now: +2d (at the same time of day), +12h, +30m.",
)
@click.option(
    "--withdraw", is_flag=True, help="Take the extension back; the one before it counts again."
)
@reason_option
@as_option
@shell.db_option
def extend(
    student: str,
    slug: str,
    until: str | None,
    withdraw: bool,
    reason: str,
    author: str,
    db: str | None,
) -> None:
    """Give one student a later deadline."""
    if withdraw == (until is not None):
        raise click.UsageError("give --until TIME, or --withdraw")
    course = shell.course()
    lab, deadline, zone = course.lab(slug), course.deadline(slug), course.zone
    if deadline is None and not withdraw:
        raise UsageError(f"{slug} is never late: course.toml has no [deadlines.{slug}] to extend")
    with gradebook(course, db) as book:
        before = book.grade(student, lab, deadline).due
        if until is None:
            book.withdraw_extension(student, lab, reason=reason, author=author)
        elif deadline is not None:
            due = time_from(until, before or deadline.due, course.local_zone)
            if due < deadline.due:
                all_due = exact(deadline.due, zone)
                raise UsageError(f"{exact(due, zone)} is before the lab is due for all: {all_due}")
            book.extend(student, lab, due, reason=reason, author=author)
        grade = book.grade(student, lab, deadline)
    if grade.due is not None and before is not None:
        shell.say(
            f"{slug} is due for {student} at {exact(grade.due, zone)}.",
            f"It was due at {exact(before, zone)}.",
        )
        shell.say_zone(course)
    else:
        shell.say(f"Withdrawn; {slug} is never late: course.toml has no due date for it.")
    shell.say(f"Score now: {score_words(grade)}. Students see it when you publish.")
