"""A database in which everything may be tried, and nothing stays."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa

from grader.gradebook.database import Database

_T = TypeVar("_T")


class Rehearsal(Database):
    """The database as one transaction of another sees it; that is rolled back in the end.

    Others can't write meanwhile (SQLite), or wait where both write the same (PostgreSQL).
    """

    def __init__(self, connection: sa.Connection, shown: str) -> None:
        self._connection = connection
        self.shown = shown

    def close(self) -> None:
        """Does nothing: whoever began the rehearsal ends it."""

    def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Runs a function that reads."""
        return work(self._connection)

    def write(
        self,
        work: Callable[[sa.Connection], _T],
        *,
        repeatable: bool = False,  # noqa: ARG002 - nothing is run again here
        derived: bool = False,  # noqa: ARG002
        patience_s: float | None = None,  # noqa: ARG002
    ) -> _T:
        """Runs a function that writes, whole or not at all."""
        with self._connection.begin_nested():
            return work(self._connection)


@contextlib.contextmanager
def rehearsal(database: Database) -> Iterator[Rehearsal]:
    """The database, of which everything is as before when the block ends."""
    with database.to_write() as connection:
        transaction = connection.begin()
        try:
            yield Rehearsal(connection, database.shown)
        finally:
            transaction.rollback()
