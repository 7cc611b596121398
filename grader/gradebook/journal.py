"""Changes of state that can be taken back: each row as it was before, and as it was after.

A state is a row that may change: who is on the roster, which attempt is void. Every change of one
belongs to an entry of the log, and is kept with it. Undoing an entry brings the rows back, if
nothing has changed them since, and is an entry of its own; so it can be undone, too.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from grader.errors import UsageError
from grader.gradebook.audit import note, taken_back_by
from grader.gradebook.tables import audit, changes, metadata

_Row = Mapping[str, Any]
_SIDES = ("before", "after")


class Journal:
    """The changes of one entry of the log, within one transaction; `entry` is its number."""

    def __init__(self, connection: sa.Connection, entry: int) -> None:
        self._connection = connection
        self.entry = entry
        last = sa.select(sa.func.max(changes.c.position)).where(changes.c.entry == entry)
        self._position: int = connection.execute(last).scalar() or 0

    @classmethod
    def begin(
        cls,
        connection: sa.Connection,
        now: datetime,
        who: str,
        what: str,
        subject: str,
        detail: str = "",
        undoes: int = 0,
    ) -> Self:
        """The journal of a new entry of the log."""
        return cls(connection, note(connection, now, who, what, subject, detail, undoes))

    def insert(self, table: sa.Table, row: _Row) -> _Row:
        """Adds a row; its primary key."""
        done = self._connection.execute(table.insert().values(row))
        names = [each.name for each in table.primary_key]
        key = dict(zip(names, done.inserted_primary_key or (), strict=True))
        self._keep(table, key, "", _image(self._connection, table, key))
        return key

    def update(self, table: sa.Table, key: _Row, values: _Row) -> None:
        """Changes the row with this primary key, which is there."""
        before = _image(self._connection, table, key)
        self._connection.execute(table.update().where(_is(table, key)).values(values))
        self._keep(table, key, before, _image(self._connection, table, key))

    def delete(self, table: sa.Table, key: _Row) -> None:
        """Removes the row with this primary key, which is there."""
        before = _image(self._connection, table, key)
        self._connection.execute(table.delete().where(_is(table, key)))
        self._keep(table, key, before, "")

    def put(self, table: sa.Table, key: _Row, image: str) -> None:
        """Makes the row with this primary key what an image says; an empty one removes it."""
        if not image:
            self.delete(table, key)
        elif _image(self._connection, table, key):
            self.update(table, key, _row(table, image))
        else:
            self.insert(table, _row(table, image))

    def _keep(self, table: sa.Table, key: _Row, before: str, after: str) -> None:
        self._position += 1
        row = {"entry": self.entry, "position": self._position, "table": table.name}
        row |= {"key": _key(table, key), "before": before, "after": after}
        self._connection.execute(changes.insert().values(row))


class Change(msgspec.Struct, frozen=True):
    """One row as it was before an entry of the log and after it; empty where there was none."""

    table: str
    key: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


def changes_of(connection: sa.Connection, entry: int) -> list[Change]:
    """The rows that were changed under this entry, in their order."""
    query = sa.select(changes).where(changes.c.entry == entry).order_by(changes.c.position)
    return [
        Change(
            each["table"],
            json.loads(each["key"]),
            *(_row(metadata.tables[each["table"]], each[side] or "{}") for side in _SIDES),
        )
        for each in connection.execute(query).mappings()
    ]


def entries_of(connection: sa.Connection, table: sa.Table) -> dict[int, int]:
    """By the number of each row of a table, the entry under which it was added, if that is kept."""
    query = sa.select(changes.c.key, changes.c.entry).where(changes.c.table == table.name)
    return {json.loads(key)["id"]: entry for key, entry in connection.execute(query)}


def undo(connection: sa.Connection, entry: int, now: datetime, who: str) -> Journal:
    """Brings every row that was changed under this entry back; the new entry's journal.

    Raises UsageError if it was undone before, or if one of the rows has changed since.
    """
    if by := taken_back_by(connection, entry):
        raise UsageError(f"entry {entry} was taken back already, by entry {by}; undo {by} instead")
    query = sa.select(changes).where(changes.c.entry == entry)
    made = connection.execute(query.order_by(changes.c.position.desc())).mappings().all()
    if not made:
        raise UsageError(f"entry {entry} changed nothing that can be brought back")
    _refuse_if_changed_since(connection, entry)
    told = connection.execute(sa.select(audit).where(audit.c.id == entry)).mappings().one()
    subject = f"{told['what']} {told['subject']}"
    journal = Journal.begin(connection, now, who, "undo", subject, f"entry {entry}", entry)
    try:
        for each in made:
            table = metadata.tables[each["table"]]
            journal.put(table, json.loads(each["key"]), each["before"])
    except IntegrityError:
        raise UsageError(
            f"entry {entry} can't be undone: what it added is in use by now; see 'shardlab audit'"
        ) from None
    return journal


def _refuse_if_changed_since(connection: sa.Connection, entry: int) -> None:
    """Refuses if a row of this entry was changed under a later one: that comes first."""
    mine, later = changes.alias(), changes.alias()
    same = sa.and_(mine.c.table == later.c.table, mine.c.key == later.c.key)
    query = (
        sa.select(sa.func.max(later.c.entry))
        .join(mine, same)
        .where(mine.c.entry == entry, later.c.entry > entry)
    )
    newest = connection.execute(query).scalar()
    if newest is not None and not _is_as_left(connection, entry):
        raise UsageError(
            f"entry {entry} can't be undone alone: entry {newest} has changed the same since; "
            f"undo {newest} first"
        )


def _is_as_left(connection: sa.Connection, entry: int) -> bool:
    """Whether the rows are as this entry left them: what came later was taken back."""
    query = sa.select(changes).where(changes.c.entry == entry)
    last = {
        (each["table"], each["key"]): each["after"]
        for each in connection.execute(query.order_by(changes.c.position)).mappings()
    }
    return all(
        _image(connection, metadata.tables[table], json.loads(key)) == after
        for (table, key), after in last.items()
    )


# -- rows as text --------------------------------------------------------------------------


def _is(table: sa.Table, key: _Row) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[each.name] == key[each.name] for each in table.primary_key))


def _key(table: sa.Table, key: _Row) -> str:
    return json.dumps({each.name: key[each.name] for each in table.primary_key})


def _image(connection: sa.Connection, table: sa.Table, key: _Row) -> str:
    """The row as JSON, or nothing if there is none."""
    row = connection.execute(sa.select(table).where(_is(table, key))).mappings().first()
    return "" if row is None else json.dumps({name: _told(value) for name, value in row.items()})


def _told(value: object) -> object:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _row(table: sa.Table, image: str) -> dict[str, Any]:
    """The row of an image; a column that is newer than the image keeps its default."""
    found = json.loads(image)
    return {
        name: datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
        for name, value in found.items()
        if name in table.c
    }
