"""The numbered collects: what each took in, and taking it back.

Every change of state that a collect makes is journalled under entries of the log which all touch
the collect's own row, so that they are found again. Taking a collect back makes void what it took
in, and brings back when its place was collected last and who waits, as if it had never been; what
later collects did stays.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import audit, people
from grader.gradebook.database import Database, lock
from grader.gradebook.decisions import Signature
from grader.gradebook.journal import Journal
from grader.gradebook.tables import audit as log
from grader.gradebook.tables import (
    changes,
    collections,
    intakes,
    submissions,
    told_times,
    voids,
    waiting,
)
from grader.gradebook.voids import Sign
from grader.text.shown import plural


class IntakeRecord(msgspec.Struct, frozen=True):
    """One collect: its number, what was collected, when, by whom, and what it came to."""

    id: int
    place: str
    at: datetime
    author: str
    told: str


class UndoneIntake(msgspec.Struct, frozen=True):
    """A collect that was taken back: the ids of the attempts, and the students who vanished."""

    intake: IntakeRecord
    attempts: tuple[int, ...]
    students: tuple[str, ...]
    times: int  # hand-in times that it told, and that are as before it again
    entry: int  # of the log, by which this is undone in turn


class Intakes:
    """The part of a gradebook that numbers collects; each method is one transaction."""

    def __init__(self, database: Database, sign: Sign) -> None:
        self._database = database
        self._sign = sign

    def begin(self, place: str) -> int:
        """The number of a collect that begins now."""
        by = self._sign("", "")
        return self._database.write(lambda each: _begin(each, place, by))

    def all(self) -> list[IntakeRecord]:
        """Every collect, the oldest first, also those that were taken back."""
        query = sa.select(intakes).order_by(intakes.c.id)
        rows = self._database.read(lambda each: each.execute(query).mappings().all())
        return [IntakeRecord(**row) for row in rows]

    def undo(self, number: int, *, reason: str = "", author: str = "") -> UndoneIntake:
        """Takes a collect back: what it took in is void until it is collected again.

        Raises UsageError for an unknown number, and for a collect that was taken back already.
        """
        by = self._sign(reason, author)
        return self._database.write(lambda each: take_back(each, number, by))


def touch(journal: Journal, number: int, told: str) -> None:
    """Says that the journal's entry belongs to the collect, and how far that has come."""
    if number:
        journal.update(intakes, {"id": number}, {"told": told})


def of_entry(connection: sa.Connection, entry: int) -> int:
    """The number of the collect that an entry of the log belongs to, or 0."""
    query = _own_changes(changes.c.key).where(changes.c.entry == entry)
    found = connection.execute(query).scalar()
    return int(json.loads(found)["id"]) if found else 0


def entries_by_first(connection: sa.Connection) -> dict[int, int]:
    """Every entry of the log that belongs to a collect, with the first entry of that collect."""
    query = _own_changes(changes.c.entry, changes.c.key)
    found, first = dict[int, int](), dict[str, int]()
    for entry, key in connection.execute(query.order_by(changes.c.entry)):
        found[entry] = first.setdefault(key, entry)
    return found


def _own_changes(*columns: sa.Column[Any]) -> sa.Select[Any]:
    """What collects changed of their own rows, each under all of its entries; not taking back."""
    query = sa.select(*columns).join(log, log.c.id == changes.c.entry)
    return query.where(changes.c.table == intakes.name, log.c.undoes == 0)


def _begin(connection: sa.Connection, place: str, by: Signature) -> int:
    lock(connection, intakes.name)
    newest: int = connection.execute(sa.select(sa.func.max(intakes.c.id))).scalar() or 0
    told = f"as {newest + 1}"
    journal = Journal.begin(connection, by.at, by.author, "begin collect", place, told)
    row = {"id": newest + 1, "place": place, "at": by.at, "author": by.author, "told": ""}
    journal.insert(intakes, row)
    return newest + 1


# -- taking back ---------------------------------------------------------------------------


