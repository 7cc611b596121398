"""The command that takes grades to other systems: export."""

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import shell
from grader.files.writing import draft_of
from grader.text.shown import plural

if TYPE_CHECKING:
    from grader.course import Lab
    from grader.exports.entry import Entry, ExportedLab
    from grader.exports.worksheet import Filled
    from grader.gradebook.rows import Grade

FORMATS = ("csv", "canvas", "moodle", "gradescope", "junit", "nbgrader")
_ONE_LAB = ("moodle", "gradescope")
_FILLED = ("canvas", "moodle")


@click.command(epilog="Example: shardlab export tp-sharding --to canvas grades.csv")
@click.argument("arguments", nargs=-1, required=True, metavar="[LAB] FILE")
@click.option("--to", "form", type=click.Choice(FORMATS), required=True,
              help="The system that the file is for; csv has everything.")  # fmt: skip
@click.option("--template", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="Canvas's gradebook or Moodle's grading worksheet, as "
              "downloaded: filled in, all else untouched.")  # fmt: skip
@click.option("--column", "columns", multiple=True, metavar="LAB=TITLE",
              help="What Canvas calls a lab, where it is not the lab's title.")  # fmt: skip
@click.option("--student", metavar="ID", help="Only this student's grade.")
@click.option("--published", is_flag=True, help="Only what was published, as it was published.")
@shell.db_option
@click.pass_context
def export(
    context: click.Context,
    arguments: tuple[str, ...],
    form: str,
    template: Path | None,
    columns: tuple[str, ...],
    student: str | None,
    published: bool,
    db: str | None,
) -> None:
    """Write grades for another system: all labs, or one.

    A score that is withheld or not there yet is left out and named, never written as 0.
    Gradescope takes a folder with a file per student, or with --student one file.
    """
    slug, target = _arguments(arguments)
    course = shell.course_of(context)
    labs = [course.lab(slug)] if slug else course.labs()
    request = Request(
        form=form,
        labs=tuple(labs),
        template=_read(template),
        columns=columns_of(columns, labs),
        student=student,
        published=published,
    )
    check(request)
    with shell.gradebook_of(context, db) as book:
        grades = [each for lab in labs for each in book.grades(lab, course.deadline(lab.slug))]
    made = make_export(request, grades)
    for line in (*made.notes, *made.unplaced):
        _say_note(line)
    write_export(target, made)
    shell.say(f"Wrote {target}: {plural(made.written, 'score')} of "
              f"{', '.join(lab.slug for lab in labs)}.")  # fmt: skip
    if made.notes or made.unplaced:
        shell.say(f"{len(made.notes) + len(made.unplaced)} remarks: see above.")
    if made.unplaced:
        shell.finish(shell.FALLS_SHORT)


@dataclass(frozen=True)
class Request:
    """What is to be exported, and how."""

    form: str
    labs: "tuple[Lab, ...]"
    template: bytes | None = None
    columns: Mapping[str, str] | None = None
    student: str | None = None
    published: bool = False


@dataclass(frozen=True)
class Export:
    """A text, or the texts of a folder's files; and what a person should know."""

    content: str | dict[str, str]
    written: int
    unplaced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check(request: Request) -> None:
    """Refuses what can't be meant, before a gradebook is opened."""
    from grader.errors import UsageError

    form = request.form
    if form in _ONE_LAB and len(request.labs) > 1:
        slugs = ", ".join(lab.slug for lab in request.labs)
        raise UsageError(f"--to {form} takes one lab: name it before FILE; there are: {slugs}")
    if request.template is not None and form not in _FILLED:
        raise UsageError(f"--template is for {' and '.join(_FILLED)}; leave it out for {form}")
    if request.columns and form != "canvas":
        raise UsageError(f"--column is for canvas; leave it out for {form}")
    if form == "moodle" and request.template is None:
        raise UsageError(
            "Moodle's worksheet can only be filled in: download it from the assignment "
            "(View all submissions, Download grading worksheet) and give it with --template"
        )


