"""Brings a gradebook back from a backup, in place of what is there, which is kept.

Theory of operation
-------------------
The backup is copied, brought up to date, and its log told of the restore; the backup itself is
never written to. Then the copy takes the gradebook's place in one transaction: SQLite writes all
its pages, PostgreSQL makes tables anew and fills them. From the transaction's first step nobody
else can write; only then is looked whether a run is at work, and what is there is backed up. So
whoever kills this at any moment leaves the old gradebook or the new one, and a run that begins
meanwhile waits. A gradebook too damaged to be read is moved aside as it is.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from grader.errors import StoreError
from grader.files.writing import draft_of
from grader.gradebook import liveness, migrate
from grader.gradebook.audit import note
from grader.gradebook.backup import (
    FACTS,
    Contents,
    back_up,
    beside,
    copy_pages,
    look_into,
    plain_tables,
    remove,
    rows_of,
)
from grader.gradebook.database import Database
from grader.gradebook.tables import claims, metadata, runs

_PATIENCE_S = 60.0
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_TRIES = 240  # a quarter of a second each, for another's write to end


class _AtWork(Exception):  # noqa: N818 - never seen outside
    """A run is at work on the gradebook."""


class Restored(msgspec.Struct, frozen=True):
    """What came back, and the file in which what was there is kept; None if nothing was."""

    contents: Contents
    kept: Path | None


def restore(url: str, backup: Path, kept: Path, *, who: str, now: datetime) -> Restored:
    """Puts the backup's gradebook in the place of the one at the URL.

    What is there is backed up in `kept` first: restoring that takes this back.

    Raises:
        StoreError: the backup is none, is damaged or newer than this program, or a run is at
            work; nothing was changed.
    """
    contents = look_into(backup)
    with tempfile.TemporaryDirectory(prefix="shardlab-restore-") as folder:
        draft = Path(folder) / "gradebook.sqlite3"
        copy_pages(backup, draft)
        target = _opened(url)
        there = isinstance(target, Database)
        _prepare(draft, who, now, f"{backup.name}; before it: {kept.name if there else 'nothing'}")
        try:
            if isinstance(target, Path):
                return Restored(contents, _put_file(draft, target, kept))
            put = _put_pages if target.file is not None else _put_rows
            put(draft, target, lambda: _keep(target, url, kept, now))
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"{_shown(target)}: {error}; nothing was changed; mend that, and run it again"
            ) from None
        finally:
            if isinstance(target, Database):
                target.close()
    return Restored(contents, kept)


def _shown(target: Database | Path) -> str:
    return target.shown if isinstance(target, Database) else str(target)


def _opened(url: str) -> Database | Path:
    """The gradebook that is there, or the path of a file that is absent or can't be read as one."""
    path = None if "://" in url else Path(url)
    if path is not None and not path.exists():
        return path
    try:
        return Database(url, _PATIENCE_S)
    except StoreError:
        if path is None or not _is_ruined(path):
            raise
        return path


