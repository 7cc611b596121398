"""What a grading command does, lab by lab, and what it says of it."""

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from grader.cli import lms, results, shell
from grader.cli.examining import examine_all, loses
from grader.cli.group import Exit
from grader.cli.outcomes import Outcomes
from grader.cli.sure import asker
from grader.course import Course, Lab
from grader.errors import CourseError, SandboxError
from grader.gradebook.judged import stale_words
from grader.gradebook.rows import Attempt
from grader.gradebook.store import Gradebook
from grader.grading import OpenWorkers, Settings, in_order
from grader.grading.pending import Backlog, Named, grade_pending, results_to_show
from grader.intake.admission import Strangers
from grader.intake.finds import Intake
from grader.intake.places import place_of
from grader.intake.taking import take_in
from grader.results import WITHHELD, Result
from grader.sandbox import Level, check_installed
from grader.submissions import Submission, read_submissions
from grader.text.shown import plural


@dataclass
class Run:
    """What `grade` and `regrade` do, lab by lab, and what they say of it."""

    course: Course
    level: Level
    open_workers: OpenWorkers
    live: bool = False
    messages: bool = False
    table: bool = True
    strangers: Strangers | None = None
    yes: bool = False  # whether to take what looks like another lab's
    staff: bool = False  # whether hidden cases are shown, which is printed and not recorded
    shown: list[tuple[Lab, Named]] = field(default_factory=list)
    failed: bool = False  # whether a lab could not be graded at all
    refused: bool = False  # whether something that was handed in could not be taken
    examined: list[dict[str, Any]] = field(default_factory=list)
    stale: dict[str, dict[int, str]] = field(default_factory=dict)  # why, by lab and attempt
    ids: dict[tuple[str, str], int] = field(default_factory=dict)  # of what is shown in a lab

    def check_installed(self, slug: str) -> None:
        """Refuses once what else would be a fault for each submission."""
        check_installed(self.course.lab(slug).assignment.preload)

    def unrecorded(self, slug: str, paths: Sequence[Path], student: str | None) -> None:
        """Grades what is at the paths, all of it, and records nothing."""
        settings = self.settings(slug)
        submissions = read_submissions(settings.lab, paths)
        if student is not None:
            submissions = [replace(each, student=student) for each in submissions]
        self._announce(slug, len(submissions), "Nothing is recorded.")
        started, graded = time.monotonic(), []
        if submissions:
            with results.progress() as progress, self.open_workers(settings) as workers:
                progress.start(len(submissions))
                graded = in_order(workers, submissions, lambda _: progress.step())
        named = [(result.submission, result) for result in graded]
        self._tell(settings.lab, named, len(named), time.monotonic() - started)
        if self.staff:
            each = zip(named, submissions, strict=True)
            self._examine(settings, ((name, one) for (name, got), one in each if loses(got)))

    def recorded(self, book: Gradebook, slug: str | None, paths: Sequence[Path] | None) -> None:
        """Takes in what is at the paths, if any were given, and grades what has no result."""
        if paths is not None:
            for each, attempts in self._received(book, slug, paths).items():
                self.pending(book, each, {attempt.id for attempt in attempts}, attempts)
        elif slug is not None:
            self.pending(book, slug, None)
        else:
            self._everything(book)

    def _everything(self, book: Gradebook) -> None:
        """Every lab with something to do; one that can't be graded here keeps back no other."""
        failed = dict[str, list[str]]()
        for slug in self.course.slugs:
            try:
                self.pending(book, slug, None, quiet=True)
            except (CourseError, SandboxError) as error:
                failed.setdefault(str(error), []).append(slug)
        left = len(self.course.slugs) - sum(map(len, failed.values()))
        for why, slugs in failed.items():
            rest = "; the other labs are graded" if left else ""
            shell.say_error(f"{', '.join(slugs)}: {why}{rest}")
        self.failed = bool(failed)
        if not self.failed and not any(named for _, named in self.shown):
            shell.say("Nothing to grade: every submission has a result.")

    def _received(
        self, book: Gradebook, slug: str | None, paths: Sequence[Path]
    ) -> dict[str, list[Attempt]]:
        """The attempts at the paths, by lab, in their order; what is refused is told.

        In plain files and folders whatever has a name is an attempt, with its problem if it
        can't be read: it is graded like any other. Bundles and downloads are collected.
        """
        now, outcomes = datetime.now(UTC), Outcomes()
        intake = book.intakes.begin(place_of(paths, slug))
        ids: dict[str, list[int]] = {slug: []} if slug else {}
        for each in take_in(
            self.course,
            book,
            paths,
            lab=slug,
            strangers=self.strangers,
            as_named=True,
            lms=lms.told(self.course, slug),
            notebook=lms.notebook_reader(),
            sure=asker(yes=self.yes),
            intake=intake,
            now=now,
        ):
            outcomes.add(each)
            if isinstance(each, Intake):
                ids.setdefault(each.lab, []).append(each.attempt)
        outcomes.say_aside(self.course.zone)
        lms.say_times(self.course, outcomes.taken_in)
        if outcomes.new:
            shell.say(f"Taken in as {intake}; take it back with: shardlab collect --undo {intake}")
        self.refused |= bool(outcomes.refused or outcomes.aside)
        by_id = {each.id: each for each in book.attempts(slug)} if ids else {}
        return {
            lab: [by_id[each] for each in some if each in by_id]  # not those that are void
            for lab, some in ids.items()
        }

    def pending(
        self,
        book: Gradebook,
        slug: str,
        only: set[int] | None,
        asked: Sequence[Attempt] | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        """Grades what has no result; shows the results of `asked`, or of what was graded.

        A result that is stale stays, and is told. When quiet, says nothing where there is nothing
        to do.
        """
        backlog = Backlog.unjudged(book, self.settings(slug), only)
        self._grade(backlog, asked, quiet=quiet)
        ids = {each.id for each in asked} if asked is not None else None
        stale = backlog.stale()
        self.stale[slug] = {n: why for n, why in stale.items() if ids is None or n in ids}
        if told := stale_words(slug, self.stale[slug].values()):
            shell.say(*shell.folded(told, width=80))

    def regrade(self, book: Gradebook, slug: str, only: set[int] | None) -> None:
        """Grades what has no result of the present suite, engine, points and isolation."""
        self._grade(Backlog.of(book, self.settings(slug), only), None)

    def _grade(
        self, backlog: Backlog, asked: Sequence[Attempt] | None, *, quiet: bool = False
    ) -> None:
        book, settings, total = backlog.book, backlog.settings, len(backlog.attempts)
        slug = settings.lab.slug
        if total:
            self.check_installed(slug)
        if total or asked is not None:
            have = len(asked or ()) - total
            self._announce(slug, total, f"{have} have results already." if have > 0 else "")
            if total:
                shell.say("Interrupt is safe; run again to resume.")
        elif not quiet:
            shell.say(f"Nothing to grade in {slug}: every submission has a result.")
        started, fresh = time.monotonic(), dict[int, Result]()
        if total:
            with (
                results.progress() as progress,
                self.open_workers(settings) as workers,
                closing(grade_pending(backlog, workers)) as graded,
            ):
                progress.start(total)
                for attempt, result in graded:
                    fresh[attempt.id] = result
                    progress.step()
        seconds = time.monotonic() - started
        if elsewhere := total - len(fresh):
            shell.say(f"{elsewhere} are graded by another run on this gradebook.")
        shown = results_to_show(book, settings.lab, fresh, asked)
        self.ids |= {(slug, name): each.id for name, each, _ in shown}
        self._tell(settings.lab, [(name, got) for name, _, got in shown], len(fresh), seconds)
        if self.staff:
            lost = ((name, book.submission(each)) for name, each, got in shown if loses(got))
            self._examine(settings, lost)

    def settings(self, slug: str) -> Settings:
        """What every worker needs to know to grade this lab."""
        return Settings(self.course.lab(slug), self.level, live=self.live)

    def _announce(self, slug: str, count: int, more: str) -> None:
        level = self.level
        stamp = "" if level is Level.FULL else "  NOT FULL ISOLATION"
        isolation = f"Isolation level {int(level)} ({level.word}).{stamp}"
        what = f"{plural(count, 'submission')} of {slug}"
        shell.say(f"{isolation} Grading {what}. {more}".rstrip())

    def _tell(self, lab: Lab, named: Named, fresh: int, seconds: float) -> None:
        """The table and the sum of a lab that has something to show."""
        self.shown.append((lab, named))
        if named and self.table:
            results.print_table(named, messages=self.messages)
        if named:
            shell.say(results.summary([each for _, each in named], seconds, fresh))

    def _examine(self, settings: Settings, lost: Iterable[tuple[str, Submission]]) -> None:
        seen = examine_all(settings, lost)
        self.examined += [{"lab": settings.lab.slug, **each} for each in seen]

    def as_data(self, slug: str | None) -> dict[str, Any]:
        """One lab's results, or those of each lab where none was named."""
        data = [
            {
                "lab": lab.slug,
                "isolation": self.level.word,
                "suite": lab.suite_digest,
                "results": [
                    {
                        **to_builtins(each),
                        "submission": name,
                        "stale": self._why_stale(lab.slug, name),
                    }
                    for name, each in named
                ],
            }
            for lab, named in self.shown
        ]
        told = data[0] if slug else {"labs": data}
        return {**told, "staff": self.examined} if self.staff else told

    def _why_stale(self, slug: str, name: str) -> str:
        return self.stale.get(slug, {}).get(self.ids.get((slug, name), 0), "")

    def finish(self) -> None:
        """Ends the command with 3 where a fault of ours withheld a score, 1 where work is left."""
        withheld = any(each.status == WITHHELD for _, named in self.shown for _, each in named)
        if self.failed or withheld:
            shell.finish(Exit.OUR_FAULT)
        if self.refused:
            shell.finish(Exit.FALLS_SHORT)
