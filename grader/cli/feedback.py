"""The command that tells students what came of their work: feedback."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.feedback_zip import write_zip, zip_order
from grader.cli.group import Exit
from grader.cli.levels import best_level, isolation_option, required_level
from grader.course import Course, Lab
from grader.errors import SandboxError, UsageError
from grader.files.writing import write_with_folders
from grader.gradebook.rows import Attempt, Grade
from grader.gradebook.store import Gradebook
from grader.report.feedback import Feedback
from grader.report.from_check import feedback_of_workspace
from grader.report.from_grade import feedback_of_grade
from grader.report.pages import feedback_page, file_name
from grader.report.runs import public_runs
from grader.report.text import feedback_lines
from grader.sandbox import Level
from grader.student.workspace import Workspace, find_workspace
from grader.suite.run import SuiteRun
from grader.text.shown import plural

RunOf = Callable[[Attempt], SuiteRun | None]
_PAGE = "feedback.html"


@click.command(epilog="Example: shardlab feedback tp-sharding --to report")
@shell.own_lab_argument
@click.argument("students", nargs=-1, metavar="[STUDENT]...")
@click.option(
    "--to",
    "target",
    type=shell.ANY_PATH,
    metavar="FOLDER",
    help="For staff: write a page for each student, or for those named, into FOLDER; with --for "
    "into one zip.",
)
@click.option(
    "--for",
    "system",
    type=click.Choice(["canvas", "moodle"]),
    help="Write a zip that this system takes back: published feedback, under the names of its own "
    "download.",
)
@click.option(
    "--worksheet",
    type=shell.FILE,
    metavar="FILE",
    help="With --for moodle: the assignment's grading worksheet, which says who has which number.",
)
@click.option(
    "--download",
    type=shell.FILE,
    metavar="FILE",
    help="With --for: the zip that was downloaded, if the gradebook doesn't know its names.",
)
@click.option(
    "--pictures/--no-pictures",
    default=True,
    help="Run the public suite for a picture of each student's own run.",
)
@shell.text_option
@isolation_option
@shell.db_option
@shell.json_option
def feedback(
    slug: str | None,
    students: tuple[str, ...],
    target: Path | None,
    system: str | None,
    worksheet: Path | None,
    download: Path | None,
    pictures: bool,
    text: bool,
    isolation: Level | None,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Make pages of feedback: for you, or for a class.

    In a lab's folder: feedback.html, of your own public checks, with messages, picture and
    predictions. For staff, with --to or STUDENT: of what was graded, a page for each student,
    FOLDER/LAB/STUDENT.html. With --for, --to FILE.zip: what Canvas takes under Re-Upload
    Submissions, or Moodle under Upload multiple feedback files in a zip.
    """
    order = zip_order(system, target, worksheet, download, slug)
    if target is None and not students:
        here = find_workspace(Path.cwd(), slug)
        _show_own(here, feedback_of_workspace(here, best_level(isolation)), text, json_path)
        return
    course = shell.course()
    unknown, made = set(students), list[Feedback]()
    fell_short = False
    with gradebook(course, db) as book:
        for lab in shell.labs(course, (slug,) if slug else ()):
            grades = book.grades(lab, course.deadline(lab.slug))
            unknown -= {
                name for name in students for each in grades if each.student.is_called({name})
            }
            if slug is None and not any(each.attempts for each in grades):
                continue  # a lab of which nothing is there yet
            chosen = [each for each in grades if not students or each.student.is_called(students)]
            with _public_runs(lab, book, isolation, wanted=pictures) as run_of:
                told = _feedback_of(course, lab, book, chosen, run_of, None if order else target)
            made += told
            if order:
                pages = list(zip(chosen, told, strict=True))
                fell_short |= write_zip(order, lab, book, pages, grades)
    for number, each in enumerate(made if text else ()):
        shell.say(*([""] if number else []), *feedback_lines(each))
    shell.write_json(json_path, made)
    for student in sorted(unknown):
        shell.say_error(f"no student '{student}' in the gradebook; the rest goes on")
    if unknown or fell_short:
        shell.finish(Exit.USAGE if unknown else Exit.FALLS_SHORT)


def _feedback_of(
    course: Course,
    lab: Lab,
    book: Gradebook,
    grades: Sequence[Grade],
    run_of: RunOf,
    target: Path | None,
) -> list[Feedback]:
    """The feedback of these students, each written as a page where there is a target."""
    made = []
    for grade in grades:
        run = run_of(grade.counts.attempt) if grade.counts else None
        told = feedback_of_grade(
            lab,
            grade,
            course=course.name,
            run=run,
            zone=course.zone,
            source=_source(lab, book, grade),
        )
        made.append(told)
        if target is not None:
            path = target / lab.slug / file_name(grade.student.id)
            write_with_folders(path, feedback_page(told).encode())
    if target is not None and made:
        shell.say(f"Wrote {plural(len(made), 'page')} to {target / lab.slug}/")
    if target is not None and (drafts := sum(bool(each.draft) for each in made)):
        shell.say(
            f"{drafts} of {len(made)} not published yet, and marked as drafts: "
            f"shardlab publish {lab.slug}"
        )
    return made


def _source(lab: Lab, book: Gradebook, grade: Grade) -> bytes:
    """The file of the attempt that counts; empty where there is none."""
    if grade.counts is None:
        return b""
    return book.submission(grade.counts.attempt).files.get(lab.assignment.file, b"")


@contextmanager
def _public_runs(
    lab: Lab, book: Gradebook, isolation: Level | None, *, wanted: bool
) -> Iterator[RunOf]:
    """What runs an attempt for its picture; nothing where others' work can't be run here."""
    with ExitStack() as stack:
        run_of: RunOf = lambda _: None  # noqa: E731 - one of two
        try:
            if wanted:
                run = stack.enter_context(public_runs(lab, required_level(isolation)))
                run_of = lambda attempt: run(book.submission(attempt))  # noqa: E731
        except (SandboxError, UsageError) as error:
            shell.say_error(f"no pictures of {lab.slug}: {error}; the rest goes on")
        yield run_of


def _show_own(here: Workspace, told: Feedback, text: bool, json_path: Path | None) -> None:
    """Writes the page into the workspace, or prints the text."""
    if text:
        shell.say(*feedback_lines(told))
    else:
        write_with_folders(here.folder / _PAGE, feedback_page(told).encode())
        shell.say(told.headline, f"Wrote {here.folder / _PAGE}")
    shell.write_json(json_path, told)
