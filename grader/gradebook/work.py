"""The work that is to be graded, who does it, and its results.

A result belongs to a content key and is written once. A submission's present result is that of
its *current* key: when a suite is changed and changed back, the old results count again, and two
attempts of the same content share one result.

A run claims keys before it grades them, so that two runs share the work. A claim is only a
courtesy: the database accepts one result a key, so that nothing is recorded twice.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from grader.gradebook import liveness
from grader.gradebook.attempts import attempts
from grader.gradebook.database import in_chunks, insert
from grader.gradebook.journal import Journal
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import (
    case_verdicts,
    claims,
    current_keys,
    faults,
    regrades,
    results,
    runs,
    submissions,
)
from grader.results import WITHHELD, Result


def key_of(
    attempt: Attempt,
    suite_digest: str,
    engine: str,
    seed: bytes,
    level_word: str,
    generation: int = 0,
) -> str:
    """sha256 over all that a result depends on; no key is graded twice.

    `suite_digest` covers the assignment, too. `generation` counts the deliberate regrades of the
    same content.
    """
    parts = (attempt.digest, suite_digest, engine, seed.hex(), level_word, str(generation))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class NewResult:
    """A result with all that it depends on; by `token` a repeated call knows its own row."""

    attempt: Attempt
    key: str
    result: Result
    suite: str
    engine: str
    isolation: str
    token: str = field(default_factory=lambda: secrets.token_hex(8))


# -- what is to be done --------------------------------------------------------------------


def pending(connection: sa.Connection, lab: str, key: Callable[[Attempt], str]) -> list[Attempt]:
    """The attempts without a result for their key; the first where several share a key.

    A key becomes the current one, which decides the attempt's present result, once it has a result:
    until then what stood before stands.
    """
    first, keys = missing(connection, lab, key)
    waiting = {each.id for each in first}
    settled = {number: key for number, key in keys.items() if number not in waiting}
    set_current(connection, _changed(connection, lab, settled))
    return first


def missing(
    connection: sa.Connection, lab: str, key: Callable[[Attempt], str]
) -> tuple[list[Attempt], dict[int, str]]:
    """Those attempts, and the key of each attempt of the lab; nothing is written."""
    found = attempts(connection, lab, present=True)
    keys = {attempt.id: key(attempt) for attempt in found}
    done = with_result(connection, set(keys.values()))
    first: dict[str, Attempt] = {}
    for attempt in found:
        if keys[attempt.id] not in done:
            first.setdefault(keys[attempt.id], attempt)
    return list(first.values()), keys


def generations(connection: sa.Connection, lab: str, before: int | None = None) -> dict[int, int]:
    """The number of the regrade in force, by the submission's id; 0 or absent: none is.

    Regrades that were asked for are numbered from 1. A new one never has the number of one that
    was taken back; one that is brought back has its own again, and with it its old result. With
    `before`, as it was before the row of that number.
    """
    query = (
        sa.select(regrades.c.submission, regrades.c.withdrawn)
        .join(submissions, submissions.c.id == regrades.c.submission)
        .where(submissions.c.lab == lab)
        .order_by(regrades.c.id)
    )
    if before is not None:
        query = query.where(regrades.c.id < before)
    asked, in_force = Counter[int](), dict[int, int]()
    for number, withdrawn in connection.execute(query):
        asked[number] += withdrawn == 0
        in_force[number] = withdrawn - 1 if withdrawn else asked[number]
    return in_force


def again(journal: Journal, ids: Collection[int], reason: str, author: str, now: datetime) -> None:
    """Has each submission graded once more, though nothing that it depends on has changed."""
    for each in sorted(ids):
        row = {"submission": each, "reason": reason, "author": author, "at": now}
        journal.insert(regrades, row)


def count_again(connection: sa.Connection, submission: int, until: datetime) -> None:
    """Lets the result count that the submission's content had at that time, if it had one."""
    this = sa.select(submissions.c.student, submissions.c.digest, submissions.c.lab)
    content = sa.tuple_(submissions.c.student, submissions.c.digest, submissions.c.lab)
    same = sa.select(submissions.c.id).where(
        content.in_(this.where(submissions.c.id == submission))
    )
    query = sa.select(results.c.key).where(
        results.c.submission.in_(same), results.c.graded_at <= until
    )
    key = connection.execute(query.order_by(results.c.id.desc()).limit(1)).scalar()
    if key is not None:
        set_current(connection, {submission: key})


def _changed(connection: sa.Connection, lab: str, keys: Mapping[int, str]) -> dict[int, str]:
    """The keys that differ from the current ones."""
    query = sa.select(current_keys.c.submission, current_keys.c.key).join(
        submissions, submissions.c.id == current_keys.c.submission
    )
    rows = connection.execute(query.where(submissions.c.lab == lab))
    now = {row.submission: row.key for row in rows}
    return {number: key for number, key in keys.items() if now.get(number) != key}


