"""The gradebook's tables, as queries see them.

::

    students ─┬─< submissions >── labs        every attempt; never changed
              │       ├─< files               what was handed in, a blob each
              │       ├─< sources             where it was found, once or more often
              │       ├── current_keys        the content key it is to be graded under now
              │       ├─< results ──< cases   one result a key, points within 0…max
              │       ├─< faults              the grader's own: no score, asked for again
              │       └─< regrades            a person wants the same content graded again
              ├─< overrides, extensions       what people decided; the newest counts
              └─< published_grades >── publications
    batches ──< claims                        who grades which key at this moment
    collections                               when each place was collected last
    waiting                                   who was kept out, and since when it was there
    audit                                     every change, by whom: for people, never read back

Columns only. What the database refuses (constraints, triggers) is written once, in the
migrations that make it; a test holds that both name the same columns.
"""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from grader.results import Finding


class UtcTime(TypeDecorator[datetime]):
    """An aware time, given back in UTC whatever the database makes of it."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Text that may hold what a student made up: what a database can't hold is escaped."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: sa.Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return storable(value)


class FindingText(TypeDecorator[Finding]):
    """A finding as JSON in ASCII alone, which every database can hold whatever is in it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Finding | None, _dialect: sa.Dialect) -> str:
        return json.dumps(msgspec.to_builtins(value or Finding()))

    def process_result_value(self, value: str | None, _dialect: sa.Dialect) -> Finding:
        return _finding(value or "{}")


@lru_cache(maxsize=4096)  # most of a class are told the same
def _finding(text: str) -> Finding:
    return msgspec.convert(json.loads(text), Finding)


def storable(text: str) -> str:
    """The text with NUL, and halves of surrogate pairs, written as Python would escape them."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


metadata = sa.MetaData()
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, metadata, *columns)


def _id(name: str = "id") -> sa.Column[int]:
    """A number that grows: later rows have greater ones, whatever the clock says."""
    return sa.Column(name, _ID, primary_key=True)


def _ref(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, _ID, primary_key=primary_key, nullable=False, autoincrement=False)


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, AnyText, primary_key=primary_key, nullable=False)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _time(name: str) -> sa.Column[datetime]:
    return sa.Column(name, UtcTime, nullable=False)


students = _table(
    "students",
    _text("id", primary_key=True),
    _text("name"),
    _text("email"),
    _text("group"),
    _text("lms_id"),
)
labs = _table("labs", _text("slug", primary_key=True))
submissions = _table(
    "submissions",
    _id(),
    _text("lab"),
    _text("student"),
    _whole("number"),
    _text("digest"),
    _time("submitted_at"),
    _time("received_at"),
    _text("source"),
    _text("problem"),
)
files = _table(
    "files",
    _ref("submission", primary_key=True),
    _text("name", primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    _text("sha256"),
)
sources = _table(
    "sources",
    _ref("submission", primary_key=True),
    _text("source", primary_key=True),
    _text("facts"),  # that tell, unread, that nothing has changed there; only ever compared
)
collections = _table("collections", _text("place", primary_key=True), _time("at"))
waiting = _table(
    "waiting",
    _text("student", primary_key=True),
    _text("lab", primary_key=True),
    _text("digest", primary_key=True),
    _time("since"),
)
current_keys = _table("current_keys", _ref("submission", primary_key=True), _text("key"))
results = _table(
    "results",
    _id(),
    _text("key"),
    _ref("submission"),
    _whole("score"),
    _whole("max_score"),
    sa.Column("seconds", sa.Double, nullable=False),
    _text("isolation"),
    _text("suite"),
    _text("engine"),
    _text("note"),
    _text("trace"),
    _time("graded_at"),
    _text("token"),  # of the one call that wrote it: how a repeated call knows its own row
)
case_verdicts = _table(
    "case_verdicts",
    _ref("result", primary_key=True),
    _text("item", primary_key=True),
    _whole("position"),
    _whole("points"),
    _whole("max_points"),
    _text("verdict"),
    sa.Column("finding", FindingText, nullable=False),
)
faults = _table(
    "faults",
    _id(),
    _ref("submission"),
    _text("key"),
    _whole("max_score"),
    sa.Column("seconds", sa.Double, nullable=False),
    _text("reason"),
    _time("at"),
    _text("token"),
)
regrades = _table(
    "regrades", _id(), _ref("submission"), _text("reason"), _text("author"), _time("at")
)
overrides = _table(
    "overrides",
    _id(),
    _text("lab"),
    _text("student"),
    _text("item"),
    _whole("points", nullable=True),  # NULL: the override before it is withdrawn
    _whole("max_points"),
    _text("reason"),
    _text("author"),
    _time("at"),
)
extensions = _table(
    "extensions",
    _id(),
    _text("lab"),
    _text("student"),
    _time("due"),
    _text("reason"),
    _text("author"),
    _time("at"),
)
publications = _table("publications", _id(), _text("lab"), _text("author"), _time("at"))
published_grades = _table(
    "published_grades",
    _ref("publication", primary_key=True),
    _text("student", primary_key=True),
    _ref("submission"),
    _whole("score"),
    _whole("max_score"),
)
audit = _table(
    "audit", _id(), _time("at"), _text("who"), _text("what"), _text("subject"), _text("detail")
)
batches = _table(
    "batches",
    _id(),
    _text("host"),
    _whole("pid"),
    _text("started"),
    _time("beat"),
)
claims = _table("claims", _text("key", primary_key=True), _ref("batch"))
