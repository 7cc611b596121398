"""The command that makes scores official: publish."""

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from grader.cli import shell
from grader.cli.book import gradebook, say_stale
from grader.cli.deciding import as_option
from grader.cli.group import Exit
from grader.course import Course
from grader.errors import UsageError
from grader.gradebook.publishing import Announcement, ToldChange, announcement
from grader.gradebook.rows import Grade
from grader.gradebook.store import Gradebook
from grader.results import WITHHELD
from grader.text.shown import one_line, plural, shortened
from grader.text.times import minute

_LONGEST = 40  # of an id in the table


@click.command(epilog="Example: shardlab publish tp-sharding")
@shell.lab_argument
@click.option("--dry-run", is_flag=True, help="Show what students would be told; change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask where scores fall.")
@click.option(
    "--withdraw",
    is_flag=True,
    help="Take the lab's newest publication back; the one before it counts again.",
)
@click.option("--reason", default="", help="Why it is withdrawn; it stands in the record.")
@as_option
@shell.db_option
@shell.json_option
def publish(
    slug: str,
    *,
    dry_run: bool,
    yes: bool,
    withdraw: bool,
    reason: str,
    author: str,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Record a lab's present scores as what students are told.

    First it shows who is told another score than before, and asks where scores fall. Whoever has
    no score yet is left out; publish again when they have one.
    """
    if withdraw != bool(reason.strip()):
        raise click.UsageError("--withdraw needs a --reason, and only that does")
    course = shell.course()
    lab = course.lab(slug)
    with gradebook(course, db) as book:
        if withdraw:
            told = _withdrawn(book, course, slug, reason, author, dry_run=dry_run)
        else:
            grades = book.grades(lab, course.deadline(slug))
            told = _published(book, slug, grades, author, dry_run=dry_run, yes=yes)
    shell.write_json(json_path, {"lab": slug, "dry_run": dry_run, **told})


def _published(
    book: Gradebook, slug: str, grades: Sequence[Grade], author: str, *, dry_run: bool, yes: bool
) -> dict[str, object]:
    """Shows what is told, and publishes it unless that is not wanted; what was done, as data."""
    planned = announcement(grades)
    told: Announcement = planned
    _say_changes(planned.changes)
    _say_counts(planned, grades)
    say_stale(slug, grades)
    if not planned.changes:
        shell.say(f"Students know all scores of {slug} already: nothing to publish.")
    elif dry_run:
        shell.say("Nothing was published.")
    else:
        _ask(planned.changes, yes=yes)
        told = book.publications.publish(slug, grades, author=author)
        scores = plural(told.published, "score")
        shell.say(f"Published {scores} of {slug}; {told.changed} new or changed.")
    return {"id": None, **msgspec.structs.asdict(told)}


def _withdrawn(
    book: Gradebook, course: Course, slug: str, reason: str, author: str, *, dry_run: bool
) -> dict[str, object]:
    """Shows what students are told instead, and withdraws; what was done, as data."""
    found = book.publications.newest(slug)
    by = shortened(one_line(found.author), 24)
    shell.say(f"The newest publication of {slug}: {minute(found.at, course.zone)}, by {by}.")
    _say_changes(found.changes)
    if dry_run:
        shell.say("Nothing was withdrawn.")
    else:
        book.publications.withdraw(slug, found.publication, reason=reason, author=author)
        shell.say(
            "Withdrawn; the one before it counts again. Make students' pages anew:",
            f"shardlab feedback {slug} --to FOLDER",
        )
    return msgspec.structs.asdict(found)


def _say_changes(changes: Sequence[ToldChange]) -> None:
    """A line for each student who is told another score than before."""
    if not changes:
        return
    width = max(10, *(min(_LONGEST, len(one_line(each.student))) for each in changes))
    shell.say(f"  {'student':<{width}}  {'told':>6} -> now")
    for each in changes:
        student = shortened(one_line(each.student), width)
        old, new = ("none" if score is None else f"{score}" for score in (each.before, each.after))
        shell.say(
            f"  {student:<{width}}  {old:>6} -> {new:<6}{'  lower' if each.falls else ''}".rstrip()
        )


def _say_counts(planned: Announcement, grades: Sequence[Grade]) -> None:
    """How many are told something else, how many the same, and who is left out."""
    new = sum(each.before is None for each in planned.changes)
    same = planned.published - planned.changed
    falls = sum(each.falls for each in planned.changes)
    changed = f"{planned.changed - new} changed" + (f" ({falls} lower)" if falls else "")
    shell.say(f"{new} new, {changed}, {same} as told before.")
    left_out = {
        WITHHELD: planned.withheld,
        "not graded yet": planned.ungraded,
        "handed in nothing": planned.missing,
    }
    if words := [f"{count} {why}" for why, count in left_out.items() if count]:
        shell.say(f"Left out: {', '.join(words)}.")
    kept = [each for each in grades if each.score is None and each.published is not None]
    for each in kept:
        student = shortened(one_line(each.student.id), _LONGEST)
        shell.say(f"  {student} was told {each.published}, which stays: now {each.status}.")


def _ask(changes: Sequence[ToldChange], *, yes: bool) -> None:
    """Ends the command where scores fall and nobody agrees to that."""
    falls = sum(each.falls for each in changes)
    if not falls or yes:
        return
    if not shell.is_interactive():
        raise UsageError(
            f"{plural(falls, 'score')} would fall, so nothing was published; "
            "if that is meant: --yes"
        )
    if not click.confirm(f"{plural(falls, 'score')} will fall. Publish?", err=True):
        shell.say("Nothing was published.")
        shell.finish(Exit.FALLS_SHORT)
