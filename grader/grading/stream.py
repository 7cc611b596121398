"""Submissions in, results out, whoever grades them."""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import Protocol

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
