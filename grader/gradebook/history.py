"""The log of every change with what can be taken back of it, and the taking back."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import audit, intakes, undoing
from grader.gradebook.audit import AuditEntry
from grader.gradebook.database import Database
from grader.gradebook.tables import changes
from grader.gradebook.undoing import TakenBack

# not what a person set out to do: an undo; and the note of a key, made when it is first used
_BESIDE = ("undo", "key")


class LoggedEntry(msgspec.Struct, frozen=True):
    """An entry of the log; whether it can be taken back, and the entry that did so, or 0."""

    entry: AuditEntry
    undoable: bool
    undone_by: int = 0


class History:
    """The part of a gradebook that takes changes back; each method is one transaction."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def entries(self) -> list[LoggedEntry]:
        """Every entry, the oldest first."""
        return self._database.read(_entries)

    def undo(self, number: int, *, who: str) -> TakenBack:
        """Takes an entry back; UsageError says why it can't be, and what can be done."""
        return self._database.write(lambda each: undoing.undo(each, number, self._now(), who))

    def newest_of(self, who: str) -> int:
        """The number of the last thing that a person did and that can be taken back."""
        for each in reversed(self.entries()):
            if each.undoable and each.entry.who == who and each.entry.what not in _BESIDE:
                return each.entry.id
        raise UsageError(
            f"nothing of {who}'s is there to be taken back; name an entry: shardlab audit"
        )


def _entries(connection: sa.Connection) -> list[LoggedEntry]:
    kept = set(connection.execute(sa.select(changes.c.entry).distinct()).scalars())
    collects = intakes.entries_by_first(connection)  # which are taken back as a whole
    undone_by = dict[int, int]()
    found = list[LoggedEntry]()
    for each in reversed(audit.entries(connection)):
        by = undone_by.get(collects.get(each.id, each.id), 0)
        if each.undoes and not by:
            undone_by.setdefault(each.undoes, each.id)
        found.append(LoggedEntry(each, each.id in kept and not by, by))
    return found[::-1]
