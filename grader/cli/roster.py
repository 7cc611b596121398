"""The commands on who takes part: roster list, add, rename, merge, split, drop, restore."""

from collections.abc import Mapping
from contextlib import nullcontext
from difflib import get_close_matches
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.cli.roster_file import say_way_back, take, told_of
from grader.course import Course, Lab
from grader.errors import UsageError
from grader.gradebook.enrolment import RosterEntry
from grader.gradebook.joining import RosterOutcome
from grader.gradebook.people import FACTS
from grader.gradebook.roster import problem_of
from grader.gradebook.rows import DROPPED, TAKEN, Grade, Student
from grader.gradebook.store import Gradebook
from grader.text.ids import student_id
from grader.text.shown import one_line, plural, shortened

_WIDTHS = {"id": 13, "name": 19, "email": 19, "group": 7, "lms_id": 7}


class _RosterGroup(click.Group):
    """A group in which a file's name stands for `take`, and nothing at all for `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self._meant(ctx, args), *args]
        return super().parse_args(ctx, args)

    def _meant(self, ctx: click.Context, args: list[str]) -> str:
        word = args[0] if args and not Path(args[0]).exists() else ""
        if near := get_close_matches(word, self.commands, 1):
            ctx.fail(f"No such command or file '{word}'. Did you mean '{near[0]}'?")
        try:
            _, left, _ = list_students.make_parser(ctx).parse_args(list(args))
        except click.UsageError:
            return "take"
        return "take" if left else "list"


@click.group(cls=_RosterGroup, epilog="Example: shardlab roster students.csv --dry-run")
def roster() -> None:
    """List students; add, rename, merge or drop them.

    Without a word, lists everyone. 'shardlab roster FILE.csv' takes everyone from a file: see
    'shardlab roster take --help'. Each change is undone by another, or by 'shardlab undo'.
    """


@roster.command("list", epilog="Example: shardlab roster list --json -")
@shell.db_option
@shell.json_option
def list_students(db: str | None, json_path: Path | None) -> None:
    """Show everyone: ids, name, address, group, number in the LMS, attempts."""
    with gradebook(shell.course(), db) as book:
        found = book.roster.entries()
    shell.say(_row({"id": "student", **{name: name for name in FACTS}}, "attempts"))
    for each in found:
        facts = {name: one_line(getattr(each.student, name)) for name in _WIDTHS}
        shell.say(_row(facts, str(each.attempts)))
        if remarks := "; ".join(_remarks(each)):
            shell.say(*shell.folded(remarks, " " * 4, " " * 4))
    dropped = sum(each.student.status == DROPPED for each in found)
    more = f", and {dropped} dropped" if dropped else ""
    shell.say(f"{plural(len(found) - dropped, 'student')}{more}.")
    shell.write_json(json_path, found)


def _row(facts: Mapping[str, str], attempts: str) -> str:
    cells = (f"{shortened(facts[name], width):<{width}}" for name, width in _WIDTHS.items())
    return f"{' '.join(cells)} {attempts:>8}".rstrip()


def _remarks(entry: RosterEntry) -> list[str]:
    student = entry.student
    others = [each for each in student.aliases if each not in entry.merged]
    remarks = [f"also {one_line(', '.join(others))}"] if others else []
    remarks += [f"merged: {one_line(', '.join(entry.merged))}"] if entry.merged else []
    remarks += ["taken in without a roster"] if student.status == TAKEN else []
    remarks += [f"dropped; back with: roster restore {one_line(student.id)}"] * (
        student.status == DROPPED
    )
    return remarks


roster.add_command(take)


# -- one by one ----------------------------------------------------------------------------


@roster.command(epilog="Example: shardlab roster add s041 --name 'Lovelace, Ada'")
@click.argument("student")
@click.option("--name", default="", help="The name; 'Last, First' says which is which.")
@click.option("--email", default="", help="The e-mail address.")
@click.option("--group", default="", help="The group that hands in together.")
@click.option("--lms-id", default="", help="The number in Canvas or Moodle.")
@shell.db_option
def add(student: str, name: str, email: str, group: str, lms_id: str, db: str | None) -> None:
    """Add one student, or change what is known of them.

    What is not given stays as it is. Undone by 'roster drop', or 'shardlab undo'.
    """
    one = Student(student_id(student), name, email, group, lms_id)
    if problem := problem_of(one):
        raise UsageError(problem)
    with gradebook(shell.course(), db) as book:
        outcome = book.roster.take([one])
    for _, problem in outcome.problems:
        raise UsageError(problem)
    _say_outcome_of_one(outcome, one)


def _say_outcome_of_one(outcome: RosterOutcome, student: Student) -> None:
    if not outcome.joining:
        shell.say(f"{one_line(student.id)} is on the roster already, just so.")
    for each in outcome.joining:
        shell.say(*shell.folded(told_of(each), rest=" " * 9))
    say_way_back(outcome.entry)


@roster.command(epilog="Example: shardlab roster rename 5903 s041")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@shell.db_option
def rename(old: str, new: str, db: str | None) -> None:
    """Give a student another id.

    Scores, receipts and hidden inputs stay as they are, and OLD means the student still. Undone
    by 'roster rename NEW OLD', or 'shardlab undo'.
    """
    with gradebook(shell.course(), db) as book:
        entry = book.roster.rename(old, student_id(new))
        people = book.roster.people()
    shell.say(f"{one_line(old)} is called {one_line(new)} now.")
    still = people.find(old)
    if still is None:
        shell.say(f"'{one_line(old)}' means nobody any more: {one_line(new)} had that id before.")
    say_way_back(entry)


@roster.command(epilog="Example: shardlab roster merge 5903 s041")
@click.argument("ghost", metavar="GHOST")
@click.argument("into", metavar="INTO")
@click.option("--dry-run", is_flag=True, help="Show what would follow, and change nothing.")
@shell.db_option
def merge(ghost: str, into: str, dry_run: bool, db: str | None) -> None:
    """Make all that is GHOST's another student's: they are one person.

    GHOST's attempts count among those of INTO, each graded with the hidden inputs that it was
    graded with. Undone by 'roster split GHOST', or 'shardlab undo'.
    """
    course = shell.course()
    with gradebook(course, db) as book:
        before = _grades(course, book)
        with book.rehearsal() if dry_run else nullcontext(book) as there:
            entry = there.roster.merge(ghost, into)
            after = _grades(course, there)
    told = "would be" if dry_run else "is"
    shell.say(f"{one_line(ghost)} {told} {one_line(into)} now.")
    _say_scores(course, before, after, (into, ghost))
    say_way_back(0 if dry_run else entry)


@roster.command(epilog="Example: shardlab roster split 5903")
@click.argument("ghost", metavar="GHOST")
@shell.db_option
def split(ghost: str, db: str | None) -> None:
    """Make a record that was merged a student of its own again.

    Undone by 'roster merge GHOST INTO', or 'shardlab undo'.
    """
    course = shell.course()
    with gradebook(course, db) as book:
        before = _grades(course, book)
        entry = book.roster.split(ghost)
        after = _grades(course, book)
    shell.say(f"{one_line(ghost)} is a student of its own again.")
    _say_scores(course, before, after, (ghost,))
    say_way_back(entry)


@roster.command(epilog="Example: shardlab roster drop s041")
@click.argument("student")
@shell.db_option
def drop(student: str, db: str | None) -> None:
    """Leave a student out of grades, exports and pages.

    Nothing that is theirs is lost; what they hand in is a stranger's. Undone by 'roster restore'.
    """
    with gradebook(shell.course(), db) as book:
        entry = book.roster.drop(student)
    shell.say(f"{one_line(student)} is dropped; all that is theirs is kept.")
    shell.say(f"Back with: shardlab roster restore {one_line(student)}")
    say_way_back(entry)


@roster.command(epilog="Example: shardlab roster restore s041")
@click.argument("student")
@shell.db_option
def restore(student: str, db: str | None) -> None:
    """Bring back a student who was dropped, with all that is theirs.

    Undone by 'roster drop'.
    """
    with gradebook(shell.course(), db) as book:
        entry = book.roster.restore(student)
    shell.say(f"{one_line(student)} is back, with all that is theirs.")
    say_way_back(entry)


_Grades = dict[str, dict[str, Grade]]  # by lab, and by every id that means the student


def _grades(course: Course, book: Gradebook) -> _Grades:
    def of(lab: Lab) -> dict[str, Grade]:
        grades = book.grades(lab, course.deadline(lab.slug))
        return {name: each for each in grades for name in (each.student.id, *each.student.aliases)}

    return {lab.slug: of(lab) for lab in course.labs()}


def _say_scores(course: Course, before: _Grades, after: _Grades, names: tuple[str, ...]) -> None:
    """`  ring  s041 90 (2 attempts), 5903 70 (1 attempt) -> s041 90 (3 attempts)`."""
    for slug in course.slugs:
        sides = [
            {grades[name].student.id: grades[name] for name in names if name in grades}
            for grades in (before[slug], after[slug])
        ]
        if any(each.attempts for side in sides for each in side.values()):
            told = " -> ".join(", ".join(map(_of_grade, side.values())) for side in sides)
            shell.say(*shell.folded(f"{slug}  {told}", "  ", "    "))


def _of_grade(grade: Grade) -> str:
    score = grade.status if grade.score is None else str(grade.score)
    return f"{one_line(grade.student.id)} {score} ({plural(len(grade.attempts), 'attempt')})"
