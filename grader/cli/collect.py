"""The command that takes in what was handed in: collect."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.group import Exit
from grader.cli.tracked import say_tracked
from grader.gradebook.rows import Attempt
from grader.intake.finds import Intake, IntakeRefusal
from grader.intake.inbox import course_inbox
from grader.intake.taking import take_in


@click.command(epilog="Example: shardlab collect inbox/ --lab tp-sharding")
@click.argument("paths", nargs=-1, type=shell.ANY_PATH, metavar="[PATH]...")
@click.option("--lab", "slug", metavar="LAB", help="Only what is for this lab.")
@click.option("--known-only", is_flag=True, help="Refuse whoever is not on the roster.")
@shell.db_option
@shell.json_option
def collect(
    paths: tuple[Path, ...],
    slug: str | None,
    known_only: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Take in what was handed in, and sign receipts.

    PATH is an inbox, a bundle, a folder of STUDENT.py files, or a bulk download of Canvas or
    Moodle, zipped or unpacked. Without a PATH it is the course's own inbox. Collect often, and
    soon after a due date. What was taken in stays as it is; what comes later counts as handed in
    after the last collect that did not see it.
    """
    course = shell.course()
    places = list(paths) or [course_inbox(course)]
    there = shell.present(places, "the rest is collected")
    taken_in: list[Intake] = []
    others: list[IntakeRefusal] = []
    with gradebook(course, db) as book:
        now = datetime.now(UTC)
        for each in take_in(course, book, there, lab=slug, known_only=known_only, now=now):
            if isinstance(each, IntakeRefusal):
                others.append(each)
                why = shell.folded(each.reason, " " * 9, " " * 9, whole=True)
                shell.say(f"{shell.word('REFUSED', 'yellow')}  {each.where}", *why)
                continue
            taken_in.append(each)
            if each.problem:
                shell.say(f"Note: receipt {each.problem}")
        by_id = {each.id: each for each in book.attempts(slug)} if json_path is not None else {}
    _say_counts(taken_in, len(others))
    say_tracked(course)
    if json_path is not None:
        rows = [_row(each, by_id[each.attempt]) for each in taken_in]
        shell.write_json(json_path, {"received": rows, "refused": others})
    if len(there) < len(places):
        shell.finish(Exit.USAGE)
    shell.finish(Exit.FALLS_SHORT if others else Exit.DONE)


def _row(taken_in: Intake, attempt: Attempt) -> dict[str, object]:
    return {
        "lab": attempt.lab,
        "student": attempt.student,
        "attempt": attempt.number,
        "new": taken_in.new,
        "source": taken_in.source,
        "submitted_at": attempt.submitted_at,
        "problem": attempt.problem,
    }


def _say_counts(taken_in: Sequence[Intake], refused: int) -> None:
    """How many there are of each lab, how many of them new, and what to do next."""
    every = Counter(each.lab for each in taken_in)
    new = Counter(each.lab for each in taken_in if each.new)
    for slug in sorted(every):
        shell.say(f"Collected {slug}: {new[slug]} new, {every[slug] - new[slug]} known.")
    if not every:
        shell.say("Collected nothing.")
    elif new:
        shell.say("Next: shardlab grade")
    if refused:
        shell.say(f"{refused} refused, listed above; nothing was changed there.")
