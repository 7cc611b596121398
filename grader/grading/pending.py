"""Grades what has no result yet: from the gradebook, through workers, into the gradebook.

A key stands for all that a result depends on: the submission's content, the suite with its
assignment, the engine, the student's seed and the level of isolation. An attempt with a result is
done: an interrupted run goes on where it was. One whose result is of another key is stale, and is
graded again where that is asked for, so that a score never changes by itself. A run claims a few
keys at a time, so that several runs share one gradebook. Each result is recorded as it comes, so a
run that is killed loses only what was under way.
"""

import threading
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from grader.course import Lab
from grader.errors import StoreError
from grader.gradebook.database import in_chunks
from grader.gradebook.judged import Present
from grader.gradebook.rows import Attempt
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.grading.stream import Workers, stream
from grader.grading.work import Settings
from grader.judge import ENGINE
from grader.results import Result
from grader.submissions import Submission

Named = Sequence[tuple[str, Result]]  # results, each with the name to show it by
_CLAIMED_AT_ONCE = 16
_BEAT_S = 5.0
_LAST_BEAT_S = 5.0  # where the gradebook is out of reach, a beat may take a minute


@dataclass(frozen=True)
class Backlog:
    """A lab's attempts without a result for their present key, in the order to grade them."""

    book: Gradebook
    settings: Settings
    attempts: Sequence[Attempt]
    generations: dict[int, int]

    @classmethod
    def of(
        cls, book: Gradebook, settings: Settings, only: Collection[int] | None = None
    ) -> "Backlog":
        """All without a result for their present key; with `only`, the attempts with these ids."""
        slug = settings.lab.slug
        empty = cls(book, settings, (), book.generations(slug))
        return empty._with(book.pending(slug, empty.key), only)

    @classmethod
    def planned(
        cls, book: Gradebook, settings: Settings, only: Collection[int] | None = None
    ) -> "Backlog":
        """The same as `of`, to be looked at: nothing is written."""
        slug = settings.lab.slug
        empty = cls(book, settings, (), book.generations(slug))
        return empty._with(book.regrades.missing(slug, empty.key), only)

    @classmethod
    def unjudged(
        cls, book: Gradebook, settings: Settings, only: Collection[int] | None = None
    ) -> "Backlog":
        """Only those without any result: what has one, however old, is for `of` to regrade."""
        slug = settings.lab.slug
        empty = cls(book, settings, (), book.generations(slug))
        return empty._with(book.regrades.unjudged(slug, empty.key), only)

    def _with(self, pending: Sequence[Attempt], only: Collection[int] | None) -> "Backlog":
        if only is not None:
            # by key: of two attempts with the same content, only the first is listed
            every = self.book.attempts(self.settings.lab.slug)
            wanted = {self.key(each) for each in every if each.id in only}
            pending = [each for each in pending if self.key(each) in wanted]
        return replace(self, attempts=_in_turn(pending))

    def stale(self) -> dict[int, str]:
        """What is stale of the results that are there, by the attempt's id, as this run sees it."""
        lab = self.settings.lab
        present = Present.of(lab, self.settings.level.word, self.engine)
        return self.book.regrades.stale(lab, self.key, present)

    @property
    def engine(self) -> str:
        """What judges; a live run on a GPU counts as another engine."""
        return f"{ENGINE}+live" if self.settings.live else ENGINE

    def key(self, attempt: Attempt) -> str:
        """The key under which the attempt's result is, or will be, recorded."""
        lab, level = self.settings.lab, self.settings.level
        seed, generation = lab.seed(attempt.student), self.generations.get(attempt.id, 0)
        return key_of(attempt, lab.suite_digest, self.engine, seed, level.word, generation)


def grade_pending(backlog: Backlog, workers: Workers) -> Generator[tuple[Attempt, Result]]:
    """Yields each attempt of the backlog with its result once that is recorded.

    An attempt that another run has claimed or finished is left out. A caller that may stop early
    closes this generator (`contextlib.closing`), which gives the claims back.

    Raises:
        StoreError: the gradebook was out of reach for longer than its patience. What was
            recorded stays; the next run does the rest.
    """
    if not backlog.attempts:
        return
    with _Run(backlog) as run:
        for index, result in stream(workers, run.submissions()):
            attempt = run.taken[index]
            if run.record(attempt, result):
                yield attempt, result


def results_to_show(
    book: Gradebook, lab: Lab, fresh: Mapping[int, Result], asked: Sequence[Attempt] | None
) -> list[tuple[str, Attempt, Result]]:
    """The results of what was asked for, else the fresh ones, with the names to show them by.

    That is the student's; where only some attempts are shown, with the number of one of several.
    """
    if asked is None:
        attempts, known = book.attempts(lab.slug, present=True), dict[int, Result]()
        several = Counter(each.owner for each in attempts)
    else:
        attempts, several = list({each.id: each for each in asked}.values()), Counter()
        graded = (each for grade in book.grades(lab) for each in grade.attempts)
        known = {each.attempt.id: each.result for each in graded if each.result is not None}
    found = known | dict(fresh)
    return [
        (f"{each.called} {each.numbered}" if several[each.owner] > 1 else each.called, each, got)
        for each in attempts
        if (got := found.get(each.id)) is not None
    ]


def _in_turn(pending: Sequence[Attempt]) -> list[Attempt]:
    """First everyone's newest attempt, then the next: one student's many attempts delay nobody."""
    turns = Counter[str]()
    turn: dict[int, int] = {}
    for attempt in reversed(pending):
        turn[attempt.id] = turns[attempt.owner]
        turns[attempt.owner] += 1
    return sorted(pending, key=lambda each: (turn[each.id], each.id))


class _Run:
    """One run in the gradebook: claims keys as it hands them out, and beats until it is over."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog, self._book = backlog, backlog.book
        self.taken: list[Attempt] = []
        self._number = self._book.runs.begin()
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_S):
            with suppress(StoreError):  # recording says so, and waits or gives up
                self._book.runs.beat(self._number)

    def submissions(self) -> Iterator[Submission]:
        """Yields submissions to grade, claimed a few at a time."""
        key = self._backlog.key
        for some in in_chunks(self._backlog.attempts, _CLAIMED_AT_ONCE):
            mine = self._book.runs.claim(self._number, {key(each) for each in some})
            for attempt in some:
                if key(attempt) in mine:
                    self.taken.append(attempt)
                    yield self._book.submission(attempt)

    def record(self, attempt: Attempt, result: Result) -> bool:
        """Records the result; False if another run was faster."""
        settings = self._backlog.settings
        return self._book.record(
            attempt,
            self._backlog.key(attempt),
            result,
            suite=settings.lab.suite_digest,
            engine=self._backlog.engine,
            isolation=settings.level.word,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._heart.join(_LAST_BEAT_S)  # it uses the gradebook, which may be closed next
        self._book.runs.end(self._number)