def take_back(
    connection: sa.Connection, number: int, by: Signature, *, what: str = "undo collect"
) -> UndoneIntake:
    """Takes a collect back, as one entry of the log, which says `what`; see `Intakes.undo`."""
    record = _record(connection, number)
    entries = _entries(connection, number)
    if earlier := audit.taken_back_by(connection, entries[0]):
        raise UsageError(
            f"collect {number} was taken back already; "
            f"what lies there counts again when it is collected, or by: shardlab undo {earlier}"
        )
    made = _made(connection, number, entries)
    detail = f"{number}: {plural(len(made), 'attempt')}" + (f": {by.reason}" if by.reason else "")
    words = (by.at, by.author, what, record.place, detail, entries[0])
    there = {each.id for each in people.all_students(connection)}
    journal = Journal.begin(connection, *words)
    journal.update(intakes, {"id": number}, {"told": record.told})  # else it may have no change
    signed = msgspec.structs.asdict(by) | {"by_undo": 1}
    for each in made:
        journal.insert(voids, {"submission": each} | signed)
    for table, key, image in _as_without(connection, number, entries):
        journal.put(table, key, image)
    told = _told(connection, entries)
    for key in told:
        journal.delete(told_times, key)
    vanished = there - {each.id for each in people.all_students(connection)}
    return UndoneIntake(record, tuple(made), tuple(sorted(vanished)), len(told), journal.entry)


def _record(connection: sa.Connection, number: int) -> IntakeRecord:
    query = sa.select(intakes).where(intakes.c.id == number)
    row = connection.execute(query).mappings().first()
    if row is not None:
        return IntakeRecord(**row)
    newest = connection.execute(sa.select(sa.func.max(intakes.c.id))).scalar()
    said = f"the newest is {newest}" if newest else "nothing was collected yet"
    raise UsageError(f"no collect has the number {number}; {said}; see 'shardlab audit'")


def _entries(connection: sa.Connection, number: int) -> list[int]:
    """The entries of the log that belong to the collect, its first one first."""
    key = json.dumps({"id": number})
    query = sa.select(changes.c.entry).where(changes.c.table == intakes.name, changes.c.key == key)
    return list(connection.execute(query.distinct().order_by(changes.c.entry)).scalars())


def _made(connection: sa.Connection, number: int, entries: Collection[int]) -> list[int]:
    """The attempts that count now because of this collect, be it that it brought them back."""
    own = connection.execute(sa.select(submissions.c.id).where(submissions.c.intake == number))
    made = set(own.scalars())
    revived = sa.select(changes.c.key).where(
        changes.c.entry.in_(entries), changes.c.table == voids.name, changes.c.after == ""
    )
    made |= {json.loads(each)["submission"] for each in connection.execute(revived).scalars()}
    return sorted(made - set(connection.execute(sa.select(voids.c.submission)).scalars()))


def _told(connection: sa.Connection, entries: Collection[int]) -> list[dict[str, int]]:
    """The keys of the hand-in times that this collect told, and that are still told."""
    query = sa.select(changes.c.key).where(
        changes.c.entry.in_(entries), changes.c.table == told_times.name, changes.c.before == ""
    )
    there = set(connection.execute(sa.select(told_times.c.id)).scalars())
    keys = [json.loads(each) for each in connection.execute(query.distinct()).scalars()]
    return [each for each in keys if each["id"] in there]


def _as_without(
    connection: sa.Connection, number: int, entries: Collection[int]
) -> Iterator[tuple[sa.Table, Mapping[str, object], str]]:
    """Yields the rows of the memory of `collect` that differ without this one, as they are then."""
    gone = set(entries)
    for other in connection.execute(sa.select(intakes.c.id)).scalars().all():
        theirs = _entries(connection, other)
        if theirs and audit.taken_back_by(connection, theirs[0]):
            gone |= set(theirs)
    keep = _seen_later(connection, number, gone)
    for table in (collections, waiting):
        for key, images in _history(connection, table, entries).items():
            left = [image for entry, image in images if entry not in gone]
            if left[-1] != images[-1][1] and not (table is waiting and keep):
                yield table, json.loads(key), left[-1]


def _history(
    connection: sa.Connection, table: sa.Table, entries: Collection[int]
) -> dict[str, list[tuple[int, str]]]:
    """For each row that these entries touched, by key: its image before all, and after each.

    What came about by taking something back is no history.
    """
    mine = sa.select(changes.c.key).where(
        changes.c.entry.in_(entries), changes.c.table == table.name
    )
    query = (
        sa.select(changes.c.entry, changes.c.key, changes.c.before, changes.c.after)
        .join(log, log.c.id == changes.c.entry)
        .where(changes.c.table == table.name, changes.c.key.in_(mine), log.c.undoes == 0)
        .order_by(changes.c.entry, changes.c.position)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for entry, key, before, after in connection.execute(query):
        found.setdefault(key, [(0, before)]).append((entry, after))
    return found


def _seen_later(connection: sa.Connection, number: int, gone: Collection[int]) -> bool:
    """Whether a collect after this one is in force: who waits has been seen by that one, too."""
    query = sa.select(intakes.c.id).where(intakes.c.id > number)
    later = connection.execute(query).scalars().all()
    return any(entry not in gone for each in later for entry in _entries(connection, each)[:1])
