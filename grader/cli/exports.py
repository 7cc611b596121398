"""The command that takes grades to other systems: export."""

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.book import gradebook, stale_of
from grader.cli.group import Exit
from grader.course import Course, Lab
from grader.errors import CourseError, UsageError
from grader.exports.exported import early_zeros, exported, of_unknown_time
from grader.exports.formats import Export, ExportOrder, check, columns_of, find, names, rows_of
from grader.files.writing import write_folder
from grader.gradebook.store import Gradebook
from grader.text.shown import escaped, plural


@click.command(epilog="Example: shardlab export tp-sharding --to canvas grades.csv")
@click.argument("arguments", nargs=-1, required=True, metavar="[LAB] FILE")
@click.option(
    "--to",
    "form",
    type=click.Choice(names()),
    required=True,
    help="The system that the file is for; csv has everything.",
)
@click.option(
    "--template",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Canvas's gradebook or Moodle's grading worksheet, as downloaded: scores are filled "
    "in, all else stays.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="LAB=TITLE",
    help="What Canvas calls a lab, where it is not the lab's title.",
)
@click.option("--student", metavar="ID", help="Only this student's grade.")
@click.option("--published", is_flag=True, help="Only scores that students were told.")
@click.option(
    "--missing-as",
    type=click.Choice(["0"]),
    help="Give those who handed in nothing a 0; nobody else.",
)
@shell.db_option
def export(
    arguments: tuple[str, ...],
    form: str,
    template: Path | None,
    columns: tuple[str, ...],
    student: str | None,
    published: bool,
    missing_as: str | None,
    db: str | None,
) -> None:
    """Write grades for another system.

    Grades of all labs, or of one. A score that is withheld or not there yet is left out and
    named, never written as 0; --missing-as 0 writes one for work that was never handed in. Whoever
    has no place in the file is named, all others are written, and the command ends with 1. For
    Gradescope, FILE is a folder with a file for each student, or with --student one file.
    """
    *slugs, target = arguments
    if len(slugs) > 1:
        raise click.UsageError("Expected [LAB] FILE, got more.")
    course = shell.course()
    labs, broken = _labs(course, slugs)
    known = [lab.slug for lab in labs]
    made_by = find(form)
    assert made_by is not None, "the option's type has found it"
    sheet, titles = _read(template), columns_of(columns, known)
    check(form, made_by, known, template=sheet, columns=titles)
    with gradebook(course, db) as book:
        grades = [each for lab in labs for each in book.grades(lab, course.deadline(lab.slug))]
        ever = _ever(book, known)
    order = ExportOrder(
        labs=tuple(map(exported, labs)),
        rows=tuple(
            rows_of(
                grades,
                student,
                published=published,
                missing_as=None if missing_as is None else int(missing_as),
                handed_in=ever,
            )
        ),
        template=sheet,
        columns=titles,
        single=student is not None,
    )
    made = made_by.make(order)
    stale = [(lab.slug, [each for each in grades if each.lab == lab.slug]) for lab in labs]
    told = filter(None, (stale_of(slug, some) for slug, some in stale))
    early = early_zeros(order.rows, datetime.now(UTC), course.zone)
    of_times = of_unknown_time(order.rows)
    remarks = (*broken, *early, *of_times, *made.notes, *told, *made.unplaced)
    for line in remarks:
        _say_remark(line)
    _write(Path(target), made)
    shell.say(f"Wrote {target}: {plural(made.written, 'score')} of {', '.join(known)}.")
    if missing_as is not None:
        shell.say(f"{plural(made.zeros, 'zero')} among them, for work that was not handed in.")
    if remarks:
        shell.say(f"{plural(len(remarks), 'remark')}: see above.")
    if made.unplaced or broken:
        shell.finish(Exit.FALLS_SHORT)


def _labs(course: Course, slugs: Sequence[str]) -> tuple[list[Lab], list[str]]:
    """The labs that were named; without names all of the course, and why others can't be read."""
    if slugs:
        return shell.labs(course, slugs), []
    labs, broken = list[Lab](), list[str]()
    for slug in course.slugs:
        try:
            labs.append(course.lab(slug))
        except CourseError as error:
            broken.append(f"{slug}: no score of it is written: {error}")
    if not labs:
        raise CourseError("; ".join(broken))
    return sorted(labs, key=lambda lab: lab.assignment.order), broken


def _ever(book: Gradebook, slugs: Sequence[str]) -> set[tuple[str, str]]:
    """Everyone, by permanent id and lab, who ever handed in anything, also what is void now."""
    people, found = book.roster.people(), set[tuple[str, str]]()
    for slug in slugs:
        shares = book.groups.of(slug)
        for attempt in book.attempts(slug, with_void=True):
            whose = (attempt.student, *shares.get(attempt.id, ()))
            found |= {(people.owner(each).key, slug) for each in whose}
    return found


def _write(target: Path, made: Export) -> None:
    if isinstance(made.content, str):
        shell.write_text(target, made.content, made.encoding)
    else:
        texts = made.content.items()
        write_folder(target, {name: text.encode(made.encoding) for name, text in texts})


def _read(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None


def _say_remark(line: str) -> None:
    """A remark on standard error, in lines of 80 columns; names can't steer the terminal."""
    for part in textwrap.wrap(escaped(line), 78, subsequent_indent="  "):
        click.echo(part, err=True)
