"""The first tables, with everything that the database itself refuses.

Facts (what was handed in, what it came to, what people decided, the audit log) are written
once: triggers refuse to change or remove them. Whole numbers are checked for being whole,
because SQLite would take 99.5 or 'ten' for one.
"""

from datetime import datetime

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
    _batches()
    for table in _WRITTEN_ONCE:
        _write_once(table)


def downgrade() -> None:
    """There is nothing before the first step; a gradebook is not unmade by a command."""
    raise NotImplementedError("the first step is not taken back")


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
        _text("lab", "labs.slug"),
        _text("student", "students.id"),
        _whole("number"),
        _text("digest"),
        _time("submitted_at"),
        _time("received_at"),
        _text("source"),
        _text("problem"),
        sa.UniqueConstraint("lab", "student", "number", name="submissions_number"),
        _within("submissions", "number", "1"),
        sa.CheckConstraint("length(digest) = 64", name="submissions_digest"),
    )
    _create(
        "files",
        _ref("submission", "submissions.id", primary_key=True),
        _text("name", primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
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
        _whole("score"),
        _whole("max_score"),
        sa.Column("seconds", sa.Double, nullable=False),
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
        _whole("position"),
        _whole("points"),
        _whole("max_points"),
        _text("verdict"),
        _text("message"),
        _within("case_verdicts", "points", "0", "max_points"),
        sa.CheckConstraint(f"verdict IN {_VERDICTS}", name="case_verdicts_verdict"),
    )
    _create(
        "faults",
        _id(),
        _ref("submission", "submissions.id", index=True),
        _text("key"),
        _whole("max_score"),
        sa.Column("seconds", sa.Double, nullable=False),
        _text("reason"),
        _time("at"),
        _text("token"),
        sa.UniqueConstraint("token", name="faults_token"),
    )
    _create(
        "regrades",
        _id(),
        _ref("submission", "submissions.id", index=True),
        *_reasoned("regrades"),
    )


def _decisions() -> None:
    whose = (("lab", "labs.slug"), ("student", "students.id"))
    _create(
        "overrides",
        _id(),
        *(_text(*each) for each in whose),
        _text("item"),
        sa.Column("points", sa.Integer),
        _whole("max_points"),
        *_reasoned("overrides"),
        sa.CheckConstraint("length(item) > 0", name="overrides_item"),
        sa.CheckConstraint(
            f"points IS NULL OR ({_range('points', '0', 'max_points')})", name="overrides_points"
        ),
    )
    _create(
        "extensions",
        _id(),
        *(_text(*each) for each in whose),
        _time("due"),
        *_reasoned("extensions"),
    )
    _create("publications", _id(), _text("lab", "labs.slug"), _text("author"), _time("at"))
    _create(
        "published_grades",
        _ref("publication", "publications.id", primary_key=True),
        _text("student", "students.id", primary_key=True),
        _ref("submission", "submissions.id"),
        _whole("score"),
        _whole("max_score"),
        _within("published_grades", "score", "0", "max_score"),
    )
    _create("audit", _id(), _time("at"), *map(_text, ("who", "what", "subject", "detail")))


def _batches() -> None:
    _create(
        "batches",
        _id(),
        _text("host"),
        _whole("pid"),
        _text("started"),
        _time("beat"),
    )
    _create("claims", _text("key", primary_key=True), _ref("batch", "batches.id", index=True))


# -- columns and constraints ---------------------------------------------------------------


def _create(name: str, *parts: sa.schema.SchemaItem) -> None:
    # A number that was given out is not given out again: what is newest is told by numbers.
    op.create_table(name, *parts, sqlite_autoincrement=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", _ID, primary_key=True)


def _ref(
    name: str, target: str, *, primary_key: bool = False, index: bool = False
) -> sa.Column[int]:
    return sa.Column(
        name,
        _ID,
        sa.ForeignKey(target),
        primary_key=primary_key,
        nullable=False,
        index=index,
        autoincrement=False,
    )


def _text(name: str, target: str | None = None, *, primary_key: bool = False) -> sa.Column[str]:
    points_at = () if target is None else (sa.ForeignKey(target),)
    return sa.Column(name, sa.Text, *points_at, primary_key=primary_key, nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _time(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _reasoned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Who decided it, when, and a reason that says something."""
    named = sa.CheckConstraint("length(trim(reason)) > 0", name=f"{table}_reason")
    return _text("reason"), _text("author"), _time("at"), named


def _range(column: str, least: str, most: str) -> str:
    return f"{column} >= {least} AND {column} <= {most} AND {column} = CAST({column} AS INTEGER)"


def _within(table: str, column: str, least: str, most: str = "2147483647") -> sa.CheckConstraint:
    return sa.CheckConstraint(_range(column, least, most), name=f"{table}_{column}_range")


# -- triggers ------------------------------------------------------------------------------


def _write_once(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _write_once_in_sqlite(table)
    else:
        _write_once_in_postgresql(table)


def _write_once_in_sqlite(table: str) -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are written once'); END"
        )


def _write_once_in_postgresql(table: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {table}_once() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{table} are written once' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for event, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {table}_once()"
        )
