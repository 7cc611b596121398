"""Grades what has no result yet: from the gradebook, through workers, into the gradebook.

What a result depends on is its key: the submission's content, the suite with its assignment, the
engine, the student's seed and the level of isolation. An attempt that has a result for its present
key is done, so a run that was interrupted goes on where it was, and a changed suite regrades what
it must. A batch claims keys a few at a time, so that several share one gradebook; and each result
is recorded as it comes, so that an end at any moment loses only what was under way.
"""

import threading
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Self

from grader import __version__
from grader.course import Lab
from grader.errors import StoreError
from grader.gradebook.rows import Attempt
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.grading.stream import Workers, stream
from grader.grading.work import Settings
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
        """The backlog now; with `only`, of these attempts, by id."""
        slug = settings.lab.slug
        empty = cls(book, settings, (), book.generations(slug))
        pending = _in_turn(book.pending(slug, empty.key))
        if only is not None:
            # by key: of two attempts with the same content, only the first is listed
            wanted = {empty.key(each) for each in book.attempts(slug) if each.id in only}
            pending = [each for each in pending if empty.key(each) in wanted]
        return replace(empty, attempts=pending)

    @property
    def engine(self) -> str:
        """Version of what grades; a live run on a GPU is another engine."""
        return f"{__version__}+live" if self.settings.live else __version__

    def key(self, attempt: Attempt) -> str:
        """The key under which the attempt's result is, or will be, recorded."""
        lab = self.settings.lab
        return key_of(
            attempt,
            lab.suite_digest,
            self.engine,
            lab.seed(attempt.student),
            self.settings.level.word,
            self.generations.get(attempt.id, 0),
        )


def grade_pending(backlog: Backlog, workers: Workers) -> Generator[tuple[Attempt, Result]]:
    """Each attempt of the backlog with its result, recorded, as results come.

    An attempt that another batch has claimed, or was faster with, is left out. Who may leave
    early closes this (`contextlib.closing`), which gives back what was claimed.

    Raises:
        StoreError: the gradebook was out of reach for longer than its patience. What was
            recorded stays; the next run does the rest.
    """
    if not backlog.attempts:
        return
    with _Batch(backlog) as batch:
        for index, result in stream(workers, batch.submissions()):
            attempt = batch.taken[index]
            if batch.record(attempt, result):
                yield attempt, result


def named_results(
    book: Gradebook, lab: Lab, fresh: Mapping[int, Result], asked: Sequence[Attempt] | None
) -> Named:
    """The results of what was asked for, else the fresh ones, with the names to show them by.

    That is the student's; where only some attempts are shown, with the number of one of several.
    """
    if asked is None:
        attempts, known = book.attempts(lab.slug), dict[int, Result]()
        several = Counter(each.student for each in attempts)
    else:
        attempts, several = list({each.id: each for each in asked}.values()), Counter()
        graded = (each for grade in book.grades(lab) for each in grade.attempts)
        known = {each.attempt.id: each.result for each in graded if each.result is not None}
    found = known | dict(fresh)
    return [
        (f"{each.student} #{each.number}" if several[each.student] > 1 else each.student, result)
        for each in attempts
        if (result := found.get(each.id)) is not None
    ]


def _in_turn(pending: Sequence[Attempt]) -> list[Attempt]:
    """Everyone's newest first, then everyone's next: one student's many attempts delay nobody."""
    turns = Counter[str]()
    turn: dict[int, int] = {}
    for attempt in reversed(pending):
        turn[attempt.id] = turns[attempt.student]
        turns[attempt.student] += 1
    return sorted(pending, key=lambda each: (turn[each.id], each.id))


class _Batch:
    """One batch in the gradebook: claims what it hands out, and lives as long as it beats."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog, self._book = backlog, backlog.book
        self.taken: list[Attempt] = []
        self._number = self._book.begin_batch()
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_S):
            with suppress(StoreError):  # recording says so, and waits or gives up
                self._book.beat(self._number)

    def submissions(self) -> Iterator[Submission]:
        """What is to be graded, claimed a few at a time, as it is asked for."""
        key, left = self._backlog.key, iter(self._backlog.attempts)
        while some := list(islice(left, _CLAIMED_AT_ONCE)):
            mine = self._book.claim(self._number, {key(each) for each in some})
            for attempt in some:
                if key(attempt) in mine:
                    self.taken.append(attempt)
                    yield self._book.submission(attempt)

    def record(self, attempt: Attempt, result: Result) -> bool:
        """Whether the attempt's result is this batch's to tell."""
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
        self._book.end_batch(self._number)
