"""Attempts that don't count, each with the reason and by whom; nothing of them is lost.

A person voids an attempt, or a whole collect is taken back. The first stays void however often it
is collected; the second counts again when it is taken in again.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook.attempts import name_of
from grader.gradebook.database import Database
from grader.gradebook.decisions import Signature
from grader.gradebook.journal import Journal
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import submissions, voids

Sign = Callable[[str, str], Signature]  # of a reason and an author


class Void(msgspec.Struct, frozen=True):
    """Why an attempt doesn't count; with `by_undo`, because its collect was taken back."""

    reason: str
    author: str
    at: datetime
    by_undo: bool = False


class Voids:
    """The part of a gradebook that knows which attempts don't count; a transaction a method."""

    def __init__(self, database: Database, sign: Sign) -> None:
        self._database = database
        self._sign = sign

    def of(self, lab: str) -> dict[int, Void]:
        """The lab's void attempts, by their ids."""
        of_lab = sa.select(submissions.c.id).where(submissions.c.lab == lab)
        query = sa.select(voids).where(voids.c.submission.in_(of_lab))
        rows = self._database.read(lambda each: each.execute(query).all())
        return {
            row.submission: Void(row.reason, row.author, row.at, bool(row.by_undo)) for row in rows
        }

    def add(self, attempt: Attempt, *, reason: str, author: str = "") -> None:
        """Makes the attempt void, for good: it isn't brought back by being collected again."""
        if not reason.strip():
            raise UsageError("a reason is needed: it stands in the record")
        by = self._sign(reason, author)

        def write(connection: sa.Connection) -> None:
            there = _void(connection, attempt)
            if there is not None and not there.by_undo:
                raise UsageError(f"{name_of(attempt)} is void already: {there.reason}")
            journal = _begin(connection, "void", attempt, by)
            row = msgspec.structs.asdict(by) | {"by_undo": 0}
            if there is None:
                journal.insert(voids, {"submission": attempt.id} | row)
            else:
                journal.update(voids, {"submission": attempt.id}, row)

        self._database.write(write)

    def lift(self, attempt: Attempt, *, reason: str = "", author: str = "") -> None:
        """Lets the attempt count again."""
        by = self._sign(reason, author)

        def write(connection: sa.Connection) -> None:
            if _void(connection, attempt) is None:
                raise UsageError(f"{name_of(attempt)} is not void")
            journal = _begin(connection, "unvoid", attempt, by)
            journal.delete(voids, {"submission": attempt.id})

        self._database.write(write)


def _void(connection: sa.Connection, attempt: Attempt) -> Void | None:
    query = sa.select(voids).where(voids.c.submission == attempt.id)
    row = connection.execute(query).first()
    return None if row is None else Void(row.reason, row.author, row.at, bool(row.by_undo))


def _begin(connection: sa.Connection, what: str, attempt: Attempt, by: Signature) -> Journal:
    subject = f"{attempt.called} {attempt.lab} {attempt.number}"
    return Journal.begin(connection, by.at, by.author, what, subject, by.reason)
