"""Commands for courses that also live in nbgrader: notebook, sync nbgrader."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import shell
from grader.text.shown import plural

if TYPE_CHECKING:
    from grader.course import Lab
    from grader.gradebook.rows import Grade
    from grader.gradebook.store import Gradebook
    from grader.notebooks.manual import Decision
    from grader.notebooks.sync import ManualGrade

_folder = click.Path(path_type=Path, file_okay=False)


@click.command(epilog="Example: shardlab notebook tp-sharding --to ../nbgrader-course")
@click.argument("slug", metavar="LAB")
@click.option("--to", "folder", required=True, type=_folder, metavar="FOLDER",
              help="nbgrader's course folder; made where there is none.")  # fmt: skip
@click.option("--course-id", default="shardlab", show_default=True,
              help="nbgrader's name for the course, if a configuration is written.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Also over a notebook that was edited there.")
@click.pass_context
def notebook(
    context: click.Context, slug: str, folder: Path, course_id: str, overwrite: bool
) -> None:
    """Write a lab as nbgrader's source notebook, with solutions: for instructors.

    'nbgrader generate_assignment' makes the students' version of it. Its autograding runs in
    our sandbox, by an nbgrader_config.py that is written where there is none.
    """
    from grader.notebooks import check_installed

    check_installed()
    from grader.notebooks.config import write_config
    from grader.notebooks.source import write_source

    course = shell.course_of(context)
    written = write_source(course, course.lab(slug), folder, overwrite=overwrite)
    config = write_config(folder, course.root, course_id)
    for path in (*written, *filter(None, (config,))):
        shell.say(f"Wrote {path}")
    if config is None:
        shell.say(
            "nbgrader_config.py is there and was left alone. It must end with:",
            "  from grader.notebooks.config import configure",
            f"  configure(c, course={str(course.root.resolve())!r})",
        )
    shell.say("It holds solutions: never release source/. Next, in that folder:",
              f"  nbgrader generate_assignment {slug}")  # fmt: skip


@click.group(epilog="Example: shardlab sync nbgrader tp-sharding --course-dir ../nbgrader-course")
def sync() -> None:
    """Exchange grades with another system that people grade in."""


@sync.command(
    "nbgrader",
    epilog="Example: shardlab sync nbgrader tp-sharding --course-dir ../nbgrader-course",
)
@click.argument("slug", metavar="LAB")
@click.option("--course-dir", type=_folder, metavar="DIR", help="nbgrader's course folder.")
@click.option("--nbgrader-db", metavar="URL", help="Its database, if it is not in that folder.")
@click.option("--notebooks", is_flag=True, help="Also write what was handed in as notebooks "
              "into submitted/, to be autograded and read there.")  # fmt: skip
@shell.db_option
@shell.json_option
@click.pass_context
def sync_nbgrader(
    context: click.Context,
    slug: str,
    course_dir: Path | None,
    nbgrader_db: str | None,
    notebooks: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Push automatic scores to nbgrader, and pull its manual ones as overrides.

    Each side writes what is its own, so either may go first, and as often as you like.
    """
    from grader.errors import UsageError
    from grader.notebooks.manual import decisions_of
    from grader.notebooks.sync import pull, push

    where = nbgrader_db or course_dir
    if where is None or (notebooks and course_dir is None):
        raise UsageError("where is nbgrader's course? Name its folder with --course-dir")
    if notebooks:
        _check_notebooks()
    course = shell.course_of(context)
    lab = course.lab(slug)
    with shell.gradebook_of(context, db) as book:
        grades = book.grades(lab, course.deadline(slug))
        manual: list[ManualGrade] = pull(where, lab)
        decisions = decisions_of(lab, manual, grades)
        _decide(book, lab, decisions.wanted)
        pushed = push(where, lab, grades)
        refused = _write_notebooks(book, lab, course_dir, grades) if notebooks else []
    shell.say(f"Pushed {plural(pushed.submissions, 'submission')} of {slug}.")
    for name, status in pushed.without_score:
        shell.say(f"  no score: {name} ({status})")
    shell.say(f"Pulled {plural(len(decisions.wanted), 'change')} of overrides.")
    left = [*decisions.left, *refused]
    for line in left:
        shell.say(f"  left: {line}")
    shell.write_json(json_path, {
        "lab": slug, "pushed": pushed.submissions, "without_score": pushed.without_score,
        "overrides": decisions.wanted, "left": left,
    })  # fmt: skip
    if left:
        shell.finish(shell.FALLS_SHORT)


def _check_notebooks() -> None:
    from grader.notebooks import check_installed

    check_installed()


def _decide(book: "Gradebook", lab: "Lab", wanted: "Sequence[Decision]") -> None:
    """Makes the overrides that nbgrader's manual grades ask for, and withdraws others."""
    for each in wanted:
        if each.points is None:
            book.withdraw(each.student, lab, each.item, reason=each.reason)
        else:
            book.override(each.student, lab, each.item, each.points, reason=each.reason)
        points = "withdrawn" if each.points is None else f"{each.points} points"
        shell.say(f"  {each.student}, {each.item}: {points}")


def _write_notebooks(
    book: "Gradebook", lab: "Lab", course_dir: Path | None, grades: "Sequence[Grade]"
) -> list[str]:
    """Writes the attempts that count as notebooks; returns what could not be, a line each."""
    from grader.errors import UsageError
    from grader.notebooks.submitted import write_submitted

    assert course_dir is not None, "asked for above"
    refused = []
    for grade in grades:
        if grade.counts is None:
            continue
        attempt = grade.counts.attempt
        try:
            write_submitted(course_dir, lab, grade.student.id, book.submission(attempt),
                            submitted_at=attempt.submitted_at)  # fmt: skip
        except UsageError as error:
            refused.append(str(error))
    return refused


COMMANDS = (notebook, sync)