def set_current(connection: sa.Connection, keys: Mapping[int, str]) -> None:
    """Makes these the keys that decide each attempt's present result."""
    if not keys:
        return
    statement = insert(connection, current_keys)
    statement = statement.on_conflict_do_update(
        index_elements=["submission"], set_={"key": statement.excluded.key}
    )
    rows = [{"submission": number, "key": key} for number, key in sorted(keys.items())]
    connection.execute(statement, rows)


def with_result(connection: sa.Connection, keys: Iterable[str]) -> set[str]:
    """The keys that have a result."""
    done: set[str] = set()
    for some in in_chunks(keys):
        query = sa.select(results.c.key).where(results.c.key.in_(some))
        done |= set(connection.execute(query).scalars())
    return done


# -- what it came to -----------------------------------------------------------------------


def record(connection: sa.Connection, graded: NewResult, now: datetime) -> bool:
    """Records the result with its verdicts; False if the key had a result before.

    A withheld result is recorded as a fault, and the key stays pending.
    """
    set_current(connection, {graded.attempt.id: graded.key})
    connection.execute(claims.delete().where(claims.c.key == graded.key))
    if graded.result.status == WITHHELD:
        return _record_fault(connection, graded, now)
    return _record_result(connection, graded, now)


def _record_result(connection: sa.Connection, graded: NewResult, now: datetime) -> bool:
    result = graded.result
    statement = insert(connection, results).on_conflict_do_nothing(index_elements=["key"])
    number = connection.execute(
        statement.returning(results.c.id),
        {
            "key": graded.key,
            "submission": graded.attempt.id,
            "graded_at": now,
            **_named(graded, "isolation", "suite", "engine", "token"),
            **_named(result, "score", "max_score", "seconds", "note", "trace"),
        },
    ).scalar()
    if number is None:
        token = sa.select(results.c.token).where(results.c.key == graded.key)
        return connection.execute(token).scalar() == graded.token
    _record_verdicts(connection, number, result)
    return True


def _record_verdicts(connection: sa.Connection, number: int, result: Result) -> None:
    rows = [
        {
            "result": number,
            "position": position,
            "verdict": each.verdict.value,
            **_named(each, "item", "points", "max_points", "finding"),
        }
        for position, each in enumerate(result.rubric)
    ]
    if rows:
        connection.execute(case_verdicts.insert(), rows)


def _record_fault(connection: sa.Connection, graded: NewResult, now: datetime) -> bool:
    if with_result(connection, [graded.key]):
        return False
    statement = insert(connection, faults).on_conflict_do_nothing(index_elements=["token"])
    connection.execute(
        statement,
        {
            "submission": graded.attempt.id,
            "reason": graded.result.note,
            "at": now,
            **_named(graded, "key", "token"),
            **_named(graded.result, "max_score", "seconds"),
        },
    )
    return True


def _named(facts: object, *names: str) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in names}


# -- who does it ---------------------------------------------------------------------------


def begin_run(connection: sa.Connection, now: datetime) -> int:
    """Begins a run of this process; its number."""
    host, pid, started = liveness.me()
    row = {"host": host, "pid": pid, "started": started, "beat": now}
    statement = runs.insert().values(row).returning(runs.c.id)
    run: int = connection.execute(statement).scalar_one()
    return run


def beat(connection: sa.Connection, run: int, now: datetime) -> None:
    """Says that the run lives."""
    connection.execute(runs.update().where(runs.c.id == run).values(beat=now))


def end_run(connection: sa.Connection, run: int) -> None:
    """Gives back all claims of the run."""
    connection.execute(claims.delete().where(claims.c.batch == run))


def claim(connection: sa.Connection, run: int, keys: Collection[str], now: datetime) -> set[str]:
    """Claims keys for the run; those that it got: no other live run has them, no result."""
    wanted = sorted(keys)  # in one order, so that two runs never wait for each other
    _free_claims_of_the_dead(connection, run, now)
    statement = insert(connection, claims).on_conflict_do_nothing(index_elements=["key"])
    if wanted:
        connection.execute(statement, [{"key": key, "batch": run} for key in wanted])
    # Nobody else records a key that we hold. One that got a result before our claim is dropped.
    done = with_result(connection, wanted)
    held: set[str] = set()
    for some in in_chunks(wanted):
        mine = sa.and_(claims.c.batch == run, claims.c.key.in_(some))
        held |= set(connection.execute(sa.select(claims.c.key).where(mine)).scalars())
    for some in in_chunks(sorted(held & done)):
        connection.execute(claims.delete().where(claims.c.key.in_(some)))
    return held - done


def _free_claims_of_the_dead(connection: sa.Connection, run: int, now: datetime) -> None:
    holders = sa.select(claims.c.batch).where(claims.c.batch != run)
    query = sa.select(runs).where(runs.c.id.in_(holders))
    for row in connection.execute(query).mappings().all():
        if not liveness.lives(row["host"], row["pid"], row["started"], row["beat"], now):
            connection.execute(claims.delete().where(claims.c.batch == row["id"]))
