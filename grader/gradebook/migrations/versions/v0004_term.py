"""Adds what a term needs: times that nobody knows, people who are renamed, and the way back.

Nothing that is written once changes. Rows of a state (who is on the roster, which attempt is
void) may; what they were before stands in `changes`, by which `undo` brings it back.
"""

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Adds columns with the value that old rows have by right, and the new tables."""
    _people()
    _times()
    _undo()
    _decisions()


def _people() -> None:
    _add("students", _text("called", ""), _text("merged_into", ""), _text("status", "enrolled"))
    if not _has_roster():
        op.execute("UPDATE students SET status = 'taken'")
    _create("aliases", _text("alias", primary_key=True), _text("student", target="students.id"))
    _create(
        "shares",
        _ref("submission", target="submissions.id", primary_key=True),
        _text("student", target="students.id", primary_key=True),
    )


def _has_roster() -> bool:
    """Whether a roster was ever given: then all who are there were let in by it."""
    found = op.get_bind().execute(sa.text("SELECT 1 FROM audit WHERE what = 'roster'"))
    return found.first() is not None


def _times() -> None:
    _add("submissions", _text("time_from", ""), _whole("lms_late", 0), _ref("intake", 0))
    _create(
        "told_times",
        _id(),
        _ref("submission", target="submissions.id", index=True),
        _time("submitted_at"),
        _text("time_from"),
        _text("author"),
        _time("at"),
    )
    _create("policies", _id(), _text("lab"), _text("policy"), _text("author"), _time("at"))


def _undo() -> None:
    _create("intakes", _id(), _text("place"), _time("at"), _text("author"), _text("told"))
    _create(
        "voids",
        _ref("submission", target="submissions.id", primary_key=True),
        _whole("by_undo"),
        _text("reason"),
        _text("author"),
        _time("at"),
    )
    _add("audit", _ref("undoes", 0))
    _create(
        "changes",
        _ref("entry", primary_key=True),
        _ref("position", primary_key=True),
        *map(_text, ("table", "key", "before", "after")),
    )


def _decisions() -> None:
    _add("overrides", _whole("hundredths", 0))
    _add("published_grades", _whole("hundredths", 0))
    _add("extensions", _whole("withdrawn", 0))
    _add("regrades", _whole("withdrawn", 0))
    _create(
        "withdrawals",
        _ref("publication", target="publications.id", primary_key=True),
        _text("reason"),
        _text("author"),
        _time("at"),
    )
    _create(
        "key_fingerprints",
        _text("kind", primary_key=True),
        _text("fingerprint", primary_key=True),
        _text("author"),
        _time("at"),
    )


def _create(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, sqlite_autoincrement=True)


def _add(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column)


def _column(
    kind: Any, name: str, default: object = None, target: str = "", **options: Any
) -> sa.Column[Any]:
    points_at = (sa.ForeignKey(target),) if target else ()
    if default is not None:
        options["server_default"] = str(default)
    return sa.Column(name, kind, *points_at, nullable=False, **options)


_id = partial(_column, _ID, "id", primary_key=True)
_ref = partial(_column, _ID, autoincrement=False)
_text = partial(_column, sa.Text)
_whole = partial(_column, sa.Integer)
_time = partial(_column, sa.DateTime(timezone=True))
