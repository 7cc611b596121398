"""The command that takes in what was handed in: collect."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli import lms, shell, sure
from grader.cli.book import gradebook, trial
from grader.cli.group import Exit
from grader.cli.outcomes import Outcomes
from grader.cli.tracked import say_tracked
from grader.course import Course
from grader.gradebook.late import time_shown
from grader.gradebook.rows import Attempt, GradedAttempt
from grader.gradebook.store import Gradebook
from grader.intake.admission import Strangers
from grader.intake.finds import Intake
from grader.intake.hand_in_times import TOLD
from grader.intake.inbox import course_inbox
from grader.intake.places import place_of
from grader.intake.taking import take_in
from grader.text.shown import one_line, plural, shortened


@click.command(epilog="Example: shardlab collect inbox/ --lab tp-sharding --dry-run")
@click.argument("paths", nargs=-1, type=shell.ANY_PATH, metavar="[PATH]...")
@click.option("--lab", "slug", metavar="LAB", help="Only what is for this lab.")
@click.option(
    "--strangers",
    type=click.Choice(["take", "aside"]),
    help="What becomes of who is not on the roster: taken in, or kept aside, as is usual where "
    "there is a roster.",
)
@click.option("--known-only", "strangers", flag_value="aside", hidden=True)  # its name of before
@click.option("--dry-run", is_flag=True, help="Show what would be taken in, and change nothing.")
@click.option(
    "--undo", "number", type=int, metavar="N", help="Take the collect with this number back."
)
@click.option("--reason", default="", help="Why, beside --undo; it stands in the record.")
@sure.yes_option
@lms.options
@shell.db_option
@shell.json_option
def collect(
    paths: tuple[Path, ...],
    *,
    slug: str | None,
    strangers: Strangers | None,
    dry_run: bool,
    number: int | None,
    reason: str,
    yes: bool,
    worksheet: Path | None,
    submissions: Path | None,
    received: str | None,
    by_name: bool | None,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Take in what was handed in, and sign receipts.

    PATH is an inbox, a bundle, a folder of STUDENT.py files, or a bulk download of Canvas or
    Moodle, zipped or unpacked. Without a PATH it is the course's own inbox. Collect often, and
    soon after a due date. What was taken in stays as it is; what comes later counts as handed in
    after the last collect that did not see it.

    Only a bundle says when it was handed in. Of all else it is what Moodle's worksheet, Canvas's
    list of submissions or --received say, and unknown without: the dates in a download are its
    own. Unknown times cost nothing, and can be told later, by collecting again.

    Each collect has a number, by which it is taken back: what it took in does not count then,
    until it is collected again.
    """
    course = shell.course()
    if number is not None:
        _undo(course, number, reason, paths, db, json_path)
        return
    places = list(paths) or [course_inbox(course)]
    there = shell.present(places, "the rest is collected")
    said = lms.told(course, slug, worksheet, submissions, received, by_name)
    outcomes = Outcomes()
    with trial(course, db) if dry_run else gradebook(course, db) as book:
        before = {each.id for each in book.students()}
        intake = book.intakes.begin(place_of(there, slug))
        if dry_run:
            shell.say("Dry run: nothing is changed.")
        now = datetime.now(UTC)
        for each in take_in(
            course,
            book,
            there,
            lab=slug,
            strangers=strangers,
            lms=said,
            notebook=lms.notebook_reader(),
            sure=sure.asker(yes=yes),
            intake=intake,
            dry=dry_run,
            now=now,
        ):
            outcomes.add(each)
        told = json_path is not None or dry_run  # else nobody asks, and they may be many
        by_id = {each.id: each for each in book.attempts(slug, with_void=True)} if told else {}
        added = sorted({each.id for each in book.students()} - before) if outcomes.new else []
        void = {
            each for lab in {one.lab for one in outcomes.taken_in} for each in book.voids.of(lab)
        }
        if dry_run:
            _say_new(course, book, outcomes.new, by_id)
    number = None if dry_run else intake
    if added:
        _say_added(added, asked=strangers == "take")
    _say(course, outcomes, void, number)
    say_tracked(course)
    rows = [_row(each, by_id[each.attempt], void) for each in outcomes.taken_in] if told else []
    about = {"intake": number, "added": added, "received": rows}
    shell.write_json(json_path, about | {"refused": outcomes.refused, "aside": outcomes.aside})
    if len(there) < len(places):
        shell.finish(Exit.USAGE)
    shell.finish(Exit.FALLS_SHORT if outcomes.refused or outcomes.aside else Exit.DONE)


