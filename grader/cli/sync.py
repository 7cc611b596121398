"""The commands that exchange grades with other systems: sync nbgrader."""

from pathlib import Path

import click

from grader.cli import shell
from grader.cli.book import gradebook, say_stale
from grader.cli.group import Exit
from grader.course import Lab
from grader.errors import UsageError
from grader.gradebook.store import Gradebook
from grader.notebooks import check_installed
from grader.notebooks.manual import Decision, decisions_of
from grader.notebooks.sync import pull, push
from grader.text.shown import plural

_EXAMPLE = "Example: shardlab sync nbgrader tp-sharding --course-dir ../nbgrader-course"


@click.group(epilog=_EXAMPLE)
def sync() -> None:
    """Exchange grades with another system that people grade in."""


@sync.command(epilog=_EXAMPLE)
@shell.lab_argument
@click.option("--course-dir", type=shell.FOLDER, metavar="DIR", help="nbgrader's course folder.")
@click.option("--nbgrader-db", metavar="URL", help="Its database, if it is not in that folder.")
@click.option(
    "--notebooks",
    is_flag=True,
    help="Also write what was handed in as notebooks into submitted/, to be autograded and "
    "read there.",
)
@shell.db_option
@shell.json_option
def nbgrader(
    slug: str,
    course_dir: Path | None,
    nbgrader_db: str | None,
    notebooks: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Send automatic scores, and fetch manual ones.

    nbgrader's manual scores become overrides here. Each side writes only what is its own, so
    either may go first, and as often as you like.
    """
    where = nbgrader_db or course_dir
    if where is None or (notebooks and course_dir is None):
        raise UsageError("where is nbgrader's course? Name its folder with --course-dir")
    if notebooks:
        check_installed()
    course = shell.course()
    lab = course.lab(slug)
    with gradebook(course, db) as book:
        grades = book.grades(lab, course.deadline(slug))
        decisions = decisions_of(lab, pull(where, lab), grades)
        for each in decisions.wanted:
            _decide(book, lab, each)
        pushed = push(where, lab, grades)
        refused = []
        if notebooks and course_dir is not None:
            from grader.notebooks.submitted import write_counting  # noqa: PLC0415 - an extra

            refused = write_counting(course_dir, lab, grades, book.submission)
    shell.say(f"Pushed {plural(pushed.submissions, 'submission')} of {slug}.")
    for name, status in pushed.without_score:
        shell.say(f"  no score: {name} ({status})")
    say_stale(slug, grades)
    shell.say(f"Pulled {plural(len(decisions.wanted), 'change')} of overrides.")
    left = [*decisions.left, *refused]
    for line in left:
        shell.say(f"  left: {line}")
    told = {
        "lab": slug,
        "pushed": pushed.submissions,
        "without_score": pushed.without_score,
        "overrides": decisions.wanted,
        "left": left,
    }
    shell.write_json(json_path, told)
    if left:
        shell.finish(Exit.FALLS_SHORT)


def _decide(book: Gradebook, lab: Lab, wanted: Decision) -> None:
    """Makes the override that a manual grade of nbgrader's asks for, or withdraws it."""
    book.override(wanted.student, lab, wanted.item, wanted.points, reason=wanted.reason)
    points = "withdrawn" if wanted.points is None else f"{wanted.points} points"
    shell.say(f"  {wanted.student}, {wanted.item}: {points}")
