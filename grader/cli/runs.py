"""What a grading command does, lab by lab, and what it says of it."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import results, shell
from grader.text.shown import plural

if TYPE_CHECKING:
    from grader.course import Course
    from grader.gradebook.rows import Attempt
    from grader.gradebook.store import Gradebook
    from grader.grading.pending import Crew
    from grader.judge import GradedLab
    from grader.results import Result
    from grader.sandbox import Level


@dataclass
class LabRun:
    """One lab's share of a run: what to show of it."""

    graded: "GradedLab"
    results: "list[Result]" = field(default_factory=list)
    fresh: int = 0
    seconds: float = 0.0


@dataclass
class Run:
    """What `grade` and `regrade` do, lab by lab, and what they say of it."""

    course: "Course"
    level: "Level"
    crew: "Crew"
    live: bool = False
    messages: bool = False
    table: bool = True
    labs: list[LabRun] = field(default_factory=list)
    failed: bool = False  # whether a lab could not be graded at all
    refused: bool = False  # whether something that was handed in could not be taken

    def check_installed(self, slugs: Iterable[str]) -> None:
        """Refuses once what else would be a fault a submission."""
        from grader.sandbox import check_installed

        for slug in slugs:
            check_installed(self.course.lab(slug).assignment.preload)

    def unrecorded(self, slug: str, paths: Sequence[Path], student: str | None) -> None:
        """Grades what is at the paths, all of it, and records nothing."""
        from grader.grading import Settings, stream
        from grader.submissions import read_submissions

        lab = self._lab(slug)
        submissions = read_submissions(lab.graded.lab, paths)
        if student is not None:
            submissions = [replace(each, student=student) for each in submissions]
        self._announce(slug, len(submissions), "Nothing is recorded.")
        found: dict[int, Result] = {}
        if submissions:
            settings = Settings(self.course.root, slug, self.level, live=self.live,
                                stamp=lab.graded.stamp)  # fmt: skip
            started = time.monotonic()
            with results.progress() as progress, self.crew(settings) as workers:
                progress.start(len(submissions))
                for index, result in stream(workers, submissions):
                    found[index] = result
                    progress.step()
            lab.seconds = time.monotonic() - started
        lab.results = [found[index] for index in range(len(submissions))]
        lab.fresh = len(submissions)
        self._tell(lab)

    def recorded(self, book: "Gradebook", slug: str | None, paths: Sequence[Path] | None) -> None:
        """Takes in what is at the paths, if any were given, and grades what has no result."""
        if paths is not None:
            for each, attempts in self._received(book, slug, paths).items():
                self.pending(book, each, {attempt.id for attempt in attempts}, attempts)
        elif slug is not None:
            self.pending(book, slug, None)
        else:
            self._everything(book)

    def _everything(self, book: "Gradebook") -> None:
        """Every lab with something to do; one that can't be graded here keeps back no other."""
        from grader.errors import CourseError, SandboxError

        for slug in self.course.slugs:
            try:
                self.pending(book, slug, None, quiet=True)
            except (CourseError, SandboxError) as error:
                click.echo(f"Error: {slug}: {error}; the other labs are graded", err=True)
                self.failed = True
        if not self.failed and not any(lab.fresh for lab in self.labs):
            shell.say("Nothing to grade: every submission has a result.")

    def _received(
        self, book: "Gradebook", slug: str | None, paths: Sequence[Path]
    ) -> "dict[str, list[Attempt]]":
        """The attempts at the paths, by lab, in their order; what is refused is told.

        In plain files and folders whatever has a name is an attempt, with its problem if it
        can't be read: it is graded like any other. Bundles and downloads are collected.
        """
        from grader.intake.collecting import is_plain
        from grader.intake.reception import Received, receive_from, receive_plain

        now = datetime.now(UTC)
        plain = [path for path in paths if slug and is_plain(self.course, path)]
        found: dict[str, list[Attempt]] = {slug: []} if slug else {}
        if slug and plain:
            lab = self.course.lab(slug)
            found[slug] += receive_plain(book, lab, plain, now=now)
        others = [path for path in paths if path not in plain]
        for each in receive_from(self.course, book, others, lab=slug, now=now) if others else ():
            if isinstance(each, Received):
                found.setdefault(each.found.lab, []).append(each.attempt)
            else:
                click.echo(f"Refused: {each.where}: {each.reason}", err=True)
                self.refused = True
        return found

    def pending(
        self,
        book: "Gradebook",
        slug: str,
        only: set[int] | None,
        shown: "Sequence[Attempt] | None" = None,
        *,
        quiet: bool = False,
    ) -> None:
        """Grades what has no result; shows the results of `shown`, or of what was graded.

        When quiet, says nothing where there is nothing to do.
        """
        from grader.grading.pending import mark

        lab = self._lab(slug)
        with results.progress() as progress:

            def start(total: int) -> None:
                if not total and shown is None:
                    if not quiet:
                        shell.say(f"Nothing to grade in {slug}: every submission has a result.")
                    return
                if total:
                    self.check_installed([slug])
                have = f"{len(shown) - total} have results already." if shown else ""
                self._announce(slug, total, have if shown and total < len(shown) else "")
                progress.start(total)

            marked = mark(
                book, self.course, slug, self.crew, level=self.level, only=only, live=self.live,
                on_start=start, on_result=lambda *_: progress.step(),
            )  # fmt: skip
        if marked.elsewhere:
            shell.say(f"{marked.elsewhere} are graded by another batch on this gradebook.")
        fresh = {attempt.id: result for attempt, result in marked.results}
        lab.seconds, lab.fresh = marked.seconds, len(fresh)
        lab.results = _named(book, self.course, slug, fresh, shown)
        self._tell(lab)

    def _lab(self, slug: str) -> LabRun:
        from grader.judge import GradedLab

        self.labs.append(LabRun(GradedLab.of(self.course, slug, live=self.live)))
        return self.labs[-1]

    def _announce(self, slug: str, count: int, more: str) -> None:
        level = self.level
        stamp = "" if level.word == "full" else "  NOT FULL ISOLATION"
        shell.say(f"Isolation level {int(level)} ({level.word}).{stamp} "
                  f"Grading {plural(count, 'submission')} of {slug}. {more}"
                  .rstrip())  # fmt: skip
        if count and not more.startswith("Nothing"):
            shell.say("Interrupt is safe; run again to resume.")

    def _tell(self, lab: LabRun) -> None:
        """The table and the sum of a lab that has something to show."""
        if lab.results and self.table:
            results.print_table(lab.results, messages=self.messages)
        if lab.results:
            shell.say(results.summary(lab.results, lab.seconds, lab.fresh))

    def as_data(self, slug: str | None) -> dict[str, Any]:
        """One lab's results, or those of each lab where none was named."""
        data = [
            {"lab": each.graded.lab.slug, "isolation": self.level.word,
             "suite": each.graded.suite, "results": each.results}
            for each in self.labs
        ]  # fmt: skip
        return data[0] if slug else {"labs": data}

    def finish(self) -> None:
        """Ends the command with 3 where a fault of ours withheld a score, 1 where work is left."""
        if self.failed or any(
            result.status == "withheld" for lab in self.labs for result in lab.results
        ):
            shell.finish(shell.OUR_FAULT)
        if self.refused:
            shell.finish(shell.FALLS_SHORT)


def _named(
    book: "Gradebook",
    course: "Course",
    slug: str,
    fresh: "dict[int, Result]",
    shown: "Sequence[Attempt] | None",
) -> "list[Result]":
    """The results to show, by the student's name; an attempt's number where it is not the only."""
    import msgspec

    known = {
        each.attempt.id: (each.attempt, each.result, len(grade.attempts))
        for grade in book.grades(course.lab(slug), course.deadline(slug))
        for each in grade.attempts
    }
    ids = [attempt.id for attempt in shown] if shown is not None else sorted(fresh)
    named = []
    for number in dict.fromkeys(ids):
        attempt, result, count = known[number]
        result = fresh.get(number, result)
        if result is not None:
            last = shown is not None or count == 1
            name = attempt.student if last else f"{attempt.student} #{attempt.number}"
            named.append(msgspec.structs.replace(result, submission=name))
    return named
