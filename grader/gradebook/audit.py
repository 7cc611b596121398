"""The log of every change, in words for people; no program reads it back."""

import getpass
import os
from contextlib import suppress
from datetime import datetime

import msgspec
import sqlalchemy as sa

from grader.gradebook.tables import audit


class AuditEntry(msgspec.Struct, frozen=True):
    """One change in words: when, by whom, what was done to which subject.

    `undoes` is the number of the entry that it takes back, or 0.
    """

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    detail: str = ""
    undoes: int = 0


def note(
    connection: sa.Connection,
    now: datetime,
    who: str,
    what: str,
    subject: str,
    detail: str = "",
    undoes: int = 0,
) -> int:
    """Adds a line to the log; its number."""
    row = {"at": now, "who": who, "what": what, "subject": subject, "detail": detail}
    statement = audit.insert().values(row | {"undoes": undoes}).returning(audit.c.id)
    number: int = connection.execute(statement).scalar_one()
    return number


def entries(connection: sa.Connection) -> list[AuditEntry]:
    """Every change, the oldest first."""
    query = sa.select(audit).order_by(audit.c.id)
    return [AuditEntry(**row) for row in connection.execute(query).mappings()]


def taken_back_by(connection: sa.Connection, entry: int) -> int:
    """The number of the entry that takes this one back and is in force, or 0."""
    query = sa.select(audit.c.id).where(audit.c.undoes == entry).order_by(audit.c.id.desc())
    newest: int = connection.execute(query).scalar() or 0
    return newest if newest and not taken_back_by(connection, newest) else 0


def user() -> str:
    """The name of whoever runs this program."""
    with suppress(Exception):  # no name for this user, in whichever way the platform says so
        return getpass.getuser()
    return f"user {os.getuid()}"
