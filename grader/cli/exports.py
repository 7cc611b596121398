"""The command that takes grades to other systems: export."""

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from grader.cli import shell
from grader.course import Lab
from grader.errors import UsageError
from grader.exports.entry import exported
from grader.exports.formats import Export, Order, check, find, names, rows_of
from grader.files.writing import draft_of
from grader.text.shown import escaped, plural


@click.command(epilog="Example: shardlab export tp-sharding --to canvas grades.csv")
@click.argument("arguments", nargs=-1, required=True, metavar="[LAB] FILE")
@click.option("--to", "form", type=click.Choice(names()), required=True,
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
    made_by = find(form)
    assert made_by is not None, "the option's type has found it"
    sheet, titles = _read(template), columns_of(columns, labs)
    check(form, made_by, [each.slug for each in labs], template=sheet, columns=titles)
    with shell.gradebook_of(context, db) as book:
        grades = [each for lab in labs for each in book.grades(lab, course.deadline(lab.slug))]
    order = Order(
        labs=tuple(map(exported, labs)),
        rows=tuple(rows_of(grades, student, published=published)),
        template=sheet,
        columns=titles,
        single=student is not None,
    )
    made = made_by.make(order)
    for line in (*made.notes, *made.unplaced):
        _say_note(line)
    write_export(target, made)
    shell.say(f"Wrote {target}: {plural(made.written, 'score')} of "
              f"{', '.join(lab.slug for lab in labs)}.")  # fmt: skip
    if made.notes or made.unplaced:
        shell.say(f"{len(made.notes) + len(made.unplaced)} remarks: see above.")
    if made.unplaced:
        shell.finish(shell.FALLS_SHORT)


def write_export(target: Path, made: Export) -> None:
    """Writes the file or the folder, whole or not at all; a folder must be new or empty."""
    if isinstance(made.content, str):
        shell.write_text(target, made.content)
    else:
        _write_folder(target, made.content)


def _write_folder(target: Path, files: Mapping[str, str]) -> None:
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


def columns_of(given: Sequence[str], labs: Sequence[Lab]) -> dict[str, str]:
    """`LAB=TITLE` options by lab."""
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
    try:
        return path.read_bytes() if path is not None else None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None


def _say_note(line: str) -> None:
    """A remark on standard error, in lines of 80 columns; names can't steer the terminal."""
    for part in textwrap.wrap(escaped(line), 78, subsequent_indent="  "):
        click.echo(part, err=True)


COMMANDS = (export,)