def make_export(request: Request, grades: "Sequence[Grade]") -> Export:
    """The export of the grades; where nobody is left of them, says who is wanted."""
    from grader.errors import UsageError
    from grader.exports.entry import entries, exported

    wanted = [each for each in grades if request.student in {None, each.student.id}]
    if request.student is not None and not wanted:
        raise UsageError(f"no student '{request.student}' in the gradebook; see 'shardlab roster'")
    rows = entries(wanted, published=request.published)
    labs = [exported(each) for each in request.labs]
    if request.form in _FILLED:
        return _sheet(request, labs, rows)
    return _document(request, labs, rows)


def _sheet(request: Request, labs: "list[ExportedLab]", rows: "list[Entry]") -> Export:
    """What Canvas or Moodle reads."""
    from grader.exports.canvas import fill_gradebook, new_gradebook
    from grader.exports.moodle import fill_worksheet

    filled: Filled
    if request.form == "moodle":
        filled = fill_worksheet(request.template or b"", labs[0], rows)
    elif request.template is not None:
        filled = fill_gradebook(request.template, labs, rows, request.columns)
    else:
        filled = new_gradebook(labs, rows, request.columns)
    return Export(filled.text, filled.written, filled.unplaced, filled.notes)


def _document(request: Request, labs: "list[ExportedLab]", rows: "list[Entry]") -> Export:
    """What is written from the rows alone."""
    from grader.exports import csv, gradescope, junit, nbgrader
    from grader.exports.entry import without_score

    content: str | dict[str, str]
    if request.form == "csv":
        content = csv.grades_csv(labs, rows)
    elif request.form == "junit":
        content = junit.grades_junit(rows)
    elif request.form == "nbgrader":
        content = nbgrader.grades_csv(rows)
    elif request.student is not None:
        content = gradescope.results(rows[0], labs[0])
    else:
        content = gradescope.results_files(rows, labs[0])
    written = sum(each.score is not None for each in rows)
    return Export(content, written, (), tuple(without_score(rows)))


def write_export(target: Path, made: Export) -> None:
    """Writes the file or the folder, whole or not at all; a folder must be new or empty."""
    if isinstance(made.content, str):
        shell.write_text(target, made.content)
    else:
        _write_folder(target, made.content)


def _write_folder(target: Path, files: Mapping[str, str]) -> None:
    from grader.errors import UsageError

    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is there already; name a new folder, or move it away")
    draft = draft_of(target.absolute())
    try:
        draft.mkdir()
        for name, text in files.items():
            (draft / name).write_text(text, "utf-8")
        draft.replace(target)
    except OSError as error:
        raise UsageError(f"{target} can't be written: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def columns_of(given: Sequence[str], labs: "Sequence[Lab]") -> dict[str, str]:
    """`LAB=TITLE` options by lab."""
    from grader.errors import UsageError

    found = {}
    slugs = [lab.slug for lab in labs]
    for each in given:
        slug, equals, title = each.partition("=")
        if not equals or not title.strip() or slug not in slugs:
            raise UsageError(f"--column {each}: expected LAB=TITLE, LAB of {', '.join(slugs)}")
        found[slug] = title.strip()
    return found


def _arguments(given: tuple[str, ...]) -> tuple[str | None, Path]:
    """The lab, if one is named, and the file."""
    if len(given) > 2:
        raise click.UsageError("Expected [LAB] FILE, got more.")
    return (given[0] if len(given) == 2 else None), Path(given[-1])


def _read(path: Path | None) -> bytes | None:
    from grader.errors import UsageError

    try:
        return path.read_bytes() if path is not None else None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None


def _say_note(line: str) -> None:
    """A remark on standard error, in lines of 80 columns; names can't steer the terminal."""
    from grader.text.shown import escaped

    for part in textwrap.wrap(escaped(line), 78, subsequent_indent="  "):
        click.echo(part, err=True)


COMMANDS = (export,)