def _is_ruined(path: Path) -> bool:
    """Whether SQLite itself can't read the file any more."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return False


def _prepare(draft: Path, who: str, now: datetime, told: str) -> None:
    """Brings the copy up to date, without claims of runs elsewhere, and tells its log."""
    with closing(Database(str(draft), _PATIENCE_S)) as database:

        def write(connection: sa.Connection) -> None:
            connection.execute(claims.delete())
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {FACTS}")
            note(connection, now, who, "restore", told.partition(";")[0], told)

        database.write(write)


def _put_file(draft: Path, path: Path, kept: Path) -> Path | None:
    """Gives the copy a name that is free, or that of a ruined file, which is moved aside."""
    new = draft_of(path.absolute())
    try:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660))
        copy_pages(draft, new)
        there = [each for each in beside(path) if each.exists()]
        for each in there:
            each.rename(_named(kept, each, path))
        new.replace(path)
    finally:
        remove(new)
    return kept if there else None


def _named(kept: Path, each: Path, of: Path) -> Path:
    """The kept name of what lies beside a file: with the same ending."""
    return kept.with_name(kept.name + each.name.removeprefix(of.name))


def _keep(target: Database, url: str, kept: Path, now: datetime) -> None:
    """Refuses if a run is at work, else backs up what is there; as it is if it is damaged."""
    kept.unlink(missing_ok=True)  # of a try before this one, in which the server went away
    try:
        target.read(lambda each: _refuse_runs(each, now))
        back_up(url, kept, {}, now)
    except _AtWork as error:
        raise StoreError(str(error)) from None
    except StoreError:
        if target.file is None or not _is_damaged(target.file):
            raise
        for each in beside(target.file):
            if each.exists():
                shutil.copyfile(each, _named(kept, each, target.file))


def _is_damaged(path: Path) -> bool:
    try:
        look_into(path)
    except StoreError:
        return True
    return False


def _refuse_runs(connection: sa.Connection, now: datetime) -> None:
    here, own, _ = liveness.me()
    for row in connection.execute(sa.select(runs)).mappings():
        if (row["host"], row["pid"]) == (here, own):
            continue  # this process restores, so a run of its own is over
        if liveness.lives(row["host"], row["pid"], row["started"], row["beat"], now):
            where = row["host"].partition(" ")[0]
            raise _AtWork(
                f"run {row['id']} is at work on this gradebook (process {row['pid']} on {where}); "
                "wait until it has ended, or interrupt it, and run this again"
            )


# -- SQLite --------------------------------------------------------------------------------


def _put_pages(draft: Path, target: Database, before: Callable[[], None]) -> None:
    """Writes every page of the copy in one transaction; `before` runs once it has the lock."""
    ready, tries = list[bool](), 0

    def step(status: int, _left: int, _all: int) -> None:
        nonlocal tries
        if status in _LOCKED:
            tries += 1
            if tries > _TRIES:
                raise StoreError(
                    f"{target.shown}: another program writes to it for long; end that, and run "
                    "this again"
                )
        elif not ready:
            ready.append(True)
            before()

    assert target.file is not None
    path = target.file
    with closing(sqlite3.connect(draft)) as from_, closing(sqlite3.connect(path, timeout=5)) as to:
        from_.backup(to, pages=1, progress=step, sleep=0.25)
        with suppress(sqlite3.Error):
            to.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# -- PostgreSQL ----------------------------------------------------------------------------


def _put_rows(draft: Path, target: Database, before: Callable[[], None]) -> None:
    """Makes the tables anew and fills them in one transaction; `before` runs under its lock."""
    with closing(Database(str(draft), _PATIENCE_S)) as source:

        def write(connection: sa.Connection) -> None:
            names = [*metadata.tables, migrate.VERSION_TABLE]
            quoted = ", ".join(connection.dialect.identifier_preparer.quote(n) for n in names)
            connection.exec_driver_sql(f"LOCK TABLE {quoted} IN EXCLUSIVE MODE")
            before()
            connection.exec_driver_sql(f"DROP TABLE {quoted} CASCADE")
            migrate.upgrade(connection)
            source.read(lambda from_: _filled(from_, connection))

        target.write(write)


def _filled(from_: sa.Connection, to: sa.Connection) -> None:
    """Every row of one in the other, those first that others refer to."""
    for table in _in_order(to):
        for some in rows_of(from_, table):
            to.execute(sa.insert(table), some)
        if "id" in table.c and isinstance(table.c.id.type, sa.Integer):
            _go_on_counting(to, table)


def _in_order(connection: sa.Connection) -> Iterable[sa.TableClause]:
    plain = {each.name: each for each in plain_tables()}
    for name, _ in sa.inspect(connection).get_sorted_table_and_fkc_names():
        if name in plain:
            yield plain[name]


def _go_on_counting(connection: sa.Connection, table: sa.TableClause) -> None:
    """Has new rows numbered after those that are there."""
    most: Any = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
    if most is not None:
        place = sa.func.pg_get_serial_sequence(table.name, "id")
        connection.execute(sa.select(sa.func.setval(place, most)))
