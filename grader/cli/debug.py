"""The command that shows staff why a hidden case was lost: debug."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from grader.cli import examining, shell
from grader.cli.book import gradebook
from grader.cli.group import Exit
from grader.cli.levels import isolation_option, required_level, say_level
from grader.course import Course, Lab
from grader.errors import UsageError
from grader.gradebook.rows import Attempt
from grader.gradebook.store import url_of
from grader.judge import Judge
from grader.judge.examining import chosen, examine, seed_of
from grader.sandbox import Level, check_installed
from grader.submissions import Submission, read_submissions
from grader.text.shown import one_line
from grader.text.times import minute_or_unknown


@click.command(epilog="Example: shardlab debug tp-sharding s041.py row-linear")
@shell.lab_argument
@click.argument("file")
@click.argument("case", required=False)
@click.option(
    "--seed",
    metavar="SEED",
    help="Draw the inputs from this seed, as 'grade --seed-for' prints it, or as this student's.",
)
@click.option(
    "--student", metavar="ID", help="Whose work FILE is; else the one that its name says."
)
@isolation_option
@shell.db_option
@shell.json_option
def debug(
    slug: str,
    file: str,
    case: str | None,
    *,
    seed: str | None,
    student: str | None,
    isolation: Level | None,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Show staff why hidden cases are lost: inputs, expected, got.

    FILE is a file, or an attempt in the gradebook: s041 is the newest of student s041, s041-2 the
    second. CASE is a rubric item, a test, a case, or a part of such a name; without it, the
    cases are run as grading runs them: an item is lost at its first lost case. A fault of the
    suite is shown with its traceback. Nothing of this is recorded, and students see none of it.
    """
    course = shell.course()
    lab = course.lab(slug)
    level = required_level(isolation)
    submission, what = _submission(course, lab, file, student, db)
    check_installed(lab.assignment.preload)
    say_level(level)
    drawn_from = seed_of(lab, seed or submission.student)
    shell.say(f"{what}. For staff only: hidden inputs. Nothing is recorded.")
    shell.say(f"Seed: {drawn_from.hex()}")
    choose = partial(chosen, wanted=case) if case is not None else lambda _: None
    with Judge(lab, level) as judge:
        seen = examine(judge, submission, drawn_from, choose)
    whose = f"the inputs of {one_line(submission.student)}" if seed is None else f"seed {seed}"
    examining.say_examined(seen, whose)
    about = {"lab": slug, "submission": submission.name, "isolation": level.word}
    shell.write_json(json_path, {**about, **examining.as_data(seen)})
    if examining.faulty(seen):
        shell.finish(Exit.OUR_FAULT)
    passed = seen.run and not seen.lost and not seen.waiting
    shell.finish(Exit.DONE if passed else Exit.FALLS_SHORT)


def _submission(
    course: Course, lab: Lab, file: str, student: str | None, db: str | None
) -> tuple[Submission, str]:
    """What FILE names, as its student's, and in words what that is."""
    path = Path(file)
    if path.exists() or path.is_symlink():
        found = read_submissions(lab, [path])
        if len(found) != 1:
            count = "no submission" if not found else f"{len(found)} submissions"
            raise UsageError(f"{one_line(file)} holds {count} of {lab.slug}; name one file")
        submission, what = found[0], f"{lab.slug}, {one_line(file)}"
    else:
        submission, what = _attempt(course, lab, file, db)
    return (replace(submission, student=student) if student else submission), what


def _attempt(course: Course, lab: Lab, name: str, db: str | None) -> tuple[Submission, str]:
    """The attempt of that name in the gradebook, `s041` or `s041-2`."""
    url = url_of(course.root, db)
    attempts: list[Attempt] = []
    if "://" in url or Path(url).exists():  # to open one would make it
        with gradebook(course, db) as book:
            attempts = book.attempts(lab.slug)
            if found := _newest(attempts, name):
                what = f"{lab.slug}, attempt {found.number} of {one_line(found.student)}"
                return book.submission(found), f"{what}, {minute_or_unknown(found.submitted_at)}"
    raise UsageError(_not_found(lab, name, attempts))


def _newest(attempts: list[Attempt], name: str) -> Attempt | None:
    """The attempt with this name; of a student, whose id may end in a number, too, the newest."""
    if own := [each for each in attempts if each.student == name]:
        return max(own, key=lambda each: each.number)
    return next((each for each in attempts if f"{each.student}-{each.number}" == name), None)


def _not_found(lab: Lab, name: str, attempts: list[Attempt]) -> str:
    student, _, number = name.rpartition("-")
    numbers = [each.number for each in attempts if each.student == student]
    if numbers and number.isdigit():
        return f"{student} has {len(numbers)} attempts at {lab.slug}, and no number {number}"
    return (
        f"{one_line(name)}: no such file, and no attempt of that name in the gradebook; "
        f"see who there is: shardlab grades {lab.slug}"
    )
