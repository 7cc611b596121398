"""Copies a whole gradebook into one file while others work with it, and looks into such a file.

Theory of operation
-------------------
A plain copy of an SQLite gradebook misses what lies in its write-ahead log, and may be torn. Here
SQLite itself copies all pages as of one moment; of a gradebook in PostgreSQL every row is read in
one snapshot, into the same tables in an SQLite file. So a backup is a gradebook, too, of either
database. It is made beside its name, checked, and only then given that name.

A table `backup_facts` says when and of what it was made; with them, if asked for, lie the course's
keys, without which no hidden input can be drawn again.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from grader.errors import StoreError
from grader.files.writing import draft_of
from grader.gradebook.database import Database
from grader.gradebook.migrate import HEAD, VERSION_TABLE
from grader.gradebook.tables import UtcTime, metadata

FACTS = "backup_facts"
MADE_AT, MADE_OF = "made at", "made of"
_MAGIC = b"SQLite format 3\0"
_ROWS_AT_ONCE = 200  # of files, too, which may have megabytes
_PATIENCE_S = 60.0
_COUNTED = {"students": "student", "submissions": "attempt", "results": "result"}


class Contents(msgspec.Struct, frozen=True):
    """How many rows a backup has of each kind, and what was written beside them."""

    counts: dict[str, int]
    facts: dict[str, str]


def back_up(url: str, target: Path, facts: Mapping[str, str], now: datetime) -> Contents:
    """Copies the gradebook at the URL into a new file, whole or not at all.

    Raises StoreError where the file is there already or can't be written.
    """
    if target.exists():
        raise StoreError(f"{target} is there already; name a new file")
    draft = draft_of(target.absolute())
    with closing(Database(url, _PATIENCE_S)) as database:
        told = {MADE_AT: now.astimezone(UTC).isoformat(timespec="seconds")}
        told |= {MADE_OF: database.shown, **facts}
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            if database.file is not None:
                copy_pages(database.file, draft)
            else:
                _copy_rows(database, draft)
            _finish(draft, told)
            contents = look_into(draft, shown=str(target))
            draft.replace(target)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"{target}: {error}; no backup was made, and the gradebook is as it was: make "
                "room, or name another place"
            ) from None
        finally:
            remove(draft)
    return contents


def look_into(path: Path, shown: str = "") -> Contents:
    """What a backup holds; StoreError if it is damaged, newer than this or no gradebook."""
    shown = shown or str(path)
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise StoreError(f"{shown} is no gradebook; name what 'shardlab backup' made")
        with closing(_opened(path)) as connection:
            _check(connection, shown)
            counts = {
                name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                for table, name in _COUNTED.items()
            }
            return Contents(counts, _facts(connection))
    except FileNotFoundError:
        raise StoreError(f"{shown}: no such file") from None
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{shown} can't be read: {error}; name another backup") from None


def copy_pages(source: Path, target: Path) -> None:
    """Copies an SQLite file as of one moment, whoever writes to it meanwhile."""
    with closing(_opened(source)) as from_, closing(sqlite3.connect(target)) as to:
        from_.backup(to)


def rows_of(connection: sa.Connection, table: sa.TableClause) -> Iterator[list[dict[str, Any]]]:
    """Yields the rows of a table, some at a time, in the order of their keys where it has one."""
    query = sa.select(table)
    if "id" in table.c:
        query = query.order_by(table.c.id)
    with connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query) as rows:
        for some in rows.mappings().partitions():
            yield list(map(dict, some))


def plain_tables() -> list[sa.TableClause]:
    """Every table, with columns that give and take values as the database has them."""
    return [
        sa.table(each.name, *(sa.column(column.name, _kind(column)) for column in each.c))
        for each in metadata.tables.values()
    ]


def remove(path: Path) -> None:
    """Removes an SQLite file and what SQLite lays beside it."""
    for each in beside(path):
        with suppress(OSError):
            each.unlink()


def beside(path: Path) -> list[Path]:
    """An SQLite file and what SQLite lays beside it."""
    return [path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm", "journal"))]


def _kind(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    if isinstance(column.type, UtcTime | sa.LargeBinary):
        return column.type
    return sa.Text() if isinstance(column.type, sa.types.TypeDecorator) else column.type


def _copy_rows(database: Database, target: Path) -> None:
    """Copies every row, as of one moment, into new tables in an SQLite file."""
    with closing(Database(str(target), _PATIENCE_S)) as made:
        made.write(lambda to: database.read(lambda from_: _copied(from_, to)), derived=True)


def _copied(from_: sa.Connection, to: sa.Connection) -> None:
    to.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for table in plain_tables():
        for some in rows_of(from_, table):
            to.execute(sa.insert(table), some)


def _finish(draft: Path, facts: Mapping[str, str]) -> None:
    """Writes the facts, makes one file of it and has it on the disk."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"DROP TABLE IF EXISTS {FACTS}")
        connection.execute(f"CREATE TABLE {FACTS} (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        connection.executemany(f"INSERT INTO {FACTS} VALUES (?, ?)", facts.items())  # noqa: S608
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> sqlite3.Connection:
    """The file, which must be there; nothing is written to it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _check(connection: sqlite3.Connection, shown: str) -> None:
    """Refuses what is no gradebook, a newer one, and one that is damaged."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or broken is not None:
        what = found if broken is None else f"a row of {broken[0]} refers to none of {broken[2]}"
        raise StoreError(f"{shown} is damaged ({what.splitlines()[-1]}); name another backup")
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if VERSION_TABLE not in names:
        raise StoreError(f"{shown} is a database, but no gradebook; name what 'backup' made")
    (step,) = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608
    if step > HEAD:
        raise StoreError(
            f"{shown} was made by a newer Shardlab (its tables are at step {step}, this one knows "
            f"up to {HEAD}); upgrade Shardlab"
        )


def _facts(connection: sqlite3.Connection) -> dict[str, str]:
    try:
        return dict(connection.execute(f"SELECT name, value FROM {FACTS}"))  # noqa: S608
    except sqlite3.OperationalError:
        return {}  # a gradebook that was copied by hand
