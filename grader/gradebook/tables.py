"""The gradebook's tables, as queries see them.

::

    students ─┬─< submissions >── labs        every attempt; never changed
              │       ├─< files               what was handed in, a blob each
              │       ├─< sources             where it was found, once or more often
              │       ├── voids               that it does not count, and why
              │       ├─< shares >── students of whom it is, too: others of a group
              │       ├── current_keys        the content key it is to be graded under now
              │       ├─< results ──< cases   one result a key, points within 0…max
              │       ├─< faults              the grader's own: no score, asked for again
              │       └─< regrades            a person wants the same content graded again
              ├─< overrides, extensions       what people decided; the newest counts
              └─< published_grades >── publications
    batches ──< claims                        the runs, and the keys that each grades now
    intakes                                   the collects, by number
    collections                               when each place was collected last
    waiting                                   who was not on the roster, and since when
    audit ──< changes                         every change, by whom, and each row before and after

Columns only. The migrations say what the database refuses (constraints, triggers); a test
compares the columns of both.
"""

import json
from datetime import UTC, datetime
from functools import lru_cache, partial
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
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, metadata, *columns)


def _column(kind: Any, name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


# A number that grows: later rows have greater ones, whatever the clock says.
_id = partial(_column, _NUMBER, "id", primary_key=True)
_ref = partial(_column, _NUMBER, autoincrement=False)
_text = partial(_column, AnyText)
_whole = partial(_column, sa.Integer)
_time = partial(_column, UtcTime)

students = _table(
    "students",
    _text("id", primary_key=True),  # for ever: seeds and attempts refer to it
    *map(_text, ("name", "email", "group", "lms_id")),
    _text("called", default=""),  # the present id; empty: it is `id`
    _text("merged_into", default=""),
    _text("status", default="enrolled"),  # or `taken` in without a roster, or `dropped`
)
aliases = _table("aliases", _text("alias", primary_key=True), _text("student"))
shares = _table(  # an attempt of a group is others' attempt, too
    "shares", _ref("submission", primary_key=True), _text("student", primary_key=True)
)
labs = _table("labs", _text("slug", primary_key=True))
submissions = _table(
    "submissions",
    _id(),
    *map(_text, ("lab", "student")),
    _whole("number"),
    _text("digest"),
    *map(_time, ("submitted_at", "received_at")),
    *map(_text, ("source", "problem")),
    _text("time_from", default=""),  # whose word `submitted_at` is; `unknown`: nobody's
    _whole("lms_late", default=0),
    _ref("intake", default=0),
)
told_times = _table(  # what was learned later; the newest counts
    "told_times",
    _id(),
    _ref("submission"),
    _time("submitted_at"),
    *map(_text, ("time_from", "author")),
    _time("at"),
)
policies = _table("policies", _id(), *map(_text, ("lab", "policy", "author")), _time("at"))
intakes = _table("intakes", _id(), _text("place"), _time("at"), *map(_text, ("author", "told")))
voids = _table(
    "voids",
    _ref("submission", primary_key=True),
    _whole("by_undo"),  # of a collect: taken in again, it counts again
    *map(_text, ("reason", "author")),
    _time("at"),
)
files = _table(
    "files",
    _ref("submission", primary_key=True),
    _text("name", primary_key=True),
    _column(sa.LargeBinary, "content"),
    _text("sha256"),
)
sources = _table(
    "sources",
    _ref("submission", primary_key=True),
    _text("source", primary_key=True),
    _text("facts"),  # by which an unchanged file is known unread; only ever compared
)
collections = _table("collections", _text("place", primary_key=True), _time("at"))
waiting = _table(
    "waiting",
    *(_text(name, primary_key=True) for name in ("student", "lab", "digest")),
    _time("since"),
)
current_keys = _table("current_keys", _ref("submission", primary_key=True), _text("key"))
results = _table(
    "results",
    _id(),
    _text("key"),
    _ref("submission"),
    *map(_whole, ("score", "max_score")),
    _column(sa.Double, "seconds"),
    *map(_text, ("isolation", "suite", "engine", "note", "trace")),
    _time("graded_at"),
    _text("token"),  # of the one call that wrote it: how a repeated call knows its own row
)
case_verdicts = _table(
    "case_verdicts",
    _ref("result", primary_key=True),
    _text("item", primary_key=True),
    *map(_whole, ("position", "points", "max_points")),
    _text("verdict"),
    _column(FindingText, "finding"),
)
faults = _table(
    "faults",
    _id(),
    _ref("submission"),
    _text("key"),
    _whole("max_score"),
    _column(sa.Double, "seconds"),
    _text("reason"),
    _time("at"),
    _text("token"),
)
regrades = _table(
    "regrades",
    _id(),
    _ref("submission"),
    *map(_text, ("reason", "author")),
    _time("at"),
    _whole("withdrawn", default=0),  # n + 1: the n-th is in force again; 1: none is
)
overrides = _table(
    "overrides",
    _id(),
    *map(_text, ("lab", "student", "item")),
    _whole("points", nullable=True),  # NULL: the override before it is withdrawn
    _whole("max_points"),
    *map(_text, ("reason", "author")),
    _time("at"),
    _whole("hundredths", default=0),  # of a point, on top of `points`
)
extensions = _table(
    "extensions",
    _id(),
    *map(_text, ("lab", "student")),
    _time("due"),
    *map(_text, ("reason", "author")),
    _time("at"),
    _whole("withdrawn", default=0),  # 1: takes back the one in force; the one before counts
)
publications = _table("publications", _id(), *map(_text, ("lab", "author")), _time("at"))
published_grades = _table(
    "published_grades",
    _ref("publication", primary_key=True),
    _text("student", primary_key=True),
    _ref("submission"),
    *map(_whole, ("score", "max_score")),
    _whole("hundredths", default=0),
)
withdrawals = _table(
    "withdrawals",
    _ref("publication", primary_key=True),
    *map(_text, ("reason", "author")),
    _time("at"),
)
key_fingerprints = _table(
    "key_fingerprints",
    *(_text(name, primary_key=True) for name in ("kind", "fingerprint")),
    _text("author"),
    _time("at"),
)
audit = _table(
    "audit",
    _id(),
    _time("at"),
    *map(_text, ("who", "what", "subject", "detail")),
    _ref("undoes", default=0),
)
changes = _table(  # rows as JSON before and after each entry of the log, for `undo`
    "changes",
    *(_ref(name, primary_key=True) for name in ("entry", "position")),
    *map(_text, ("table", "key", "before", "after")),
)
runs = _table("batches", _id(), _text("host"), _whole("pid"), _text("started"), _time("beat"))
claims = _table("claims", _text("key", primary_key=True), _ref("batch"))
