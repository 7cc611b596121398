"""The command that takes a roster from a file: roster take; and what is said of who joins."""

from pathlib import Path
from typing import Any

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.group import Exit
from grader.errors import UsageError
from grader.gradebook.joining import Joining, RosterOutcome
from grader.gradebook.people import FACTS
from grader.gradebook.roster import read_roster
from grader.gradebook.roster_columns import FIELDS, Choice
from grader.text.shown import one_line

_MOST_NAMED = 10


@click.command(epilog="Example: shardlab roster take students.csv --dry-run")
@click.argument("path", metavar="FILE.csv", type=shell.ANY_PATH)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=TITLE",
    help="What the file calls id, name, email, group or lms_id.",
)
@click.option("--ignore", "ignored", multiple=True, metavar="TITLE", help="A column to pass over.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@shell.db_option
@shell.json_option
def take(
    path: Path,
    columns: tuple[str, ...],
    ignored: tuple[str, ...],
    dry_run: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Add everyone in a file, or change what is known of them.

    FILE.csv names its columns in the first line: id, and any of name, email, group, lms_id. Those
    that Canvas (Grades, Export) and Moodle (participants, grades, grading worksheet) write are
    read, too. Nobody is removed, and an empty cell changes nothing.
    """
    found = read_roster(path, Choice(_chosen(columns), ignored))
    with gradebook(shell.course(), db) as book:
        found = book.roster.recognised(found)
        do = book.roster.compare if dry_run else book.roster.take
        outcome = do(found.students)
    shell.say(*(line for each in found.told for line in shell.folded(each, rest="  ", whole=True)))
    _say_outcome(outcome, dry_run=dry_run)
    told = [f"line {found.lines.get(name, 0)}: {text}" for name, text in outcome.problems]
    problems = sorted([*found.problems, *told], key=_line_number)
    for problem in problems:
        shell.say_error(f"{path}: {problem}; left out")
    shell.write_json(json_path, _as_data(outcome, problems, dry_run=dry_run))
    if problems:
        shell.finish(Exit.USAGE)


def _chosen(columns: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in columns]
    for name, equals, title in pairs:
        if name not in FIELDS or not equals or not title.strip():
            raise UsageError(f"--column {name}{equals}{title}: expected FIELD=TITLE, FIELD of "
                             f"{', '.join(FIELDS)}")  # fmt: skip
    return {name: title for name, _, title in pairs}


def _line_number(problem: str) -> int:
    return int(problem.removeprefix("line ").partition(":")[0])


def _say_outcome(outcome: RosterOutcome, *, dry_run: bool) -> None:
    counts = [f"{outcome.count(word)} {word}" for word in ("new", "changed")]
    counts += [f"{back} back"] if (back := outcome.count("back")) else []
    would = "Nothing is changed now. It would be: " if dry_run else ""
    shell.say(f"{would}{', '.join(counts)}, {outcome.same} as before.")
    for each in outcome.joining if dry_run else ():
        shell.say(*shell.folded(told_of(each), "  ", " " * 11))
    for _, note in outcome.notes:
        shell.say(*shell.folded(f"Note: {one_line(note)}", rest="  "))
    if outcome.missing:
        named = [one_line(each.id) for each in outcome.missing]
        some = ", ".join(named if dry_run else named[:_MOST_NAMED])
        more = f" and {len(named) - _MOST_NAMED} more" * (not dry_run and len(named) > _MOST_NAMED)
        shell.say(
            *shell.folded(f"In the gradebook, not in this file, and kept: {some}{more}.", rest="  ")
        )
    say_way_back(outcome.entry)


def told_of(each: Joining) -> str:
    """`changed  ann  name '' -> 'Ann'`."""
    if each.word == "new":
        facts = [one_line(text) for name in FACTS if (text := getattr(each.after, name))]
        return f"new      {one_line(each.after.id)}  {', '.join(facts)}"
    pairs = [
        f"{name} '{one_line(old)}' -> '{one_line(new)}'"
        for name, (old, new) in each.differences.items()
    ]
    return f"{each.word:<7}  {one_line(each.after.id)}  {', '.join(pairs) or 'on the roster'}"


def _as_data(outcome: RosterOutcome, problems: list[str], *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "entry": outcome.entry or None,
        "joining": [
            {"student": each.after, "change": each.word, "differences": each.differences}
            for each in outcome.joining
        ],
        "same": outcome.same,
        "missing": outcome.missing,
        "problems": problems,
        "notes": [text for _, text in outcome.notes],
    }


def say_way_back(entry: int) -> None:
    """Says by which number it is taken back, if anything was done."""
    if entry:
        shell.say(f"To take this back: shardlab undo {entry}")
