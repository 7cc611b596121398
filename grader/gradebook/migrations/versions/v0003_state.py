"""Tables for what collecting has to remember, which stood in the audit log before.

The log's entries stay as they are. They are read here for the last time: this step knows how
they were written, and nothing else has to.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables, and fills them with what the log and the attempts tell."""
    sources = op.create_table(
        "sources",
        sa.Column("submission", _ID, sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("facts", sa.Text, nullable=False),
    )
    collections = op.create_table(
        "collections",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("at", _TIME, nullable=False),
    )
    waiting = op.create_table(
        "waiting",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("student", "lab", "digest")),
        sa.Column("since", _TIME, nullable=False),
    )
    _fill(sources, ((*each, "") for each in _sources()))
    _fill(collections, _times("collect").items())
    strangers = ((*who.split(" "), since) for who, since in _times("not on the roster").items())
    _fill(waiting, (each for each in strangers if len(each) == len(waiting.columns)))


def downgrade() -> None:
    """The older code would read the log again, which lacks what was done since."""
    raise NotImplementedError("a gradebook is not moved back")


def _fill(table: sa.Table, rows: Iterable[tuple[object, ...]]) -> None:
    names = [each.name for each in table.columns]
    if filled := [dict(zip(names, row, strict=True)) for row in rows]:
        op.get_bind().execute(table.insert(), filled)


def _sources() -> set[tuple[int, str]]:
    """What each attempt was handed in as: its own source, and those that the log calls copies."""
    own = op.get_bind().execute(sa.text("SELECT id, source FROM submissions")).all()
    ids = {str(number): number for number, _ in own}
    found = {(number, source) for number, source in own if source}
    for _, detail in _entries("copy"):
        number, _, source = detail.partition(" ")
        if number in ids and source:
            found.add((ids[number], source))
    return found


def _times(what: str) -> dict[str, datetime]:
    """The time that the newest such entry tells of each subject."""
    found = {}
    for subject, detail in _entries(what):
        try:
            at = datetime.fromisoformat(detail).astimezone(UTC)
        except ValueError:
            continue  # somebody's own note
        found[subject] = at.replace(tzinfo=None) if _is_sqlite() else at
    return found


def _entries(what: str) -> Iterator[tuple[str, str]]:
    query = sa.text("SELECT subject, detail FROM audit WHERE what = :what ORDER BY id")
    for entry in op.get_bind().execute(query, {"what": what}):
        yield entry.subject, entry.detail


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
