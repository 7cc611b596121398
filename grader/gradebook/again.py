"""Taking in again what a taken back collect had made: it counts again, as if it came only now.

The attempt keeps its number, its content and its results. Its time and its group are what is said
now: they may be what was wrong. What people changed by hand since stays.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from msgspec.structs import replace

from grader.gradebook import people
from grader.gradebook.attempts import UNKNOWN, Arrival, tell_times
from grader.gradebook.database import in_chunks
from grader.gradebook.decisions import Signature
from grader.gradebook.journal import Journal
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import changes, shares, voids

_Got = Sequence[tuple[Attempt, bool]]


def taken_in(
    connection: sa.Connection,
    journal: Journal,
    arrivals: Sequence[Arrival],
    got: _Got,
    by: Signature,
) -> list[tuple[Attempt, bool]]:
    """The same attempts, of which those that were taken back count again."""
    back = _revived(connection, journal, {attempt.id for attempt, new in got if new})
    if not back:
        return list(got)
    pairs = list(zip(arrivals, got, strict=True))
    came = {each.id: (arrival, each) for arrival, (each, new) in pairs if new and each.id in back}
    _share(connection, came)
    timed = {number: _timed(*each) for number, each in came.items()}
    told = {
        number: (each.submitted_at or each.received_at, each.time_from)
        for number, each in timed.items()
        if each.submitted_at != came[number][1].submitted_at
    }
    tell_times(journal, told, by.author, by.at)
    return [(timed.get(each.id, each), new) for each, new in got]


def _revived(connection: sa.Connection, journal: Journal, ids: Iterable[int]) -> set[int]:
    """Lets those of the attempts that are void count again; which they are."""
    back = set[int]()
    for some in in_chunks(sorted(ids)):
        query = sa.select(voids.c.submission).where(voids.c.submission.in_(some))
        back |= set(connection.execute(query).scalars())
    for number in sorted(back):
        journal.delete(voids, {"submission": number})
    return back


def _timed(arrival: Arrival, attempt: Attempt) -> Attempt:
    """The attempt with the time that is said now."""
    word = UNKNOWN if arrival.submitted_at is None else arrival.time_from
    return replace(attempt, submitted_at=arrival.submitted_at, time_from=word)


def _share(connection: sa.Connection, came: Mapping[int, tuple[Arrival, Attempt]]) -> None:
    """Makes each attempt that of whom it came from now, and nobody else's."""
    known, by_hand = people.load(connection), _by_hand(connection)
    for number, (arrival, attempt) in came.items():
        sender = known.record(arrival.submission.student)
        wanted = {*arrival.members, *([sender.key] if sender else [])} - {attempt.student}
        query = sa.select(shares.c.student).where(shares.c.submission == number)
        there = set(connection.execute(query).scalars())
        kept = {student for submission, student in by_hand if submission == number}
        _put(connection, number, wanted - there - kept, there - wanted - kept)


def _put(
    connection: sa.Connection, number: int, more: Collection[str], fewer: Collection[str]
) -> None:
    if more:
        rows = [{"submission": number, "student": each} for each in sorted(more)]
        connection.execute(shares.insert(), rows)
    if fewer:
        one = (shares.c.submission == number, shares.c.student.in_(fewer))
        connection.execute(shares.delete().where(*one))


def _by_hand(connection: sa.Connection) -> set[tuple[int, str]]:
    """Who was added to an attempt or removed by people: only that is in the journal."""
    query = sa.select(changes.c.key).where(changes.c.table == shares.name).distinct()
    keys = map(json.loads, connection.execute(query).scalars())
    return {(each["submission"], each["student"]) for each in keys}
