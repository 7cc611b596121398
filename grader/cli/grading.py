"""Commands that grade a class: grade, regrade."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from grader.cli import shell, worker_options
from grader.cli.book import gradebook
from grader.cli.group import Exit
from grader.cli.levels import required_level
from grader.cli.runs import Run
from grader.course import Course
from grader.errors import UsageError
from grader.gradebook.rows import Attempt, Grade
from grader.sandbox import Level


@click.command(epilog="Example: shardlab grade tp-sharding inbox/ --jobs 2 --json grades.json")
@click.argument("targets", nargs=-1, metavar="[LAB] [PATH]...")
@worker_options.how
@click.option("--no-record", is_flag=True, help="Grade the PATHs all anew, without a gradebook.")
@click.option(
    "--student", metavar="ID", help="Draw all hidden inputs as this student's; implies --no-record."
)
@click.option("--seed-for", metavar="ID", help="Print this student's seed first, to reproduce it.")
@click.option(
    "--live",
    is_flag=True,
    help="Run what has no trace on this machine's GPU to make "
    "one. WITHOUT ISOLATION: on a machine that holds nothing else.",
)
@click.option("--messages", is_flag=True, help="Print each lost item's message, too.")
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
    staff: bool,
    isolation: Level | None,
    db: str | None,
    json_path: Path | None,
    **workers: Any,
) -> None:
    """Grade what has no result yet, and record it.

    Grades what is handed in at the PATHs: files, folders of files or of sub-folders, inboxes,
    bundles, downloads of Canvas and Moodle. Without a PATH, everything in the gradebook, of one
    lab or of all. What has a result from the present suite is not graded again, so you may
    interrupt this at any time and run it again to go on.
    """
    course = shell.course()
    slug, paths = _lab_and_paths(course, targets)
    opened = worker_options.workers_from(workers)
    level = required_level(isolation)
    run = Run(course, level, opened, live=live, messages=messages, staff=staff)
    if live:
        worker_options.require_gpu(course)
    if slug is not None:
        run.check_installed(slug)
    if seed_for is not None:
        if slug is None:
            raise click.UsageError("--seed-for needs a LAB")
        shell.say(f"Seed of {seed_for}: {course.lab(slug).seed(seed_for).hex()}")
    present = shell.present(paths, "the rest is graded")
    if no_record or student is not None:
        if slug is None or not paths:
            raise click.UsageError("without a gradebook, name a LAB and PATHs")
        run.unrecorded(slug, present, student)
    else:
        with gradebook(course, db) as book:
            run.recorded(book, slug, present if paths else None)
    shell.write_json(json_path, run.as_data(slug))
    if len(present) < len(paths):
        shell.finish(Exit.USAGE)
    run.finish()


@click.command(epilog="Example: shardlab regrade tp-sharding")
@shell.lab_argument
@click.argument("students", nargs=-1, metavar="[STUDENT]...")
@worker_options.how
@click.option(
    "--again",
    metavar="REASON",
    default="",
    help="Also where nothing has changed: present results are set aside.",
)
def regrade(
    slug: str,
    students: tuple[str, ...],
    *,
    again: str,
    isolation: Level | None,
    db: str | None,
    json_path: Path | None,
    **workers: Any,
) -> None:
    """Grade a lab again after its suite has changed.

    Grades only what the change concerns, and shows whose score is another now. Overrides stay,
    and are shown beside the new score.
    """
    course = shell.course()
    lab = course.lab(slug)
    run = Run(course, required_level(isolation), worker_options.workers_from(workers), table=False)
    run.check_installed(slug)
    with gradebook(course, db) as book:
        attempts = [
            each for each in book.attempts(slug) if not students or each.student in students
        ]
        _require_students(students, attempts)
        before = {each.student.id: each for each in book.grades(lab, course.deadline(slug))}
        if again:
            book.again([each.id for each in attempts], reason=again)
        run.pending(book, slug, {each.id for each in attempts} if students else None)
        after = book.grades(lab, course.deadline(slug))
    # who was handed in by someone else meanwhile had no grade before
    changed = [
        (before[each.student.id], each)
        for each in after
        if each.student.id in before and before[each.student.id].score != each.score
    ]
    shell.say(*(_change(*each) for each in changed))
    shell.say(f"{len(changed)} of {len(after)} grades changed.")
    told = [_as_data(*each) for each in changed]
    count = sum(len(named) for _, named in run.shown)
    shell.write_json(json_path, {"lab": slug, "graded": count, "changed": told})
    run.finish()


def _change(old: Grade, new: Grade) -> str:
    """`s041  90 -> 100   override of floats (10): fp64 is valid`."""
    was, now = (("none" if each.score is None else str(each.score)) for each in (old, new))
    notes = ", ".join(f"{each.item} ({each.points}): {each.reason}" for each in new.overrides)
    return f"  {new.student.id:<16} {was:>4} -> {now:<4}" + (f"  override {notes}" if notes else "")


def _as_data(old: Grade, new: Grade) -> dict[str, Any]:
    return {
        "student": new.student.id,
        "before": old.score,
        "after": new.score,
        "overrides": new.overrides,
    }


def _require_students(students: Iterable[str], attempts: Iterable[Attempt]) -> None:
    known = {each.student for each in attempts}
    for student in students:
        if student not in known:
            raise UsageError(f"no submission of '{student}'; see who there is: shardlab grades LAB")


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
