"""Runs: processes that grade, each of which claims keys, so that several share one gradebook."""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa

from grader.errors import StoreError
from grader.gradebook import work
from grader.gradebook.database import Database

_LAST_PATIENCE_S = 1.0  # for what comes right by itself


class Runs:
    """The part of a gradebook that runs use; each method is one transaction.

    `now` is the time by the one clock that all who share the gradebook go by; `note` adds a line to
    the log: what was done, and its subject.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[sa.Connection], datetime],
        note: Callable[[sa.Connection, str, str], None],
    ) -> None:
        self._database, self._now, self._note = database, now, note
        self._unended: set[int] = set()  # that are over, which could not be written

    def begin(self) -> int:
        """Begins a run of this process, which calls `beat` every few seconds; its number."""

        def write(connection: sa.Connection) -> int:
            for over in self._unended:
                work.end_run(connection, over)
            run = work.begin_run(connection, self._now(connection))
            self._note(connection, "begin run", str(run))
            return run

        return self._database.write(write)

    def beat(self, run: int) -> None:
        """Says that the run lives; after 30 s of silence others may take its claims."""
        self._database.write(lambda each: work.beat(each, run, self._now(each)), repeatable=True)

    def claim(self, run: int, keys: Collection[str]) -> set[str]:
        """Claims keys for the run; those that it got: no other live run has them, no result."""
        return self._database.write(
            lambda each: work.claim(each, run, keys, self._now(each)), repeatable=True
        )

    def end(self, run: int) -> None:
        """Gives back what the run has claimed and not recorded.

        Where that can't be written now, the next `begin` does it, or the claims run out.
        """

        def write(connection: sa.Connection) -> None:
            work.end_run(connection, run)
            self._note(connection, "end run", str(run))

        try:
            self._database.write(write, repeatable=True, patience_s=_LAST_PATIENCE_S)
        except StoreError:
            self._unended.add(run)
