"""Opens, reads and writes one database, SQLite or PostgreSQL, and puts its faults in words.

All work is a function of a connection, which runs in one transaction: whole or not at all. If it
fails for a reason that may pass (the server is gone, the disk is full, another process writes), it
runs again, with growing waits, for as long as the patience lasts.

    SQLite      WAL, so that reading never waits for writing; a writer takes the write lock
                first (BEGIN IMMEDIATE), so that it never has to give up half way
    PostgreSQL  what is read is one snapshot (REPEATABLE READ); waits for locks are bounded
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)

from grader.errors import StoreError
from grader.gradebook import migrate

_T = TypeVar("_T")
_Work = Callable[[sa.Connection], _T]
_BUSY_S = 10.0  # one try of SQLite to get the write lock
_CONNECT_S = 5
_NAMED_AT_ONCE = 5000
_SERVER_WAITS = "-c lock_timeout=30s -c statement_timeout=120s"
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 2.0
# Faults of SQLite that may be gone at the next try; any other would only come again.
_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PROTOCOL")
_PSYCOPG = "postgresql+psycopg"
_SCHEMES = {"sqlite": "sqlite", "postgres": _PSYCOPG, "postgresql": _PSYCOPG, _PSYCOPG: _PSYCOPG}


class _CommitUnanswered(Exception):  # noqa: N818 - never seen outside
    """The connection went at the commit: it may have been carried out, or not."""


class Database:
    """A database at a URL, or a plain path for SQLite; open until it is closed."""

    def __init__(self, url: str, patience_s: float) -> None:
        parsed = _parse(url)
        self.shown = _shown(parsed)
        self.patience_s = patience_s
        self._secrets = _secrets(parsed)
        self._engine = self._made(parsed)
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    @property
    def file(self) -> Path | None:
        """The file that it is; None if a server has it."""
        url = self._engine.url
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    def read(self, work: "_Work[_T]") -> _T:
        """Runs a function that reads, all of it as of one moment; returns its value."""
        return self._patiently(lambda: self._once(work), self.patience_s)

    def write(
        self,
        work: "_Work[_T]",
        *,
        repeatable: bool = False,
        derived: bool = False,
        patience_s: float | None = None,
    ) -> _T:
        """Runs a function that writes; returns its value once all is committed.

        Where the answer to a commit was lost, only a `repeatable` function is run again. A power
        cut may undo what is `derived`, which can be made again: that saves waiting for the disk.
        """
        patience = self.patience_s if patience_s is None else patience_s
        options = {"shardlab_write": True, "shardlab_derived": derived}
        return self._patiently(lambda: self._once(work, **options), patience, repeatable)

    def to_write(self) -> sa.Connection:
        """A connection whose transactions may write; the caller begins, ends and closes them."""
        return self._engine.connect().execution_options(shardlab_write=True)

    def _patiently(self, run: Callable[[], _T], patience_s: float, again: bool = True) -> _T:
        """The value of `run`, tried again while that may help and the patience lasts."""
        end, wait = time.monotonic() + patience_s, _FIRST_WAIT_S
        while True:
            try:
                return run()
            except _CommitUnanswered as unanswered:
                cause, retry = unanswered.__cause__, again
                if not again:
                    raise StoreError(
                        f"{self.shown}: the connection was lost while this was written; see "
                        "with 'shardlab audit' whether it was, before trying again"
                    ) from None
            except sa.exc.SQLAlchemyError as error:
                cause, retry = error, _may_pass(error)
            if not retry or time.monotonic() + wait > end:
                raise self._refusal(cause, patience_s if retry else 0.0) from None
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)

    def _once(self, work: "_Work[_T]", **options: bool) -> _T:
        with self._engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin() as transaction:
                value = work(connection)
                try:
                    transaction.commit()
                except DBAPIError as error:
                    if error.connection_invalidated:
                        raise _CommitUnanswered from error
                    raise
                return value

    def _made(self, url: sa.URL) -> sa.Engine:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url, self.shown)
        waits: dict[str, Any] = {"connect_timeout": _CONNECT_S, "options": _SERVER_WAITS}
        given = {name: value for name, value in waits.items() if name not in url.query}
        try:
            engine = sa.create_engine(url, connect_args=given)
        except ModuleNotFoundError:
            raise StoreError(
                f"{self.shown}: PostgreSQL needs psycopg: pip install 'shardlab[postgresql]'"
            ) from None
        event.listen(engine, "begin", _begin_postgresql)
        return engine

    def _migrate(self) -> None:
        """Makes or upgrades the tables; see `migrate`."""
        patience = _BUSY_S if self._engine.dialect.name == "sqlite" else 0.0

        def make(connection: sa.Connection) -> None:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(migrate.LOCK)))
            if not migrate.is_current(connection, self.shown):
                migrate.upgrade(connection)

        def once() -> None:
            if not self._once(lambda each: migrate.is_current(each, self.shown)):
                self._once(make, shardlab_write=True)

        self._patiently(once, patience)

    def _refusal(self, cause: BaseException | None, waited_s: float) -> StoreError:
        """The database's own words, without secrets, and what would mend it."""
        original = getattr(cause, "orig", None) or cause
        lines = str(original).splitlines() or [type(original).__name__]
        if isinstance(cause, IntegrityError):  # the lines after the first quote what was refused
            return StoreError(f"{self.shown} refuses this: {lines[0]}; {_REPORT}")
        said = " ".join(" ".join(lines).split())
        for secret in self._secrets:
            said = said.replace(secret, "***")
        tried = f", for {waited_s:.0f} s" if waited_s >= 1 else ""
        return StoreError(f"{self.shown}: {said}{tried}; {_mend(said)}")


