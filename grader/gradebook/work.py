"""What is to be graded, by whom, and what it came to.

A result belongs to a content key, which is written once. What a submission comes to now is the
result of its *current* key: a suite that is changed and changed back brings the old results
back with it, and two attempts of the same content share one.

A batch claims keys before it grades them, so that two batches share the work; but a claim is
only courtesy. What keeps a key from being graded twice is that the database takes one result.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from grader.gradebook import liveness
from grader.gradebook.attempts import attempts
from grader.gradebook.database import in_chunks, insert
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import (
    batches,
    case_verdicts,
    claims,
    current_keys,
    faults,
    regrades,
    results,
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
    """sha256 over all that a result depends on: the same key is never graded twice.

    `suite_digest` covers the assignment, too. The generation tells a deliberate regrade of the
    same content from the one before.
    """
    parts = (attempt.digest, suite_digest, engine, seed.hex(), level_word, str(generation))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Graded:
    """A result with what it was come by; `token` makes a repeated call know its own row."""

    attempt: Attempt
    key: str
    result: Result
    suite: str
    engine: str
    isolation: str
    token: str = field(default_factory=lambda: secrets.token_hex(8))


# -- what is to be done --------------------------------------------------------------------


def pending(connection: sa.Connection, lab: str, key: Callable[[Attempt], str]) -> list[Attempt]:
    """The attempts without a result for their key; of several with the same key, the first.

    The keys are kept as the current ones, by which it is known from now on what each attempt
    comes to.
    """
    found = attempts(connection, lab)
    keys = {attempt.id: key(attempt) for attempt in found}
    _set_current(connection, _changed(connection, lab, keys))
    done = _with_result(connection, set(keys.values()))
    first: dict[str, Attempt] = {}
    for attempt in found:
        if keys[attempt.id] not in done:
            first.setdefault(keys[attempt.id], attempt)
    return list(first.values())


def generations(connection: sa.Connection, lab: str) -> dict[int, int]:
    """How often a regrade of a submission was asked for; those without are left out."""
    query = (
        sa.select(regrades.c.submission, sa.func.count())
        .join(submissions, submissions.c.id == regrades.c.submission)
        .where(submissions.c.lab == lab)
        .group_by(regrades.c.submission)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def again(
    connection: sa.Connection, ids: Collection[int], reason: str, author: str, now: datetime
) -> None:
    """Lets each submission be graded once more, though nothing that it depends on has changed."""
    rows = [
        {"submission": each, "reason": reason, "author": author, "at": now} for each in sorted(ids)
    ]
    if rows:
        connection.execute(regrades.insert(), rows)


def _changed(connection: sa.Connection, lab: str, keys: Mapping[int, str]) -> dict[int, str]:
    """Those keys that are not the current ones yet."""
    query = sa.select(current_keys.c.submission, current_keys.c.key).join(
        submissions, submissions.c.id == current_keys.c.submission
    )
    rows = connection.execute(query.where(submissions.c.lab == lab))
    now = {row.submission: row.key for row in rows}
    return {number: key for number, key in keys.items() if now.get(number) != key}


def _set_current(connection: sa.Connection, keys: Mapping[int, str]) -> None:
    if not keys:
        return
    statement = insert(connection, current_keys)
    statement = statement.on_conflict_do_update(
        index_elements=["submission"], set_={"key": statement.excluded.key}
    )
    rows = [{"submission": number, "key": key} for number, key in sorted(keys.items())]
    connection.execute(statement, rows)


def _with_result(connection: sa.Connection, keys: Iterable[str]) -> set[str]:
    done: set[str] = set()
    for some in in_chunks(keys):
        query = sa.select(results.c.key).where(results.c.key.in_(some))
        done |= set(connection.execute(query).scalars())
    return done


# -- what it came to -----------------------------------------------------------------------


def record(connection: sa.Connection, graded: Graded, now: datetime) -> bool:
    """Whether the key had no result and now has this one; with its verdicts, or not at all.

    A withheld one is no result: it is noted as a fault, and the key is asked for again.
    """
    _set_current(connection, {graded.attempt.id: graded.key})
    connection.execute(claims.delete().where(claims.c.key == graded.key))
    if graded.result.status == WITHHELD:
        return _record_fault(connection, graded, now)
    return _record_result(connection, graded, now)


def _record_result(connection: sa.Connection, graded: Graded, now: datetime) -> bool:
    result = graded.result
    statement = insert(connection, results).on_conflict_do_nothing(index_elements=["key"])
    number = connection.execute(
        statement.returning(results.c.id),
        {
            "key": graded.key,
            "submission": graded.attempt.id,
            "score": result.score,
            "max_score": result.max_score,
            "seconds": result.seconds,
            "isolation": graded.isolation,
            "suite": graded.suite,
            "engine": graded.engine,
            "note": result.note,
            "trace": result.trace,
            "graded_at": now,
            "token": graded.token,
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
            "item": each.item,
            "position": position,
            "points": each.points,
            "max_points": each.max_points,
            "verdict": each.verdict.value,
            "finding": each.finding,
        }
        for position, each in enumerate(result.rubric)
    ]
    if rows:
        connection.execute(case_verdicts.insert(), rows)


def _record_fault(connection: sa.Connection, graded: Graded, now: datetime) -> bool:
    if _with_result(connection, [graded.key]):
        return False
    statement = insert(connection, faults).on_conflict_do_nothing(index_elements=["token"])
    connection.execute(
        statement,
        {
            "submission": graded.attempt.id,
            "key": graded.key,
            "max_score": graded.result.max_score,
            "seconds": graded.result.seconds,
            "reason": graded.result.note,
            "at": now,
            "token": graded.token,
        },
    )
    return True


# -- who does it ---------------------------------------------------------------------------


def begin_batch(connection: sa.Connection, now: datetime) -> int:
    """The number of a new batch, of this process."""
    host, pid, started = liveness.me()
    row = {"host": host, "pid": pid, "started": started, "beat": now}
    statement = batches.insert().values(row).returning(batches.c.id)
    batch: int = connection.execute(statement).scalar_one()
    return batch


def beat(connection: sa.Connection, batch: int, now: datetime) -> None:
    """Says that the batch lives."""
    connection.execute(batches.update().where(batches.c.id == batch).values(beat=now))


def end_batch(connection: sa.Connection, batch: int) -> None:
    """Gives back what the batch has claimed."""
    connection.execute(claims.delete().where(claims.c.batch == batch))


def claim(connection: sa.Connection, batch: int, keys: Collection[str], now: datetime) -> set[str]:
    """Those keys that are the batch's now: no live batch holds them, and none has a result."""
    wanted = sorted(keys)  # in one order, so that two batches never wait for each other
    _free_claims_of_the_dead(connection, batch, now)
    statement = insert(connection, claims).on_conflict_do_nothing(index_elements=["key"])
    if wanted:
        connection.execute(statement, [{"key": key, "batch": batch} for key in wanted])
    # Now that they are held nobody else records them: what has a result by now, has had it.
    done = _with_result(connection, wanted)
    held: set[str] = set()
    for some in in_chunks(wanted):
        mine = sa.and_(claims.c.batch == batch, claims.c.key.in_(some))
        held |= set(connection.execute(sa.select(claims.c.key).where(mine)).scalars())
    for some in in_chunks(sorted(held & done)):
        connection.execute(claims.delete().where(claims.c.key.in_(some)))
    return held - done


def _free_claims_of_the_dead(connection: sa.Connection, batch: int, now: datetime) -> None:
    holders = sa.select(claims.c.batch).where(claims.c.batch != batch)
    query = sa.select(batches).where(batches.c.id.in_(holders))
    for row in connection.execute(query).mappings().all():
        if not liveness.lives(row["host"], row["pid"], row["started"], row["beat"], now):
            connection.execute(claims.delete().where(claims.c.batch == row["id"]))
