"""Commands that show what a class or a student made of a lab: feedback, report, stats."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from grader.cli import shell
from grader.course import Course, Lab
from grader.errors import SandboxError, UsageError
from grader.files.writing import write_with_folders
from grader.gradebook.rows import Attempt, Grade
from grader.gradebook.store import Gradebook
from grader.judge import Judge
from grader.report.classroom import class_report
from grader.report.facts import facts_of
from grader.report.feedback import AttemptFeedback, Feedback
from grader.report.from_check import feedback_of_check
from grader.report.from_grade import feedback_of_grade
from grader.report.pages import class_page, feedback_page, file_name
from grader.report.runs import public_run
from grader.report.text import feedback_lines, lab_lines, report_lines, summary_lines
from grader.sandbox import check_installed
from grader.student.checking import check_once, work_of
from grader.student.workspace import Workspace, find_workspace
from grader.suite.run import SuiteRun
from grader.text.shown import plural

RunOf = Callable[[Attempt], SuiteRun | None]

_folder = click.Path(path_type=Path, file_okay=False)
_PAGE, _INDEX, _ANONYMOUS = "feedback.html", "index.html", "anonymous.html"
_text_option = click.option("--text", is_flag=True, help="Print all of it as text.")


# -- one student's page --------------------------------------------------------------------


@click.command(epilog="Example: shardlab feedback tp-sharding --to report")
@click.argument("slug", required=False, metavar="[LAB]")
@click.argument("students", nargs=-1, metavar="[STUDENT]...")
@click.option("--to", "target", type=_folder, metavar="FOLDER",
              help="Write a page for each student of the gradebook, or those named.")  # fmt: skip
@click.option("--pictures/--no-pictures", default=True,
              help="Run public suites for the pictures of students' own runs.")  # fmt: skip
@_text_option
@shell.isolation_option
@shell.db_option
@shell.json_option
@click.pass_context
def feedback(
    context: click.Context,
    slug: str | None,
    students: tuple[str, ...],
    target: Path | None,
    pictures: bool,
    text: bool,
    isolation: str | None,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Make the page of your own public checks; for staff, of what was graded.

    In a lab's folder: feedback.html, with messages, picture and predictions. With --to or
    STUDENT: of submissions in the gradebook, as FOLDER/LAB/STUDENT.html.
    """
    if target is None and not students:
        own = _own_feedback(slug, isolation)
        _show_own(*own, text=text, json_path=json_path)
        return
    course, labs = _course_and_labs(context, (slug,) if slug else ())
    unknown = set(students)
    made: list[Feedback] = []
    with shell.gradebook_of(context, db) as book:
        for lab in labs:
            grades = book.grades(lab, course.deadline(lab.slug))
            unknown -= {each.student.id for each in grades}
            if slug is None and not any(each.attempts for each in grades):
                continue  # a lab of which nothing is there yet
            chosen = [each for each in grades if not students or each.student.id in students]
            with _public_runs(lab, book, isolation, wanted=pictures) as run_of:
                made += _feedback_of(course, lab, chosen, run_of, target)
    _show(made, text=text, json_path=json_path)
    for each in sorted(unknown):
        _say_error(f"no student '{each}' in the gradebook")
    if unknown:
        shell.finish(shell.USAGE)


def _feedback_of(
    course: Course, lab: Lab, grades: Sequence[Grade], run_of: RunOf, target: Path | None
) -> list[Feedback]:
    """The feedback of these students, each written as a page where there is a target."""
    made = []
    for grade in grades:
        run = run_of(grade.counts.attempt) if grade.counts else None
        told = feedback_of_grade(lab, grade, course=course.name, run=run)
        made.append(told)
        if target is not None:
            path = target / lab.slug / file_name(grade.student.id)
            write_with_folders(path, feedback_page(told).encode())
    if target is not None and made:
        shell.say(f"Wrote {_pages(len(made))} to {target / lab.slug}/")
    return made


@contextmanager
def _public_runs(
    lab: Lab, book: Gradebook, isolation: str | None, *, wanted: bool
) -> Iterator[RunOf]:
    """What runs an attempt for its picture; nothing where others' work can't be run here."""
    with ExitStack() as stack:
        run_of: RunOf = lambda _: None  # noqa: E731 - one of two
        try:
            if wanted:
                check_installed(lab.assignment.preload)
                judge = stack.enter_context(Judge(lab, shell.required_level(isolation)))
                judge.suite(lab.public_suite)  # one that can't be collected is told at once
                run_of = lambda attempt: public_run(judge, book.submission(attempt))  # noqa: E731
        except (SandboxError, UsageError) as error:
            _say_error(f"no pictures of {lab.slug}: {error}")
        yield run_of