def insert(connection: sa.Connection, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that knows `on_conflict_…`, of the dialect in use."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def in_chunks(values: Iterable[_T], size: int = _NAMED_AT_ONCE) -> Iterator[list[_T]]:
    """Yields the values a few at a time: by default as many as a statement may name."""
    left = iter(values)
    while some := list(islice(left, size)):
        yield some


def lock(connection: sa.Connection, name: str) -> None:
    """Keeps other writers that name the same lock waiting until the transaction ends.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        key = sa.func.hashtextextended(name, migrate.LOCK)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


# -- SQLite --------------------------------------------------------------------------------


def _sqlite(url: sa.URL, shown: str) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("a gradebook is a file, not memory; give its path with --db")
    path = Path(url.database)
    if path.is_dir():
        raise StoreError(f"{shown} is a folder; name a file in it with --db")
    with suppress(OSError), os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o660), "rb"):
        pass  # grades are not for everyone to read; what can't be made is told when it's opened
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing of itself: `_begin_sqlite` does
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # so that REPLACE is refused like DELETE


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    # What was receipted outlives a power cut; in WAL, NORMAL survives all but that.
    derived = options.get("shardlab_derived")
    connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if derived else 'FULL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("shardlab_write") else "BEGIN")


def _begin_postgresql(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("shardlab_write"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


# -- words ---------------------------------------------------------------------------------


def _parse(given: str) -> sa.URL:
    scheme, mark, _ = given.partition("://")
    if not mark:
        return sa.URL.create("sqlite", database=given)
    if scheme not in _SCHEMES:
        raise StoreError(
            f"a gradebook at '{scheme}://…': expected a path, or postgresql://USER@HOST/DATABASE"
        )
    try:
        return sa.make_url(given).set(drivername=_SCHEMES[scheme])
    except (ArgumentError, ValueError):
        raise StoreError(
            f"the gradebook's address begins with '{scheme}://' but can't be read; "
            "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None


def _shown(url: sa.URL) -> str:
    """The address as it may be printed: no password, nor anything else that may hold one."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)


def _secrets(url: sa.URL) -> list[str]:
    values = [url.password, *(url.query.get(name) for name in ("password", "sslpassword"))]
    return [str(each) for each in values if each]


def _may_pass(error: BaseException) -> bool:
    """Whether the same thing may go well a little later."""
    if not isinstance(error, DBAPIError):
        return False
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_PASSING)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


_REPORT = "nothing was written; this is a fault of the grader's, please report it"
_MENDS = (
    (("not a database", "malformed"), "name the right file with --db, or restore a copy of it"),
    (("unable to open", "readonly", "read-only"),
     "its folder must be there and you must be able to write in it; or name another with --db"),
    (("full", "no space"), "make room, and run it again"),
    (("locked",), "another program writes to it for long; end that, and run it again"),
    (("password", "authentication", "role "), "check the user and password in the address"),
    (("connect", "server", "timeout", "host name"),
     "start the server or correct the address, and run it again"),
)  # fmt: skip


def _mend(said: str) -> str:
    lower = said.lower()
    for words, mend in _MENDS:
        if any(word in lower for word in words):
            return mend
    return _REPORT
