"""What collecting has seen: places and when, sources that are as they were, and who waits.

All of it is remembered here and nowhere else: the audit log tells people of the same things, and
nothing is read back from it.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from grader.gradebook.database import insert
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import collections, sources, storable, submissions, waiting

Stranger = tuple[str, str, str]  # student, lab, and digest of what they handed in


def last_collected(connection: sa.Connection) -> dict[str, datetime]:
    """When each place was collected last."""
    return {row.place: row.at for row in connection.execute(sa.select(collections))}


def collected(connection: sa.Connection, place: str, at: datetime) -> None:
    """Remembers that the place was collected at that time."""
    statement = insert(connection, collections)
    statement = statement.on_conflict_do_update(
        index_elements=["place"], set_={"at": statement.excluded.at}
    )
    connection.execute(statement, {"place": place, "at": at})


def unchanged(connection: sa.Connection, lab: str) -> dict[tuple[str, str], Attempt]:
    """The lab's attempts by source and facts, as far as facts were kept; see `keep_facts`."""
    of_attempt = [submissions.c[name] for name in Attempt.__struct_fields__]
    query = sa.select(sources.c.source, sources.c.facts, *of_attempt).join(
        submissions, submissions.c.id == sources.c.submission
    )
    rows = connection.execute(query.where(submissions.c.lab == lab, sources.c.facts != ""))
    return {(row[0], row[1]): Attempt(*row[2:]) for row in rows.all()}


def keep_facts(connection: sa.Connection, facts: Mapping[tuple[int, str], str]) -> None:
    """Keeps, for an attempt's id and source, the facts by which it is known without reading it."""
    rows = [
        {"number": number, "place": storable(source), "now": text}
        for (number, source), text in sorted(facts.items())
    ]
    this = sa.and_(
        sources.c.submission == sa.bindparam("number"), sources.c.source == sa.bindparam("place")
    )
    statement = sources.update().where(this).values(facts=sa.bindparam("now"))
    if rows:
        connection.execute(statement, rows)


def strangers(connection: sa.Connection) -> dict[Stranger, datetime]:
    """When those who were kept out had handed in what."""
    rows = connection.execute(sa.select(waiting))
    return {(row.student, row.lab, row.digest): row.since for row in rows}


def keep_waiting(connection: sa.Connection, who: Stranger, since: datetime) -> bool:
    """Whether they did not wait yet, and do from now on; the first time counts."""
    row = dict(zip(("student", "lab", "digest"), who, strict=True)) | {"since": since}
    statement = insert(connection, waiting).on_conflict_do_nothing().returning(waiting.c.since)
    return connection.execute(statement, row).scalar() is not None
