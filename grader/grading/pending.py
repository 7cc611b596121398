"""Grades what has no result yet: from the gradebook, through workers, into the gradebook.

What a result depends on is its key: the submission's content, the suite with its assignment, the
engine, the student's seed and the level of isolation. What has a result for its present key is
done, so a run that was interrupted goes on where it was, and a suite that was changed regrades
what it must. A batch claims keys a few at a time, so that several share one gradebook; and each
result is recorded as it comes, so that an end at any moment loses only what was under way.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from grader import __version__
from grader.course import Course
from grader.errors import StoreError
from grader.gradebook.rows import Attempt
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.grading import Settings, Workers, stream
from grader.judge import GradedLab
from grader.results import Result
from grader.sandbox import Level
from grader.submissions import Submission

_CLAIMED_AT_ONCE = 16
_BEAT_S = 5.0
_LAST_BEAT_S = 5.0  # where the gradebook is out of reach, a beat may take a minute

Crew = Callable[[Settings], AbstractContextManager[Workers]]


@dataclass(frozen=True)
class Keys:
    """The content keys of a lab's attempts, as the course is now."""

    graded: GradedLab
    level: Level
    generations: dict[int, int]

    @property
    def engine(self) -> str:
        """Version of what grades; a live run on a GPU is another engine."""
        return f"{__version__}+live" if self.graded.live else __version__

    def of(self, attempt: Attempt) -> str:
        """The key under which the attempt's result is, or will be, recorded."""
        return key_of(
            attempt,
            self.graded.suite,
            self.engine,
            self.graded.seed(attempt.student),
            self.level.word,
            self.generations.get(attempt.id, 0),
        )


@dataclass
class Marked:
    """What a run has done: each attempt it graded with its result, and where time went.

    `total` is what was to be done; `elsewhere` of it another batch had claimed or was faster
    with. `book_seconds` of `seconds` were spent on the gradebook.
    """

    lab: str
    total: int
    results: list[tuple[Attempt, Result]] = field(default_factory=list)
    elsewhere: int = 0
    seconds: float = 0.0
    book_seconds: float = 0.0


def mark(
    book: Gradebook,
    course: Course,
    slug: str,
    crew: Crew,
    *,
    level: Level,
    only: Collection[int] | None = None,
    live: bool = False,
    on_start: Callable[[int], None] = lambda _: None,
    on_result: Callable[[Attempt, Result], None] = lambda *_: None,
) -> Marked:
    """Grades and records every attempt at the lab that has no result for its present key.

    With `only`, of these attempts, by id. `on_start` is told how many there are.

    Raises:
        StoreError: the gradebook was out of reach for longer than its patience. What was
            recorded stays; the next run does the rest.
    """
    graded = GradedLab.of(course, slug, live=live)
    keys = Keys(graded, level, book.generations(slug))
    work = _pending(book, keys, only)
    marked = Marked(slug, len(work))
    on_start(len(work))
    if work:
        settings = Settings(course.root, slug, level, live=live, stamp=graded.stamp)
        started = time.perf_counter()
        with _Batch(book, keys, work, marked) as batch, crew(settings) as workers:
            for index, result in stream(workers, batch.submissions()):
                if batch.record(index, result):
                    on_result(*marked.results[-1])
        marked.seconds = time.perf_counter() - started
    return marked


def _pending(book: Gradebook, keys: Keys, only: Collection[int] | None) -> list[Attempt]:
    slug = keys.graded.lab.slug
    pending = _in_turn(book.pending(slug, keys.of))
    if only is None:
        return pending
    # by key: of two attempts with the same content, only the first is listed
    wanted = {keys.of(attempt) for attempt in book.attempts(slug) if attempt.id in only}
    return [attempt for attempt in pending if keys.of(attempt) in wanted]


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

    def __init__(
        self, book: Gradebook, keys: Keys, work: Sequence[Attempt], marked: Marked
    ) -> None:
        self._book, self._keys, self._work, self._marked = book, keys, work, marked
        self._taken: list[Attempt] = []
        self._number = book.begin_batch()
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._over.wait(_BEAT_S):
            with suppress(StoreError):  # recording says so, and waits or gives up
                self._book.beat(self._number)

    def submissions(self) -> Iterator[Submission]:
        """What is to be graded, claimed a few at a time, as it is asked for."""
        left = iter(self._work)
        while some := list(islice(left, _CLAIMED_AT_ONCE)):
            with self._clocked():
                mine = self._book.claim(self._number, {self._keys.of(each) for each in some})
            for attempt in some:
                if self._keys.of(attempt) not in mine:
                    self._marked.elsewhere += 1
                    continue
                with self._clocked():
                    submission = self._book.submission(attempt)
                self._taken.append(attempt)
                yield submission

    def record(self, index: int, result: Result) -> bool:
        """Whether the result of the submission of that number is this batch's to tell."""
        attempt = self._taken[index]
        with self._clocked():
            recorded = self._book.record(
                attempt,
                self._keys.of(attempt),
                result,
                suite=self._keys.graded.suite,
                engine=self._keys.engine,
                isolation=self._keys.level.word,
            )
        if recorded:
            self._marked.results.append((attempt, result))
        else:
            self._marked.elsewhere += 1
        return recorded

    @contextmanager
    def _clocked(self) -> Iterator[None]:
        """Adds the time of its block to what the gradebook took."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._marked.book_seconds += time.perf_counter() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._heart.join(_LAST_BEAT_S)  # it uses the gradebook, which may be closed next
        self._book.end_batch(self._number)