def _own_feedback(slug: str | None, isolation: str | None) -> tuple[Workspace, Feedback]:
    """Feedback on the file in the workspace around here, from all public checks."""
    here = find_workspace(Path.cwd(), slug)
    submission, state = work_of(here), here.state()
    run = check_once(here, shell.best_level(isolation), submission=submission, stop_early=False)
    source = submission.files.get(here.lab.assignment.file, b"")
    sent = [AttemptFeedback(each.attempt, each.at, "handed in") for each in state.sent]
    return here, feedback_of_check(
        here.lab,
        run,
        predictions=state.predictions,
        attempts=sent,
        course=here.course.name,
        student=state.student,
        digest=hashlib.sha256(source).hexdigest() if source else "",
    )


def _show_own(here: Workspace, told: Feedback, *, text: bool, json_path: Path | None) -> None:
    """Writes the page into the workspace, or prints the text."""
    if text:
        shell.say(*feedback_lines(told))
    else:
        write_with_folders(here.folder / _PAGE, feedback_page(told).encode())
        shell.say(told.headline, f"Wrote {here.folder / _PAGE}")
    shell.write_json(json_path, told)


def _show(made: Sequence[Feedback], *, text: bool, json_path: Path | None) -> None:
    for number, each in enumerate(made if text else ()):
        shell.say(*([""] if number else []), *feedback_lines(each))
    shell.write_json(json_path, made)


# -- the class -----------------------------------------------------------------------------


@click.command(epilog="Example: shardlab report --to report --anonymous")
@click.argument("slugs", nargs=-1, metavar="[LAB]...")
@click.option("--to", "target", type=_folder, default="report", show_default=True,
              metavar="FOLDER", help="Where index.html goes, beside feedback.")  # fmt: skip
@click.option("--anonymous", is_flag=True,
              help="Without names, ids and links: anonymous.html.")  # fmt: skip
@_text_option
@shell.db_option
@shell.json_option
@click.pass_context
def report(
    context: click.Context,
    slugs: tuple[str, ...],
    target: Path,
    anonymous: bool,
    text: bool,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Make the class page: heat map, hardest items, who fails alike, what needs a person."""
    course, labs = _course_and_labs(context, slugs)
    with shell.gradebook_of(context, db) as book:
        graded = [(lab, book.grades(lab, course.deadline(lab.slug))) for lab in labs]
    graded = [(lab, grades) for lab, grades in graded if slugs or any(g.attempts for g in grades)]
    if not graded:
        shell.say("Nothing was handed in yet. First: shardlab collect")
        shell.finish(shell.FALLS_SHORT)
    made = class_report(
        course.name, graded, link=_link_in(target), anonymous=course.key() if anonymous else None
    )
    path = target / (_ANONYMOUS if anonymous else _INDEX)
    write_with_folders(path, class_page(made).encode())
    for lab in made.labs if not text else ():
        lines = summary_lines(lab.facts) or ["No rubric item was lost yet."]
        shell.say(*([f"{lab.facts.lab}:"] if len(made.labs) > 1 else []), *lines)
    shell.say(*(report_lines(made) if text else ()), f"Wrote {path}")
    if not anonymous and not all(row.link for lab in made.labs for row in lab.rows):
        shell.say(
            f"Students' pages are linked when they are there: shardlab feedback --to {target}"
        )
    shell.write_json(json_path, made)


def _link_in(target: Path) -> Callable[[str, str], str]:
    """A student's page relative to the report, if it was written."""

    def link(lab: str, student: str) -> str:
        relative = f"{lab}/{file_name(student)}"
        return relative if (target / relative).is_file() else ""

    return link


@click.command(epilog="Example: shardlab stats tp-sharding")
@click.argument("slug", metavar="LAB")
@shell.db_option
@shell.json_option
@click.pass_context
def stats(context: click.Context, slug: str, db: str | None, json_path: Path | None) -> None:
    """Show a lab's distribution, hardest items, broken invariants and time."""
    course, (lab,) = _course_and_labs(context, (slug,))
    with shell.gradebook_of(context, db) as book:
        facts = facts_of(lab, book.grades(lab, course.deadline(slug)))
    shell.say(*lab_lines(facts))
    shell.write_json(json_path, facts)


def _course_and_labs(context: click.Context, slugs: Sequence[str]) -> tuple[Course, list[Lab]]:
    """The course, and the labs that were named; without names all of them."""
    course = shell.course_of(context)
    return course, [course.lab(slug) for slug in slugs] if slugs else course.labs()


def _pages(count: int) -> str:
    return f"{plural(count, 'page')}"


def _say_error(text: str) -> None:
    click.echo(f"Error: {text}; the rest goes on", err=True)


COMMANDS = (feedback, report, stats)
