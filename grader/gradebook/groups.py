"""Attempts that count for several: who shares in each.

What a group hands in is one attempt of whoever handed it in, and its other members share in it.
Who does is settled when it is taken in; a later change of the roster takes nothing away. What was
taken back is settled anew when it is taken in again. People may add and remove members by hand.
"""

import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import people
from grader.gradebook.attempts import name_of
from grader.gradebook.database import Database
from grader.gradebook.journal import Journal
from grader.gradebook.known import shares_of
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import shares
from grader.gradebook.voids import Sign


class Groups:
    """The part of a gradebook that knows who shares in an attempt; a transaction a method."""

    def __init__(self, database: Database, sign: Sign) -> None:
        self._database = database
        self._sign = sign

    def of(self, lab: str) -> dict[int, tuple[str, ...]]:
        """The permanent ids of those who share in each of the lab's attempts, by its id."""
        return self._database.read(lambda each: shares_of(each, lab))

    def share(self, attempt: Attempt, student: str, *, reason: str, author: str = "") -> None:
        """Makes the attempt the student's, too."""
        by = self._sign(reason, author)

        def write(connection: sa.Connection) -> None:
            whose = people.require(connection, student)
            if whose.key in self._whose(connection, attempt):
                raise UsageError(f"{name_of(attempt)} is {whose.id}'s already")
            subject = f"{attempt.called} {attempt.lab} {attempt.number}"
            told = f"with {whose.id}: {by.reason}"
            journal = Journal.begin(connection, by.at, by.author, "share", subject, told)
            journal.insert(shares, {"submission": attempt.id, "student": whose.key})

        self._database.write(write)

    def unshare(self, attempt: Attempt, student: str, *, reason: str, author: str = "") -> None:
        """Makes the attempt the student's no longer; whoever handed it in keeps it."""
        by = self._sign(reason, author)

        def write(connection: sa.Connection) -> None:
            known = people.load(connection)
            whose = people.require(connection, student)
            query = sa.select(shares.c.student).where(shares.c.submission == attempt.id)
            keys = [
                each
                for each in connection.execute(query).scalars()
                if known.owner(each).key == whose.key
            ]
            if not keys:
                raise UsageError(f"{whose.id} does not share in {name_of(attempt)}")
            subject = f"{attempt.called} {attempt.lab} {attempt.number}"
            told = f"with {whose.id}: {by.reason}"
            journal = Journal.begin(connection, by.at, by.author, "unshare", subject, told)
            for each in keys:
                journal.delete(shares, {"submission": attempt.id, "student": each})

        self._database.write(write)

    def _whose(self, connection: sa.Connection, attempt: Attempt) -> set[str]:
        """The permanent ids of all whose attempt it is now."""
        known = people.load(connection)
        query = sa.select(shares.c.student).where(shares.c.submission == attempt.id)
        every = [attempt.student, *connection.execute(query).scalars()]
        return {known.owner(each).key for each in every}
