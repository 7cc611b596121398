"""The commands on the log of changes: audit, undo."""

from contextlib import nullcontext
from datetime import tzinfo
from pathlib import Path

import click
from msgspec import to_builtins

from grader.cli import shell
from grader.cli.book import gradebook
from grader.gradebook.history import LoggedEntry
from grader.text.shown import one_line, shortened
from grader.text.times import second


@click.command(epilog="Example: shardlab audit --json audit.json")
@shell.db_option
@shell.json_option
def audit(db: str | None, json_path: Path | None) -> None:
    """Show every change to the gradebook: when, by whom, what.

    What has a * by its number can be taken back: 'shardlab undo NUMBER'.
    """
    course = shell.course()
    with gradebook(course, db) as book:
        found = book.history.entries()
    for each in found:
        shell.say(*_lines(each, course.zone))
    told = [
        {**to_builtins(each.entry), "undoable": each.undoable, "undone_by": each.undone_by}
        for each in found
    ]
    shell.write_json(json_path, told)


@click.command(epilog="Example: shardlab undo 57 --dry-run")
@click.argument("entry", type=click.IntRange(min=1), required=False, metavar="[ENTRY]")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--as", "author", default="", metavar="NAME", help="Who does this, if not you.")
@shell.db_option
@shell.json_option
def undo(
    entry: int | None, dry_run: bool, author: str, db: str | None, json_path: Path | None
) -> None:
    """Take back a change to the gradebook, by its number.

    ENTRY is a number of 'shardlab audit'; without one, it is the last thing that you did. An undo
    is an entry, too: undo that one to have the change again.
    """
    course = shell.course()
    with gradebook(course, db) as book:
        who = author or book.who
        number = entry if entry is not None else book.history.newest_of(who)
        with book.rehearsal() if dry_run else nullcontext(book) as there:
            done = there.history.undo(number, who=who)
    shell.say("Nothing is changed now. It would be:" if dry_run else "Taken back:")
    shell.say(*_lines(LoggedEntry(done.undoes, undoable=False), course.zone))
    for line in done.told:
        shell.say(*shell.folded(one_line(line), "  ", "    "))
    if not dry_run:
        shell.say(f"To have it again: shardlab undo {done.entry}")
    shell.write_json(json_path, {"dry_run": dry_run, **to_builtins(done)})


def _lines(each: LoggedEntry, zone: tzinfo) -> list[str]:
    """` 57* 2026-12-01 12:00:00 CET  staff  override ann adding total: 10 of 60: valid`."""
    said = each.entry
    told = one_line(f"{said.what} {said.subject}" + (f": {said.detail}" if said.detail else ""))
    if each.undone_by:
        told += f" (undone by {each.undone_by})"
    number = f"{said.id:>4}{'*' if each.undoable else ' '}"
    who = f"{shortened(one_line(said.who), 12):<12}"
    first = f"{number} {second(said.at, zone)}  {who}  "
    return shell.folded(told, first, " " * 8, width=80)