def _row(taken_in: Intake, attempt: Attempt, void: Collection[int]) -> dict[str, object]:
    return {
        "lab": attempt.lab,
        "student": attempt.called,
        "attempt": attempt.number,
        "new": taken_in.new,
        "void": attempt.id in void,
        "source": taken_in.source,
        "submitted_at": attempt.submitted_at,
        "time_from": attempt.time_from,
        "lms_late": attempt.lms_late,
        "problem": attempt.problem,
    }


def _say_added(added: Sequence[str], *, asked: bool) -> None:
    why = "as was asked" if asked else "as the gradebook has no roster"
    text = f"{plural(len(added), 'student')} added, {why}: {_some(added)}"
    shell.say(*shell.folded(text, "", "  "))


def _say(course: Course, outcomes: Outcomes, void: Collection[int], intake: int | None) -> None:
    """The sum, what counts for nothing, which times are unknown, and what to do next."""
    outcomes.say_counts()
    if out := sum(each.attempt in void for each in outcomes.taken_in):
        shell.say(f"{out} of the known are void, and stay so: shardlab attempt LAB STUDENT")
    outcomes.say_aside(course.zone)
    lms.say_times(course, outcomes.taken_in)
    if intake and (outcomes.new or any(each.time == TOLD for each in outcomes.taken_in)):
        shell.say(f"Collected as {intake}; take it back with: shardlab collect --undo {intake}")
    if intake and outcomes.new:
        shell.say("Next: shardlab grade")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return one_line(", ".join(names[:5])) + more


def _say_new(
    course: Course, book: Gradebook, new: Sequence[Intake], by_id: Mapping[int, Attempt]
) -> None:
    """What would be taken in: by whom, for which lab, when and by whose word, and how late."""
    late = {
        each.attempt.id: each
        for slug in sorted({each.lab for each in new})
        for grade in book.grades(course.lab(slug), course.deadline(slug))
        for each in grade.attempts
    }
    for each in new:
        attempt = by_id[each.attempt]
        word = f" ({attempt.time_from})" if attempt.time_from and attempt.submitted_at else ""
        graded = late.get(each.attempt) or GradedAttempt(attempt)
        days = f"  {plural(graded.late_days, 'day')} late" if graded.late_days else ""
        when = f"{time_shown(graded, course.zone)}{word}{days}"
        line = f"{attempt.lab:<12} {shortened(one_line(attempt.called), 20):<20}  {when}"
        shell.say(*shell.folded(line, "  ", " " * 8, width=80))


def _undo(
    course: Course,
    number: int,
    reason: str,
    paths: Sequence[Path],
    db: str | None,
    json_path: Path | None,
) -> None:
    if paths:
        raise click.UsageError("--undo takes back a whole collect by its number, without a PATH")
    with gradebook(course, db) as book:
        undone = book.intakes.undo(number, reason=reason)
    count = plural(len(undone.attempts), "attempt")
    shell.say(f"Took collect {number} back: {count} of it count no longer.")
    if undone.times:
        times = plural(undone.times, "hand-in time")
        shell.say(f"{times} that it told: what was known before counts again.")
    if undone.students:
        told = f"{plural(len(undone.students), 'student')} came with it alone, and left: "
        shell.say(*shell.folded(told + _some(undone.students), "", "  "))
    if undone.attempts:
        text = (
            "Receipts in an inbox stay: students hold them. Collected again, the same counts "
            f"again, as the same attempts; so does it with: shardlab undo {undone.entry}"
        )
        shell.say(*shell.folded(text))
    shell.write_json(json_path, undone)
