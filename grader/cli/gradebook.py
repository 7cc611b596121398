"""Commands on the gradebook: override, extend, publish, grades."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from grader.cli import shell
from grader.cli.book import gradebook, say_stale
from grader.errors import UsageError
from grader.gradebook.points import Points
from grader.gradebook.rows import Grade, Override
from grader.results import WITHHELD
from grader.text.shown import one_line, plural, shortened
from grader.text.times import minute, time_from

_as_option = click.option(
    "--as", "author", default="", metavar="NAME", help="Who decides this, if it is not you."
)
_reason_option = click.option(
    "--reason", required=True, help="Why; it stands in the record, and the student reads it."
)


@click.command(
    context_settings={"ignore_unknown_options": True},  # -1 is no option, but no points either
    epilog="Example: shardlab override s041 tp-sharding floats 10 --reason 'fp64 is valid'",
)
@click.argument("student")
@shell.lab_argument
@click.argument("item")
@click.argument("points", type=shell.POINTS, required=False)
@click.option("--withdraw", is_flag=True, help="Let what grading says count again.")
@_reason_option
@_as_option
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
    shell.say(f"Score now: {_score(grade)}. Students see it when you publish.")


@click.command(epilog="Example: shardlab extend s041 tp-sharding --until +2d --reason 'was ill'")
@click.argument("student")
@shell.lab_argument
@click.option(
    "--until",
    required=True,
    metavar="TIME",
    help="2026-12-03T23:59Z; or +2d, +12h, +30m: so much later than it is due now.",
)
@_reason_option
@_as_option
@shell.db_option
def extend(student: str, slug: str, until: str, reason: str, author: str, db: str | None) -> None:
    """Give one student a later deadline."""
    course = shell.course()
    lab, deadline = course.lab(slug), course.deadline(slug)
    if deadline is None:
        raise UsageError(f"{slug} is never late: course.toml has no [deadlines.{slug}] to extend")
    with gradebook(course, db) as book:
        due = time_from(until, book.grade(student, lab, deadline).due or deadline.due)
        if due < deadline.due:
            raise UsageError(
                f"{minute(due)} is before the lab is due for all: {minute(deadline.due)}"
            )
        book.extend(student, lab, due, reason=reason, author=author)
        grade = book.grade(student, lab, deadline)
    shell.say(
        f"{slug} is due for {student} at {minute(due)}.",
        f"Score now: {_score(grade)}. Students see it when you publish.",
    )


@click.command(epilog="Example: shardlab publish tp-sharding")
@shell.lab_argument
@_as_option
@shell.db_option
@shell.json_option
def publish(slug: str, author: str, db: str | None, json_path: Path | None) -> None:
    """Record a lab's present scores as what students are told.

    Whoever has no score yet is left out; publish again when they have one.
    """
    course = shell.course()
    lab = course.lab(slug)
    with gradebook(course, db) as book:
        grades = book.grades(lab, course.deadline(slug))
        done = book.publish(slug, grades, author=author)
    shell.say(
        f"Published {plural(done.published, 'score')} of {slug}; {done.changed} new or changed."
    )
    left_out = {
        WITHHELD: done.withheld,
        "not graded yet": done.ungraded,
        "handed in nothing": done.missing,
    }
    if words := [f"{count} {why}" for why, count in left_out.items() if count]:
        shell.say(f"Left out: {', '.join(words)}.")
    say_stale(slug, grades)
    shell.write_json(json_path, done)


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
        shell.say(f"Due {minute(deadline.due)}; the {deadline.counts} attempt counts.")
    width = max([10, *(min(24, len(one_line(each.student.id))) for each in found)])
    shell.say(f"  {'student':<{width}}  {'score':>8}  attempt  remarks")
    for each in found:
        shell.say(*_lines(each, width))
    count = Counter(each.status for each in found)
    shell.say(", ".join(f"{count[status]} {status}" for status in sorted(count)) or "No students.")
    say_stale(slug, found)
    shell.write_json(json_path, {"lab": slug, "grades": [_as_data(each) for each in found]})


def _lines(grade: Grade, width: int) -> list[str]:
    """One student: score, the attempt that counts, and what is to be said of it, in full."""
    number = grade.counts.attempt.number if grade.counts else 0
    place = f"{number} of {len(grade.attempts)}" if grade.counts else ""
    student = shortened(one_line(grade.student.id), width)
    start = f"  {student:<{width}}  {_score(grade):>8}  {place:<7}  "
    said = "; ".join(_remarks(grade))
    return shell.folded(said, start, " " * len(start), width=80) or [start.rstrip()]


def _remarks(grade: Grade) -> Sequence[str]:
    remarks, counts = [f"stale, {grade.stale}"] if grade.stale else [], grade.counts
    if counts is not None and " as " in counts.attempt.numbered:
        remarks.append(f"handed in {counts.attempt.numbered.partition(' ')[2]}")
    if counts is not None and counts.refused:
        remarks.append(f"past the cut-off, {plural(counts.late_days, 'day')} late")
    elif counts is not None and counts.late_days:
        remarks.append(f"{counts.late_days} d late -{counts.penalty}")
    remarks += [_decided(each, grade) for each in grade.overrides]
    remarks += [
        f"void: {each.item} set to {each.points}, but the lab has no such item now"
        for each in grade.void
    ]
    if grade.extension is not None and grade.due is not None:
        remarks.append(f"due {grade.due:%m-%d %H:%M}")
    if grade.published is not None and grade.published != grade.score:
        remarks.append(f"published {grade.published}")
    if counts is not None and grade.status == WITHHELD and counts.result is not None:
        remarks.append(f"GRADER FAULT: {one_line(counts.result.note)}")
    return remarks


def _decided(override: Override, grade: Grade) -> str:
    told = f"{override.item} set to {override.points} by {one_line(override.author)}"
    more = grade.outdone(override)
    return told if more is None else f"{told}; the newest attempt would earn {more} by itself"


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


def _score(grade: Grade) -> str:
    return grade.status if grade.score is None else f"{grade.score}/{grade.max_score}"
