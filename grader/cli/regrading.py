"""The command that changes scores by grading again, and says whose: regrade."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from grader.cli import shell, worker_options
from grader.cli.book import gradebook
from grader.cli.levels import required_level
from grader.cli.runs import Run
from grader.course import Lab
from grader.errors import UsageError
from grader.gradebook.changes import ScoreChange, changes
from grader.gradebook.rows import Grade
from grader.gradebook.store import Gradebook
from grader.grading.pending import Backlog
from grader.sandbox import Level
from grader.text.shown import one_line, plural, shortened

_NO_RESULT = "without a result"


@click.command(epilog="Example: shardlab regrade tp-sharding")
@shell.lab_argument
@click.argument("students", nargs=-1, metavar="[STUDENT]...")
@worker_options.how
@click.option(
    "--again",
    metavar="REASON",
    default="",
    help="Also where nothing has changed: present results are set aside. See 'shardlab undo'.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many would be graded, and why.")
@worker_options.live_option
def regrade(
    slug: str,
    students: tuple[str, ...],
    *,
    again: str,
    dry_run: bool,
    live: bool,
    isolation: Level | None,
    db: str | None,
    json_path: Path | None,
    **workers: Any,
) -> None:
    """Grade a lab again after its suite has changed.

    Grades what has no result of the present suite, points, engine and isolation, and shows whose
    score is another than before: old -> new, with the score that the student was last told. It is
    shown again whenever you ask, also after an interruption. Overrides stay, and are shown beside
    the new score.
    """
    if again and dry_run:
        raise click.UsageError("give --again or --dry-run")
    course = shell.course()
    lab, level = course.lab(slug), required_level(isolation)
    run = Run(course, level, worker_options.workers_from(workers), live=live, table=False)
    if live:
        worker_options.require_gpu(course)
    with gradebook(course, db) as book:
        before = book.grades(lab, course.deadline(slug))
        chosen = _chosen(before, students)
        ids = {each.attempt.id for grade in chosen for each in grade.attempts}
        told: dict[str, Any] = {"lab": slug}
        if dry_run:
            told |= _planned(Backlog.planned(book, run.settings(slug), ids), ids)
        else:
            run.check_installed(slug)
            if again:
                book.again(ids, reason=again)
            run.regrade(book, slug, ids if students else None)
            told["graded"] = sum(len(named) for _, named in run.shown)
        found = _say_changes(book, lab, before, {each.student.key for each in chosen})
        told["changed"] = [_as_data(each) for each in found]
    shell.write_json(json_path, told)
    run.finish()


def _chosen(grades: Sequence[Grade], students: Sequence[str]) -> list[Grade]:
    """The grades of these students, or all."""
    for name in students:
        if not any(each.attempts and each.student.is_called({name}) for each in grades):
            raise UsageError(f"no submission of '{name}'; see who there is: shardlab grades LAB")
    return [each for each in grades if not students or each.student.is_called(set(students))]


def _planned(backlog: Backlog, ids: set[int]) -> dict[str, Any]:
    """Says how many submissions would be graded, and why, and grades none."""
    stale = {number: why for number, why in backlog.stale().items() if number in ids}
    waiting = {each.id for each in backlog.attempts}
    why = Counter(stale.values()) + Counter({_NO_RESULT: len(waiting - stale.keys())})
    parts = ", ".join(f"{count} {words}" for words, count in why.most_common())
    count = plural(len(waiting), "submission")
    shell.say(f"Would grade {count}{f': {parts}' if parts else ''}. Nothing was graded.")
    return {"would_grade": len(waiting), "why": dict(why)}


def _say_changes(
    book: Gradebook, lab: Lab, before: Sequence[Grade], whose: set[str]
) -> list[ScoreChange]:
    """Says whose score is another by the present results than by those before."""
    deadline = shell.course().deadline(lab.slug)
    now, stood = book.grades(lab, deadline), book.regrades.stood(lab, deadline)
    found = [each for each in changes(stood, before, now) if each.student.key in whose]
    for each in found:
        shell.say(*_lines(each))
    count = sum(each.changed for each in found)
    shell.say(f"{count} of {len(now)} grades changed.")
    if any(each.changed and each.after != each.published for each in found):
        shell.say(f"Students see it when you publish: shardlab publish {lab.slug}")
    return found


def _as_data(change: ScoreChange) -> dict[str, Any]:
    """A change as JSON has it: with the student's id."""
    return msgspec.structs.asdict(change) | {"student": change.student.id}


def _lines(change: ScoreChange) -> list[str]:
    """`s041  90 -> 100   published 90; override of floats (10): fp64 is valid`."""
    was = change.status_before if change.before is None else str(change.before)
    now = change.status if change.after is None else str(change.after)
    student = shortened(one_line(change.student.id), 24)
    start = f"  {student:<16} {was:>4} -> {now:<4}"
    notes = [] if change.published is None else [f"published {change.published}"]
    hidden = {each.item: f", grading {each.before} -> {each.after}" for each in change.hidden}
    notes += [
        f"override {each.item} ({each.points}{hidden.get(each.item, '')}): {one_line(each.reason)}"
        for each in change.overrides
    ]
    said = "; ".join(notes)
    return shell.folded(said, f"{start}  ", " " * 8, width=80) if said else [start.rstrip()]
