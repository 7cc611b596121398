"""The memory of `collect`: when each place was collected, unchanged sources, and who waits.

It is kept in tables of its own. The audit log tells people the same, and is never read back.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import sqlalchemy as sa

from grader.gradebook.database import Database, insert
from grader.gradebook.tables import collections, sources, storable, submissions, waiting

Stranger = tuple[str, str, str]  # student, lab, and digest of what they handed in


class CollectMemory:
    """The part of a gradebook that `collect` uses; each method is one transaction.

    `note` adds a line to the audit log: what was done, its subject, and details.
    """

    def __init__(
        self, database: Database, note: Callable[[sa.Connection, str, str, str], None]
    ) -> None:
        self._database = database
        self._note = note

    def last_collected(self) -> dict[str, datetime]:
        """When each place was collected last."""
        rows = self._database.read(lambda each: each.execute(sa.select(collections)).all())
        return {row.place: row.at for row in rows}

    def collected(self, place: str, at: datetime, told: str) -> None:
        """Remembers when the place was collected, and logs the outcome."""

        def write(connection: sa.Connection) -> None:
            statement = insert(connection, collections)
            statement = statement.on_conflict_do_update(
                index_elements=["place"], set_={"at": statement.excluded.at}
            )
            connection.execute(statement, {"place": place, "at": at})
            self._note(connection, "collect", place, told)

        self._database.write(write)

    def unchanged(self, lab: str) -> dict[tuple[str, str], int]:
        """The ids of the lab's attempts by source and facts, if facts were kept."""
        query = sa.select(sources).join(submissions, submissions.c.id == sources.c.submission)
        of_lab = query.where(submissions.c.lab == lab, sources.c.facts != "")
        rows = self._database.read(lambda each: each.execute(of_lab).all())
        return {(source, facts): attempt for attempt, source, facts in rows}

    def places(self, lab: str) -> dict[int, list[str]]:
        """The places where each attempt at the lab was found, by the attempt's id."""
        query = sa.select(sources.c.submission, sources.c.source)
        query = query.join(submissions, submissions.c.id == sources.c.submission)
        of_lab = query.where(submissions.c.lab == lab)
        found: dict[int, list[str]] = {}
        for number, source in self._database.read(lambda each: each.execute(of_lab).all()):
            found.setdefault(number, []).append(source)
        return {number: sorted(some) for number, some in found.items()}

    def keep_facts(self, facts: Mapping[tuple[int, str], str]) -> None:
        """Keeps facts by attempt and source, from which `collect` sees that nothing changed."""
        rows = [
            {"number": number, "place": storable(source), "now": text}
            for (number, source), text in sorted(facts.items())
        ]
        of_attempt = sources.c.submission == sa.bindparam("number")
        this = sa.and_(of_attempt, sources.c.source == sa.bindparam("place"))
        statement = sources.update().where(this).values(facts=sa.bindparam("now"))
        if rows:
            self._database.write(
                lambda each: each.execute(statement, rows), repeatable=True, derived=True
            )

    def strangers(self) -> dict[Stranger, datetime]:
        """The students who wait for the roster, each with the time since when."""
        rows = self._database.read(lambda each: each.execute(sa.select(waiting)).all())
        return {(row.student, row.lab, row.digest): row.since for row in rows}

    def keep_out(self, who: Stranger, since: datetime) -> None:
        """Remembers since when a student waits for the roster; the first time counts."""
        row = dict(zip(("student", "lab", "digest"), who, strict=True)) | {"since": since}

        def write(connection: sa.Connection) -> None:
            statement = insert(connection, waiting).on_conflict_do_nothing()
            if connection.execute(statement.returning(waiting.c.since), row).scalar() is not None:
                told = f"waits since {since:%Y-%m-%d %H:%M} UTC"
                self._note(connection, "not on the roster", f"{who[0]} {who[1]}", told)

        self._database.write(write, repeatable=True)
