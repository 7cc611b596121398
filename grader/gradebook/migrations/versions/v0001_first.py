"""The first tables, with everything that the database itself refuses.

Facts (what was handed in, what it came to, what people decided, the audit log) are written
once: triggers refuse to change or remove them. Whole numbers are checked for being whole,
because SQLite would take 99.5 or 'ten' for one.
"""

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_VERDICTS = (
    "passed", "failed", "raised", "timeout", "out_of_memory", "crashed", "bad_return",
    "collective_mismatch", "blocked", "grader_fault",
)  # fmt: skip
_WRITTEN_ONCE = (
    "submissions", "files", "results", "case_verdicts", "faults", "regrades", "overrides",
    "extensions", "publications", "published_grades", "audit",
)  # fmt: skip
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Makes the tables and their triggers."""
    _people_and_submissions()
    _grading()
    _decisions()
    for table in _WRITTEN_ONCE:
        _write_once(table)


def _people_and_submissions() -> None:
    _create(
        "students",
        _text("id", primary_key=True),
        *map(_text, ("name", "email", "group", "lms_id")),
        sa.CheckConstraint("length(id) > 0", name="students_id"),
    )
    _create("labs", _text("slug", primary_key=True))
    _create(
        "submissions",
        _id(),
        *_whose(),
        _whole("number"),
        _text("digest"),
        *map(_time, ("submitted_at", "received_at")),
        *map(_text, ("source", "problem")),
        sa.UniqueConstraint("lab", "student", "number", name="submissions_number"),
        _within("submissions", "number", "1"),
        sa.CheckConstraint("length(digest) = 64", name="submissions_digest"),
    )
    _create(
        "files",
        _ref("submission", "submissions.id", primary_key=True),
        _text("name", primary_key=True),
        _column(sa.LargeBinary, "content"),
        _text("sha256"),
        sa.CheckConstraint("length(sha256) = 64", name="files_sha256"),
    )


def _grading() -> None:
    _create(
        "current_keys",
        _ref("submission", "submissions.id", primary_key=True),
        _text("key"),
        sa.CheckConstraint("length(key) = 64", name="current_keys_key"),
    )
    _create(
        "results",
        _id(),
        _text("key"),
        _ref("submission", "submissions.id", index=True),
        *map(_whole, ("score", "max_score")),
        _column(sa.Double, "seconds"),
        *map(_text, ("isolation", "suite", "engine", "note", "trace")),
        _time("graded_at"),
        _text("token"),
        sa.UniqueConstraint("key", name="results_key"),
        sa.CheckConstraint("length(key) = 64", name="results_key_length"),
        _within("results", "score", "0", "max_score"),
    )
    _create(
        "case_verdicts",
        _ref("result", "results.id", primary_key=True),
        _text("item", primary_key=True),
        *map(_whole, ("position", "points", "max_points")),
        *map(_text, ("verdict", "message")),
        _within("case_verdicts", "points", "0", "max_points"),
        sa.CheckConstraint(f"verdict IN {_VERDICTS}", name="case_verdicts_verdict"),
    )
    _create(
        "faults",
        _id(),
        _ref("submission", "submissions.id", index=True),
        _text("key"),
        _whole("max_score"),
        _column(sa.Double, "seconds"),
        _text("reason"),
        _time("at"),
        _text("token"),
        sa.UniqueConstraint("token", name="faults_token"),
    )
    submission = _ref("submission", "submissions.id", index=True)
    _create("regrades", _id(), submission, *_reasoned("regrades"))
    _create("batches", _id(), _text("host"), _whole("pid"), _text("started"), _time("beat"))
    _create("claims", _text("key", primary_key=True), _ref("batch", "batches.id", index=True))


def _decisions() -> None:
    points = f"points IS NULL OR ({_range('points', '0', 'max_points')})"
    _create(
        "overrides",
        _id(),
        *_whose(),
        _text("item"),
        sa.Column("points", sa.Integer),
        _whole("max_points"),
        *_reasoned("overrides"),
        sa.CheckConstraint("length(item) > 0", name="overrides_item"),
        sa.CheckConstraint(points, name="overrides_points"),
    )
    _create("extensions", _id(), *_whose(), _time("due"), *_reasoned("extensions"))
    _create("publications", _id(), _text("lab", "labs.slug"), _text("author"), _time("at"))
    _create(
        "published_grades",
        _ref("publication", "publications.id", primary_key=True),
        _text("student", "students.id", primary_key=True),
        _ref("submission", "submissions.id"),
        *map(_whole, ("score", "max_score")),
        _within("published_grades", "score", "0", "max_score"),
    )
    _create("audit", _id(), _time("at"), *map(_text, ("who", "what", "subject", "detail")))


# -- columns and constraints ---------------------------------------------------------------


def _create(name: str, *parts: sa.schema.SchemaItem) -> None:
    # SQLite must not give a number out again: the greatest number says what is newest.
    op.create_table(name, *parts, sqlite_autoincrement=True)


def _column(kind: Any, name: str, target: str | None = None, **options: Any) -> sa.Column[Any]:
    points_at = () if target is None else (sa.ForeignKey(target),)
    return sa.Column(name, kind, *points_at, nullable=False, **options)


_id = partial(_column, _ID, "id", primary_key=True)
_ref = partial(_column, _ID, autoincrement=False)
_text = partial(_column, sa.Text)
_whole = partial(_column, sa.Integer)
_time = partial(_column, sa.DateTime(timezone=True))


def _whose() -> tuple[sa.schema.SchemaItem, ...]:
    return _text("lab", "labs.slug"), _text("student", "students.id")


def _reasoned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The columns of a decision: its reason, which must not be blank, its author and time."""
    named = sa.CheckConstraint("length(trim(reason)) > 0", name=f"{table}_reason")
    return _text("reason"), _text("author"), _time("at"), named


def _range(column: str, least: str, most: str) -> str:
    return f"{column} >= {least} AND {column} <= {most} AND {column} = CAST({column} AS INTEGER)"


def _within(table: str, column: str, least: str, most: str = "2147483647") -> sa.CheckConstraint:
    return sa.CheckConstraint(_range(column, least, most), name=f"{table}_{column}_range")


# -- triggers ------------------------------------------------------------------------------


def _write_once(table: str) -> None:
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} are written once'); END"
    events = [("UPDATE", "ROW"), ("DELETE", "ROW")]
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_once() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{table} are written once' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        refused = f"EXECUTE FUNCTION {table}_once()"
        events.append(("TRUNCATE", "STATEMENT"))
    for event, each in events:
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"FOR EACH {each} {refused}"
        )
