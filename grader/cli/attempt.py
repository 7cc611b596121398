"""The command on a student's attempts: attempt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click

from grader.cli import shell
from grader.cli.book import gradebook
from grader.errors import UsageError
from grader.gradebook.late import time_shown
from grader.gradebook.people import People
from grader.gradebook.rows import Attempt, Grade, GradedAttempt, Student
from grader.gradebook.store import Gradebook
from grader.gradebook.voids import Void
from grader.intake.bundle import short_code
from grader.text.shown import one_line, plural
from grader.text.times import minute, stamp_shown

_INDENT = " " * 5


@click.command(epilog="Example: shardlab attempt tp-sharding s041 2 --void --reason 'wrong lab'")
@shell.lab_argument
@click.argument("student")
@click.argument("number", type=int, required=False, metavar="[N]")
@click.option("--void", "do", flag_value="void", help="Attempt N does not count, for good.")
@click.option("--unvoid", "do", flag_value="unvoid", help="Attempt N counts again.")
@click.option("--share-with", metavar="ID", help="Attempt N is this student's, too.")
@click.option("--unshare", metavar="ID", help="Attempt N is this student's no longer.")
@click.option("--reason", default="", help="Why; it stands in the record.")
@click.option("--as", "author", default="", metavar="NAME", help="Who decides, if it is not you.")
@shell.db_option
@shell.json_option
def attempt(
    slug: str,
    student: str,
    number: int | None,
    *,
    do: str | None,
    share_with: str | None,
    unshare: str | None,
    reason: str,
    author: str,
    db: str | None,
    json_path: Path | None,
) -> None:
    """Show a student's attempts, or say which of them count.

    A void attempt is kept, but neither graded nor shown as a grade, and the numbers of the others
    stay. Collected again it is void still. What a group hands in is one attempt that its members
    share; who does was settled when it was taken in, and is changed here.
    """
    asked = [each for each in (do, share_with, unshare) if each]
    if len(asked) > 1:
        raise click.UsageError("one change at a time: --void, --unvoid, --share-with or --unshare")
    if asked and number is None:
        raise click.UsageError("say which attempt: LAB STUDENT N")
    if asked and do != "unvoid" and not reason.strip():
        raise click.UsageError("a change needs its --reason, which stands in the record")
    course = shell.course()
    lab, deadline = course.lab(slug), course.deadline(slug)
    with gradebook(course, db) as book:
        shown = _Shown.of(book, book.grade(student, lab, deadline))
        chosen = shown.only(number, student)
        if asked:
            (one,) = chosen
            by = {"reason": reason, "author": author}
            if do:
                (book.voids.add if do == "void" else book.voids.lift)(one, **by)
            else:
                change = book.groups.share if share_with else book.groups.unshare
                change(one, share_with or unshare or "", **by)
            shown = _Shown.of(book, book.grade(student, lab, deadline))
            chosen = [each for each in shown.attempts if each.id == one.id]
    shell.say(*shown.lines(chosen))
    if asked:
        shell.say(_way_back(slug, student, number, do, share_with, unshare))
    rows = [shown.as_data(each) for each in chosen]
    shell.write_json(json_path, {"lab": slug, "student": shown.grade.student, "attempts": rows})


@dataclass(frozen=True)
class _Shown:
    """A student's attempts in one lab, void ones too, with what is known of each."""

    grade: Grade
    attempts: Sequence[Attempt]
    voids: Mapping[int, Void]
    shares: Mapping[int, tuple[str, ...]]
    people: People
    zone: tzinfo

    @classmethod
    def of(cls, book: Gradebook, grade: Grade) -> "_Shown":
        people, shares = book.roster.people(), book.groups.of(grade.lab)
        own = [
            each
            for each in book.attempts(grade.lab, with_void=True)
            if any(
                people.owner(whose).key == grade.student.key
                for whose in (each.student, *shares.get(each.id, ()))
            )
        ]
        return cls(grade, own, book.voids.of(grade.lab), shares, people, book.zone)

    def only(self, number: int | None, name: str) -> list[Attempt]:
        """All, or the one with this number; UsageError if there is none, or more than one.

        Of equal numbers it is that of the record which was named, be it merged into another.
        """
        if number is None:
            return list(self.attempts)
        record = self.people.record(name) or self.grade.student
        found = [each for each in self.attempts if each.number == number]
        own = [each for each in found if each.student == record.key]
        if len(own or found) == 1:
            return own or found
        who, have = self.grade.student.id, ", ".join(str(each.number) for each in self.attempts)
        if not found:
            had = f"they have: {have}" if have else "they have none"
            raise UsageError(f"{who} has no attempt {number} at {self.grade.lab}; {had}")
        others = " or ".join(self.people.owner(each.student).id for each in found)
        raise UsageError(f"{who} shares in attempt {number} of {others}; name one of these instead")

    def lines(self, chosen: Sequence[Attempt]) -> Iterator[str]:
        student = self.grade.student
        name = f" ({one_line(student.name)})" if student.name else ""
        count = plural(len(self.attempts), "attempt")
        yield f"{self.grade.lab}, {one_line(student.id)}{name}: {count}"
        for each in chosen:
            word = f" ({each.time_from})" if each.time_from and each.submitted_at else ""
            when = f"{time_shown(self._graded(each) or GradedAttempt(each), self.zone)}{word}"
            number = each.numbered.removeprefix("#")
            yield f"{number:>3}  {when}  {short_code(each.digest)}  {self.state(each)}"
            for more in self._more(each):
                yield from shell.folded(more, _INDENT, _INDENT, whole=True)

    def state(self, attempt: Attempt) -> str:
        """`void`, or its score and whether it counts."""
        if attempt.id in self.voids:
            return "void"
        graded = self._graded(attempt)
        score = "not graded" if graded is None or graded.score is None else f"{graded.score} points"
        counts = self.grade.counts is not None and self.grade.counts.attempt.id == attempt.id
        return f"{score}, counts" if counts else score

    def as_data(self, attempt: Attempt) -> dict[str, Any]:
        graded, void = self._graded(attempt), self.voids.get(attempt.id)
        return {
            "attempt": attempt,
            "score": graded.score if graded else None,
            "counts": self.state(attempt).endswith("counts"),
            "void": void,
            "students": [each.id for each in self._whose(attempt)],
        }

    def _more(self, attempt: Attempt) -> Iterator[str]:
        if (void := self.voids.get(attempt.id)) is not None:
            why = "its collect was taken back" if void.by_undo else one_line(void.reason)
            yield f"void since {minute(void.at, self.zone)}, by {one_line(void.author)}: {why}"
        if attempt.problem:
            yield one_line(attempt.problem)
        whose = self._whose(attempt)
        if len(whose) > 1:
            yield f"of {', '.join(one_line(each.id) for each in whose)}"
        number = f"; collected as {attempt.intake}" if attempt.intake else ""
        yield f"from {stamp_shown(one_line(attempt.source), self.zone) or 'a file'}{number}"

    def _graded(self, attempt: Attempt) -> GradedAttempt | None:
        return next((each for each in self.grade.attempts if each.attempt.id == attempt.id), None)

    def _whose(self, attempt: Attempt) -> list[Student]:
        """Whoever handed it in, and then those who share in it."""
        keys = (attempt.student, *self.shares.get(attempt.id, ()))
        return list({each.key: each for each in map(self.people.owner, keys)}.values())


def _way_back(
    slug: str,
    student: str,
    number: int | None,
    do: str | None,
    share_with: str | None,
    unshare: str | None,
) -> str:
    back = {
        "void": "--unvoid",
        "unvoid": "--void --reason R",
        None: f"--unshare {share_with} --reason R" if share_with
        else f"--share-with {unshare} --reason R",
    }[do]  # fmt: skip
    return f"Taken back with: shardlab attempt {slug} {student} {number} {back}"
