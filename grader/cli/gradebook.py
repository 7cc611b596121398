"""Commands on the gradebook: override, grades."""

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from grader.cli import shell
from grader.cli.book import gradebook, say_stale
from grader.cli.deciding import as_option, reason_option, score_words
from grader.gradebook.late import time_remark
from grader.gradebook.points import Points
from grader.gradebook.rows import Grade, GradedAttempt, Override
from grader.results import WITHHELD
from grader.text.shown import one_line, plural, shortened
from grader.text.times import beside, exact


@click.command(
    context_settings={"ignore_unknown_options": True},  # -1 is no option, but no points either
    epilog="Example: shardlab override s041 tp-sharding floats 10 --reason 'fp64 is valid'",
)
@click.argument("student")
@shell.lab_argument
@click.argument("item")
@click.argument("points", type=shell.POINTS, required=False)
@click.option("--withdraw", is_flag=True, help="Let what grading says count again.")
@reason_option
@as_option
@shell.db_option
def override(
    student: str,
    slug: str,
    item: str,
    points: Points | None,
    withdraw: bool,
    reason: str,
    author: str,
    db: str | None,
) -> None:
    """Set a student's points for a rubric item.

    They count whatever grading says, for all attempts, also after the lab is graded again. POINTS
    may have two places: 7.5 or 7.25.
    """
    if withdraw == (points is not None):
        raise click.UsageError("give POINTS, or --withdraw")
    course = shell.course()
    lab = course.lab(slug)
    with gradebook(course, db) as book:
        book.override(student, lab, item, points, reason=reason, author=author)
        grade = book.grade(student, lab, course.deadline(slug))
    if points is None:
        shell.say(f"Withdrawn: {student} {slug} {item}; grading counts again.")
    else:
        shell.say(f"{student} {slug} {item}: {points} of {lab.item(item).points} points.")
    shell.say(f"Score now: {score_words(grade)}. Students see it when you publish.")


@click.command(epilog="Example: shardlab grades tp-sharding --json grades.json")
@shell.lab_argument
@shell.db_option
@shell.json_option
def grades(slug: str, db: str | None, json_path: Path | None) -> None:
    """Show every student's grade in a lab, and how it came about."""
    course = shell.course()
    lab, deadline = course.lab(slug), course.deadline(slug)
    with gradebook(course, db) as book:
        found = book.grades(lab, deadline)
    if deadline is not None:
        due = exact(deadline.due, course.zone)
        shell.say(f"Due {due}; the {deadline.counts} attempt counts.")
        shell.say_zone(course)
    width = max([10, *(min(24, len(one_line(each.student.id))) for each in found)])
    shell.say(f"  {'student':<{width}}  {'score':>8}  attempt  remarks")
    for each in found:
        shell.say(*_lines(each, width, course.zone))
    if any(each.counts and each.due and time_remark(each.counts) for each in found):
        shell.say("Times that are unknown: 'shardlab collect' takes --worksheet and --received.")
    count = Counter(each.status for each in found)
    shell.say(", ".join(f"{count[status]} {status}" for status in sorted(count)) or "No students.")
    say_stale(slug, found)
    shell.write_json(json_path, {"lab": slug, "grades": [_as_data(each) for each in found]})


def _lines(grade: Grade, width: int, zone: tzinfo) -> list[str]:
    """One student: score, the attempt that counts, and what is to be said of it, in full."""
    number = grade.counts.attempt.number if grade.counts else 0
    place = f"{number} of {len(grade.attempts)}" if grade.counts else ""
    student = shortened(one_line(grade.student.id), width)
    start = f"  {student:<{width}}  {score_words(grade):>8}  {place:<7}  "
    said = "; ".join(_remarks(grade, zone))
    return shell.folded(said, start, " " * len(start), width=80) or [start.rstrip()]


def _remarks(grade: Grade, zone: tzinfo) -> Sequence[str]:
    remarks, counts = list[str](), grade.counts
    if counts is not None and " as " in counts.attempt.numbered:
        remarks.append(f"handed in {counts.attempt.numbered.partition(' ')[2]}")
    if counts is not None and counts.refused:
        remarks.append(f"past the cut-off, {plural(counts.late_days, 'day')} late")
    elif counts is not None and counts.late_days:
        remarks.append(f"{counts.late_days} d late -{counts.penalty}")
    if counts is not None and grade.due is not None:
        remarks += filter(None, [time_remark(counts), _near(counts, zone)])
    remarks += [_decided(each, grade) for each in grade.overrides]
    remarks += [
        f"void: {each.item} set to {each.points}, but the lab has no such item now"
        for each in grade.void
    ]
    if grade.extension is not None and grade.due is not None:
        remarks.append(f"due {exact(grade.due, zone)}")
    if grade.published is not None and grade.published != grade.score:
        remarks.append(f"published {grade.published}")
    if counts is not None and grade.status == WITHHELD and counts.result is not None:
        remarks.append(f"GRADER FAULT: {one_line(counts.result.note)}")
    if grade.stale:
        remarks.append(f"stale, {grade.stale}")
    return remarks


def _decided(override: Override, grade: Grade) -> str:
    told = f"{override.item} set to {override.points} by {one_line(override.author)}"
    more = grade.outdone(override)
    return told if more is None else f"{told}; the newest attempt would earn {more} by itself"


def _near(counts: GradedAttempt, zone: tzinfo) -> str:
    """The time of day of what was handed in where seconds decide."""
    at, limit = counts.attempt.submitted_at, counts.limit
    return f"at {beside(at, limit, zone).split(' ', 1)[1]}" if at and limit else ""


def _as_data(grade: Grade) -> dict[str, Any]:
    """A grade as JSON has it: flat, with the attempt that counts."""
    counts = grade.counts
    return {
        "student": grade.student,
        "status": grade.status,
        "score": grade.score,
        "max_score": grade.max_score,
        "attempts": len(grade.attempts),
        "attempt": counts.attempt.number if counts else None,
        "submitted_at": counts.attempt.submitted_at if counts else None,
        "time_from": counts.attempt.time_from if counts else "",
        "lms_late": counts.attempt.lms_late if counts else False,
        "time_remark": time_remark(counts) if counts and grade.due else "",
        "raw": counts.raw if counts else None,
        "penalty": counts.penalty if counts else 0,
        "late_days": counts.late_days if counts else 0,
        "refused": counts.refused if counts else False,
        "due": grade.due,
        "overrides": [_override_data(each, grade) for each in grade.overrides],
        "void_overrides": grade.void,
        "extension": grade.extension,
        "published": grade.published,
        "stale": grade.stale,
        "result": counts.result if counts else None,
    }


def _override_data(override: Override, grade: Grade) -> dict[str, Any]:
    facts: dict[str, Any] = to_builtins(override, builtin_types=(Decimal,))
    return facts | {"outdone": grade.outdone(override)}
