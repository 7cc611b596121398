"""The memory of `collect`: when each place was collected, unchanged sources, and who waits.

It is kept in tables of its own. The audit log tells people the same, and is never read back.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

import sqlalchemy as sa

from grader.gradebook.database import Database, in_chunks
from grader.gradebook.intakes import touch
from grader.gradebook.journal import Journal
from grader.gradebook.tables import (
    collections,
    files,
    sources,
    storable,
    submissions,
    voids,
    waiting,
)
from grader.gradebook.voids import Sign
from grader.text.times import minute

Stranger = tuple[str, str, str]  # student, lab, and digest of what they handed in


class CollectMemory:
    """The part of a gradebook that `collect` uses; each method is one transaction."""

    def __init__(self, database: Database, sign: Sign, zone: tzinfo = UTC) -> None:
        self._database = database
        self._sign = sign
        self._zone = zone  # in which the log is told times

    def last_collected(self) -> dict[str, datetime]:
        """When each place was collected last."""
        rows = self._database.read(lambda each: each.execute(sa.select(collections)).all())
        return {row.place: row.at for row in rows}

    def collected(self, place: str, at: datetime, told: str, intake: int = 0) -> None:
        """Remembers when the place was collected, and logs the outcome."""
        by, key = self._sign("", ""), {"place": storable(place)}
        there = sa.select(collections.c.at).where(collections.c.place == key["place"])

        def write(connection: sa.Connection) -> None:
            journal = Journal.begin(connection, by.at, by.author, "collect", place, told)
            if connection.execute(there).first() is None:
                journal.insert(collections, key | {"at": at})
            else:
                journal.update(collections, key, {"at": at})
            touch(journal, intake, told)

        self._database.write(write)

    def unchanged(self, lab: str) -> dict[tuple[str, str], int]:
        """The ids of the lab's attempts by source and facts, if facts were kept.

        Not those whose collect was taken back: to count again, they are read again.
        """
        undone = sa.select(voids.c.submission).where(voids.c.by_undo == 1)
        query = sa.select(sources).join(submissions, submissions.c.id == sources.c.submission)
        of_lab = query.where(
            submissions.c.lab == lab, sources.c.facts != "", submissions.c.id.not_in(undone)
        )
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

    def labs_of(self, digests: Iterable[str]) -> dict[str, set[str]]:
        """For each sha256 of a file that was handed in, and counts, the labs that it was for."""

        def read(connection: sa.Connection) -> dict[str, set[str]]:
            found = dict[str, set[str]]()
            for some in in_chunks(sorted(set(digests))):
                query = sa.select(files.c.sha256, submissions.c.lab).distinct()
                query = query.join(submissions, submissions.c.id == files.c.submission)
                void = sa.select(voids.c.submission)
                query = query.where(files.c.sha256.in_(some), submissions.c.id.not_in(void))
                for digest, lab in connection.execute(query):
                    found.setdefault(digest, set()).add(lab)
            return found

        return self._database.read(read)

    def strangers(self) -> dict[Stranger, datetime]:
        """The students who wait for the roster, each with the time since when."""
        rows = self._database.read(lambda each: each.execute(sa.select(waiting)).all())
        return {(row.student, row.lab, row.digest): row.since for row in rows}

    def keep_out(self, since: Mapping[Stranger, datetime], intake: int = 0) -> None:
        """Remembers since when students wait for the roster; the first time of each counts."""
        by = self._sign("", "")

        def write(connection: sa.Connection) -> None:
            rows = connection.execute(sa.select(waiting)).all()
            there = {(row.student, row.lab, row.digest) for row in rows}
            for who, at in since.items():
                student, lab, digest = map(storable, who)
                if (student, lab, digest) in there:
                    continue
                told = f"waits since {minute(at, self._zone)}"
                subject = f"{student} {lab}"
                journal = Journal.begin(
                    connection, by.at, by.author, "not on the roster", subject, told
                )
                row = {"student": student, "lab": lab, "digest": digest, "since": at}
                journal.insert(waiting, row)
                touch(journal, intake, told)

        if since:
            self._database.write(write, repeatable=True)
