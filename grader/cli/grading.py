"""The command that grades a class: grade."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from grader.cli import shell, sure, worker_options
from grader.cli.book import gradebook, permanent_id
from grader.cli.group import Exit
from grader.cli.levels import required_level
from grader.cli.runs import Run
from grader.course import Course
from grader.intake.admission import Strangers
from grader.sandbox import Level


@click.command(epilog="Example: shardlab grade tp-sharding inbox/ --jobs 2 --json grades.json")
@click.argument("targets", nargs=-1, metavar="[LAB] [PATH]...")
@worker_options.how
@click.option("--no-record", is_flag=True, help="Grade the PATHs all anew, without a gradebook.")
@click.option(
    "--student", metavar="ID", help="Draw all hidden inputs as this student's; implies --no-record."
)
@click.option("--seed-for", metavar="ID", help="Print this student's seed first, to reproduce it.")
@worker_options.live_option
@click.option("--messages", is_flag=True, help="Print each lost item's message, too.")
@click.option(
    "--strangers",
    type=click.Choice(["take", "aside"]),
    help="What becomes of who is not on the roster; see 'shardlab collect --help'.",
)
@sure.yes_option
@click.option(
    "--staff",
    is_flag=True,
    help="Show lost hidden cases, inputs included. Only printed, or written as JSON by --json; "
    "keep it from students.",
)
def grade(
    targets: tuple[str, ...],
    *,
    no_record: bool,
    student: str | None,
    seed_for: str | None,
    live: bool,
    messages: bool,
    strangers: Strangers | None,
    yes: bool,
    staff: bool,
    isolation: Level | None,
    db: str | None,
    json_path: Path | None,
    **workers: Any,
) -> None:
    """Grade what has no result yet, and record it.

    Grades what is handed in at the PATHs: files, folders of files or of sub-folders, inboxes,
    bundles, downloads of Canvas and Moodle. Without a PATH, everything in the gradebook, of one
    lab or of all. What has a result is not graded again, so you may interrupt this at any time
    and run it again to go on. Results of an older suite are told; 'regrade' is for them.
    """
    course = shell.course()
    slug, paths = _lab_and_paths(course, targets)
    opened = worker_options.workers_from(workers)
    level = required_level(isolation)
    run = Run(
        course,
        level,
        opened,
        live=live,
        messages=messages,
        strangers=strangers,
        yes=yes,
        staff=staff,
    )
    if live:
        worker_options.require_gpu(course)
    if slug is not None:
        run.check_installed(slug)
    if seed_for is not None:
        if slug is None:
            raise click.UsageError("--seed-for needs a LAB")
        drawn_for = permanent_id(course, db, seed_for)
        shell.say(f"Seed of {seed_for}: {course.lab(slug).seed(drawn_for).hex()}")
    present = shell.present(paths, "the rest is graded")
    if no_record or student is not None:
        if slug is None or not paths:
            raise click.UsageError("without a gradebook, name a LAB and PATHs")
        drawn = student and permanent_id(course, db, student)
        run.unrecorded(slug, present, drawn)
    else:
        with gradebook(course, db) as book:
            run.recorded(book, slug, present if paths else None)
    shell.write_json(json_path, run.as_data(slug))
    if len(present) < len(paths):
        shell.finish(Exit.USAGE)
    run.finish()


def _lab_and_paths(course: Course, targets: Sequence[str]) -> tuple[str | None, list[Path]]:
    """The lab, if the first word names one, and the paths."""
    if not targets:
        return None, []
    first, *rest = targets
    if first in course.slugs:
        return first, [Path(each) for each in rest]
    if not os.path.lexists(first) and os.sep not in first:
        course.lab(first)  # says which labs there are
    return None, [Path(each) for each in targets]
