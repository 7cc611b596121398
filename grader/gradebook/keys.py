"""The keys that a gradebook's grades and receipts hang on, by their fingerprints.

The first use of a key records it. From then on any other is refused, wherever it lies: in a copy
of the course, in another checkout, in the environment. A person may accept another, which the log
tells and an undo takes back.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from grader.course.key import KeyKind
from grader.errors import CourseError
from grader.gradebook.database import Database, lock
from grader.gradebook.journal import Journal
from grader.gradebook.tables import key_fingerprints

_SHOWN = 8  # of a fingerprint's digits


class KnownKeys:
    """The part of a gradebook that knows the keys; each method is one transaction."""

    def __init__(self, database: Database, who: str, now: Callable[[], datetime]) -> None:
        self._database, self._who, self._now = database, who, now

    def known(self) -> dict[str, str]:
        """The fingerprint of each key that was used, by the kind's name."""
        return self._database.read(_known)

    def check(self, kind: KeyKind, fingerprint: str) -> None:
        """Records the key at its first use; raises CourseError for another than the known one.

        An empty fingerprint is that of no key at all, which is refused where one is known.
        """
        known = self.known().get(kind.name, "")
        if fingerprint and not known:
            known = self._database.write(lambda each: self._first(each, kind, fingerprint))
        if known not in ("", fingerprint):
            raise CourseError(_refusal(kind, fingerprint, known))

    def accept(self, kind: KeyKind, fingerprint: str, reason: str) -> None:
        """Has this key count from now on in place of the known one."""
        self._database.write(lambda each: self._replace(each, kind, fingerprint, reason))

    def _first(self, connection: sa.Connection, kind: KeyKind, fingerprint: str) -> str:
        lock(connection, "keys")
        known = _known(connection).get(kind.name, "")
        if not known:
            self._replace(connection, kind, fingerprint, "first used")
        return known or fingerprint

    def _replace(
        self, connection: sa.Connection, kind: KeyKind, fingerprint: str, why: str
    ) -> None:
        old = _known(connection).get(kind.name)
        if old == fingerprint:
            return
        now, told = self._now(), f"{fingerprint[:_SHOWN]}: {why}"
        what = "accept key" if old else "key"
        journal = Journal.begin(connection, now, self._who, what, kind.name, told)
        if old:
            journal.delete(key_fingerprints, {"kind": kind.name, "fingerprint": old})
        row = {"kind": kind.name, "fingerprint": fingerprint, "author": self._who, "at": now}
        journal.insert(key_fingerprints, row)


def _known(connection: sa.Connection) -> dict[str, str]:
    rows = connection.execute(sa.select(key_fingerprints).order_by(key_fingerprints.c.at))
    return {row.kind: row.fingerprint for row in rows}


def _refusal(kind: KeyKind, fingerprint: str, known: str) -> str:
    """Why the key is refused, what it would do, and every mend."""
    here = (
        f"the {kind.name} here ({fingerprint[:_SHOWN]}..) is not the one that this gradebook was "
        f"made with ({known[:_SHOWN]}..)"
        if fingerprint
        else f"there is no {kind.file} here, and this gradebook was made with one "
        f"({known[:_SHOWN]}..); none is made"
    )
    return (
        f"{here}: with another one, {kind.cost}. Bring the course's own {kind.file} back, or give "
        f"it in {kind.variable}. If another one is meant: shardlab keys --accept {kind.name}"
    )
