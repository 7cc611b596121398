"""The command that shows staff why a hidden case was lost: debug."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
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
from grader.gradebook.store import Gradebook, url_of
from grader.judge import Judge
from grader.judge.examining import PATIENCE_S, chosen, examine, is_seed, seed_of
from grader.sandbox import Level, check_installed
from grader.submissions import Submission, read_submissions
from grader.text.shown import one_line, plural
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
    submission, what, drawn_from = _asked(course, lab, file, student, seed, db)
    check_installed(lab.assignment.preload)
    say_level(level)
    shell.say(f"{what}.", "For staff only: hidden inputs are shown. Nothing is recorded.")
    shell.say(f"Seed: {drawn_from.hex()}")
    choose = partial(chosen, wanted=case) if case is not None else lambda _: None
    with Judge(lab, level, patience_s=PATIENCE_S) as judge:
        seen = examine(judge, submission, drawn_from, choose)
    given = seed or student or submission.student
    whose = "this seed" if drawn_from.hex() == given.lower() else f"the inputs of {one_line(given)}"
    examining.say_examined(seen, whose)
    about = {"lab": slug, "submission": submission.name, "isolation": level.word}
    shell.write_json(json_path, {**about, **examining.as_data(seen)})
    if examining.faulty(seen):
        shell.finish(Exit.OUR_FAULT)
    passed = seen.run and not seen.lost and not seen.waiting
    shell.finish(Exit.DONE if passed else Exit.FALLS_SHORT)


def _asked(
    course: Course, lab: Lab, file: str, student: str | None, seed: str | None, db: str | None
) -> tuple[Submission, str, bytes]:
    """What FILE names, as its student's; in words what that is; and the seed of the inputs.

    Inputs belong to the id under which a student was first known, whatever they are called now.
    """
    with ExitStack() as stack:
        book = _book(stack, course, db)
        first = book.roster.people().keys if book else {}
        path = Path(file)
        if path.exists() or path.is_symlink():
            submission, what = _at(lab, path), f"{lab.slug}, {one_line(file)}"
        else:
            submission, what = _attempt(book, lab, file, first)
    who = student or submission.student
    drawn_for = seed or who
    if first and drawn_for not in (*first, *first.values()) and not is_seed(drawn_for):
        shell.say(
            f"Note: nobody in the gradebook is called {one_line(drawn_for)}; "
            "the inputs are drawn for that name all the same."
        )
    known = replace(submission, student=first.get(who, who))
    return known, what, seed_of(lab, first.get(drawn_for, drawn_for))


def _book(stack: ExitStack, course: Course, db: str | None) -> Gradebook | None:
    """The gradebook, where there is one: to open one would make it."""
    url = url_of(course.root, db)
    there = "://" in url or Path(url).exists()
    return stack.enter_context(gradebook(course, db)) if there else None


def _at(lab: Lab, path: Path) -> Submission:
    """The one submission at the path."""
    found = read_submissions(lab, [path])
    if len(found) != 1:
        count = "no submission" if not found else plural(len(found), "submission")
        raise UsageError(f"{one_line(str(path))} holds {count} of {lab.slug}; name one file")
    return found[0]


def _attempt(
    book: Gradebook | None, lab: Lab, name: str, first: Mapping[str, str]
) -> tuple[Submission, str]:
    """The attempt of that name in the gradebook, `s041` or `s041-2`, and in words what it is."""
    attempts = book.attempts(lab.slug) if book else []
    found = _named(attempts, name, first)
    if book is None or found is None:
        raise UsageError(_not_found(lab, name, attempts, first))
    at = minute_or_unknown(found.submitted_at, book.zone)
    return book.submission(
        found
    ), f"{lab.slug}, attempt {found.number} of {one_line(found.called)}, {at}"


def _named(attempts: Sequence[Attempt], name: str, first: Mapping[str, str]) -> Attempt | None:
    """The newest attempt of a student of that id, else the one of that student and number."""
    key = first.get(name, name)
    if own := [each for each in attempts if key in {each.student, each.owner}]:
        return own[-1]
    student, _, number = name.rpartition("-")
    both = (first.get(student, student), number)
    return next((each for each in attempts if (each.student, str(each.number)) == both), None)


def _not_found(lab: Lab, name: str, attempts: Sequence[Attempt], first: Mapping[str, str]) -> str:
    student, _, number = name.rpartition("-")
    count = sum(each.student == first.get(student, student) for each in attempts)
    if count and number.isdigit():
        return f"{student} has {plural(count, 'attempt')} at {lab.slug}, and no number {number}"
    return (
        f"{one_line(name)}: no such file, and no attempt of that name in the gradebook; "
        f"see who there is: shardlab grades {lab.slug}"
    )
