"""Submissions in, results out, whoever grades them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from itertools import islice
from typing import Protocol

from grader.grading.work import Settings
from grader.results import Result
from grader.submissions import Submission

_AHEAD = 2  # submissions handed out per worker: one is graded, the next one waits at hand


class Workers(Protocol):
    """Who grades: `slots` at a time."""

    @property
    def slots(self) -> int:
        """How many submissions are graded at once."""

    def submit(self, submission: Submission) -> Future[Result]:
        """The result to come; it never raises for what a submission or a worker does."""


Crew = Callable[[Settings], AbstractContextManager[Workers]]  # opens the workers for a lab


def stream(workers: Workers, submissions: Iterable[Submission]) -> Iterator[tuple[int, Result]]:
    """The number of each submission, from 0, and its result, as results come.

    A submission is taken from the iterable only when a worker can have it soon, so what is
    behind it, a database perhaps, is read as it is needed.
    """
    source = enumerate(submissions)
    waiting: dict[Future[Result], int] = {}
    try:
        while True:
            room = _AHEAD * workers.slots - len(waiting)  # below 0 where workers have gone
            for index, submission in islice(source, max(0, room)):
                waiting[workers.submit(submission)] = index
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
    finally:
        for future in waiting:
            future.cancel()


def in_order(
    workers: Workers, submissions: Sequence[Submission], on_result: Callable[[Result], None]
) -> list[Result]:
    """All results in the order of their submissions; `on_result` sees each when it is there."""
    results: dict[int, Result] = {}
    for index, result in stream(workers, submissions):
        results[index] = result
        on_result(result)
    return [results[index] for index in range(len(submissions))]
