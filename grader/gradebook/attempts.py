"""Attempts: everything that was handed in, kept as it came.

Content equal to that of the student's newest attempt makes no new attempt; A, B and A again make
three. Attempts are numbered in the order in which they are taken in.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

import msgspec
import sqlalchemy as sa

from grader.errors import StoreError
from grader.gradebook.database import insert, lock
from grader.gradebook.journal import Journal
from grader.gradebook.known import Draft, KnownAttempts
from grader.gradebook.people import People, load, with_all
from grader.gradebook.rows import DROPPED, Attempt
from grader.gradebook.tables import (
    files,
    labs,
    shares,
    sources,
    storable,
    submissions,
    told_times,
    voids,
)
from grader.submissions import Submission

UNKNOWN = "unknown"  # whose word the time is, where it is nobody's
_TRACE = ".trace"
ToldTime = tuple[datetime, str]  # when, and whose word that is
_Drafts = list[tuple[Draft, bool]]  # and whether it is new
_Fresh = Iterable[tuple[Draft, "Arrival"]]


@dataclass(frozen=True)
class Arrival:
    """A submission to take in, with the time it was handed in and the place it was found at.

    `submitted_at` is None where nobody's word says when; `time_from` says whose word it is,
    `lms_late` that the other system calls it late, `intake` which collect takes it in.
    `members` are the permanent ids of others whose attempt it is, too.

    With `lasting`, the same content at the same source is always the same attempt, whatever the
    student has handed in since.
    """

    submission: Submission
    submitted_at: datetime | None
    source: str = ""
    lasting: bool = False
    time_from: str = ""
    lms_late: bool = False
    intake: int = 0
    members: tuple[str, ...] = ()


def digest_of(submission: Submission) -> str:
    """sha256 over names, sizes and contents, or over the problem if there is no file."""
    digest = hashlib.sha256()
    contents = contents_of(submission)
    for name, content in sorted(contents.items()):
        digest.update(f"{storable(name)}\0{len(content)}\0".encode())
        digest.update(content)
    if not contents:
        digest.update(f"\0{storable(submission.problem)}".encode())
    return digest.hexdigest()


def contents_of(submission: Submission) -> dict[str, bytes]:
    """All that was handed in, by file name; a trace is named after the file beside it."""
    contents = dict(submission.files)
    if submission.trace is not None:
        beside = PurePath(next(iter(submission.files), "submission"))
        contents[beside.with_suffix(_TRACE).name] = submission.trace
    return contents


def take_in(
    connection: sa.Connection, lab: str, arrivals: Sequence[Arrival], *, now: datetime
) -> list[tuple[Attempt, bool]]:
    """The attempt of each arrival, and whether it is new; all are kept, or none."""
    lock(connection, f"intake of {lab}")
    names = {storable(each.submission.student) for each in arrivals}
    people = with_all(connection, names)
    keys = {each: people.keys.get(each, each) for each in names}
    connection.execute(insert(connection, labs).values(slug=lab).on_conflict_do_nothing())
    lasting = any(each.lasting for each in arrivals)
    known = KnownAttempts(connection, lab, set(keys.values()), by_source=lasting)
    drafts = [_draft(lab, each, keys, known, now) for each in arrivals]
    fresh = [
        (draft, each)
        for (draft, is_new), each in zip(drafts, arrivals, strict=True)
        if is_new and "id" not in draft
    ]
    _insert(connection, [draft for draft, _ in fresh])
    _insert_files(connection, fresh)
    _insert_shares(connection, fresh)
    _insert_sources(connection, drafts, arrivals)
    told = _told(connection, lab)
    return [(_attempt(draft, told, people), is_new) for draft, is_new in drafts]


def attempts(
    connection: sa.Connection,
    lab: str | None = None,
    student: str | None = None,
    *,
    present: bool = False,
    with_void: bool = False,
    people: People | None = None,
) -> list[Attempt]:
    """The attempts at a lab, of a student, or all, in the order they were taken in.

    With `present`, only those of students who take part: nobody's who was dropped. Those that are
    void are left out unless they are asked for. `people` saves looking them up.
    """
    query = sa.select(submissions).order_by(submissions.c.id)
    if lab is not None:
        query = query.where(submissions.c.lab == lab)
    if not with_void:
        query = query.where(submissions.c.id.not_in(sa.select(voids.c.submission)))
    told, people = _told(connection, lab), people or load(connection)
    wanted = None if student is None else people.find(student)
    found = [_attempt(dict(row), told, people) for row in connection.execute(query).mappings()]
    if student is not None:
        found = [each for each in found if wanted is not None and each.owner == wanted.key]
    return list(_of_present(connection, found, people)) if present else found


def _of_present(
    connection: sa.Connection, found: Iterable[Attempt], people: People
) -> Iterator[Attempt]:
    """Yields the attempts of who takes part: a group's stays, as another's, when one is dropped."""
    members = dict[int, list[str]]()
    for row in connection.execute(sa.select(shares).order_by(shares.c.student)):
        members.setdefault(row.submission, []).append(row.student)
    for each in found:
        whose = map(people.owner, (each.owner, *members.get(each.id, ())))
        there = next((one for one in whose if one.status != DROPPED), None)
        if there is not None:
            yield msgspec.structs.replace(each, owner=there.key, called=there.id)


def _attempt(row: Draft, told: Mapping[int, tuple[datetime, str]], people: People) -> Attempt:
    """The attempt of a row, with its present owner, and the time that was told later, if any."""
    owner = people.owner(row["student"])
    facts = row | {"lms_late": bool(row["lms_late"]), "owner": owner.key, "called": owner.id}
    if row["id"] in told:
        facts["submitted_at"], facts["time_from"] = told[row["id"]]
    if facts["time_from"] == UNKNOWN:
        facts["submitted_at"] = None
    return Attempt(**facts)


def _told(connection: sa.Connection, lab: str | None) -> dict[int, tuple[datetime, str]]:
    """The newest time that was told of each attempt after it was taken in, and whose word it is."""
    query = sa.select(told_times).order_by(told_times.c.id)
    if lab is not None:
        of_lab = sa.select(submissions.c.id).where(submissions.c.lab == lab)
        query = query.where(told_times.c.submission.in_(of_lab))
    found = connection.execute(query)
    return {row.submission: (row.submitted_at, row.time_from) for row in found}


def tell_times(journal: Journal, times: Mapping[int, ToldTime], author: str, at: datetime) -> None:
    """Keeps when attempts were handed in, by their ids, which was unknown or told otherwise."""
    for attempt, (submitted_at, time_from) in sorted(times.items()):
        row = {"submission": attempt, "submitted_at": submitted_at, "time_from": time_from}
        journal.insert(told_times, row | {"author": author, "at": at})


def name_of(attempt: Attempt) -> str:
    """The unique name of an attempt in results and messages: `STUDENT-NUMBER`, by present ids."""
    return f"{attempt.called or attempt.student}-{attempt.numbered.removeprefix('#')}"


def submission(connection: sa.Connection, attempt: Attempt) -> Submission:
    """The submission as it was handed in, byte for byte."""
    same = sa.select(submissions.c.digest).where(submissions.c.id == attempt.id)
    if connection.execute(same).scalar() != attempt.digest:
        raise StoreError(
            f"attempt {attempt.id} of {attempt.lab} is not what it was when this began: another "
            "gradebook was restored meanwhile; run it again"
        )
    query = sa.select(files.c.name, files.c.content).where(files.c.submission == attempt.id)
    contents = {name: bytes(content) for name, content in connection.execute(query)}
    trace = next((name for name in contents if name.endswith(_TRACE)), None)
    found = contents.pop(trace) if trace is not None else None
    return Submission(name_of(attempt), contents, attempt.problem, attempt.student, found)


def _draft(
    lab: str, arrival: Arrival, keys: Mapping[str, str], known: KnownAttempts, now: datetime
) -> tuple[Draft, bool]:
    """The row for an arrival, and whether the attempt is new; one never seen has no id yet."""
    handed_in, source = arrival.submission, storable(arrival.source)
    student, digest = keys[storable(handed_in.student)], digest_of(handed_in)
    same = known.same(student, digest, source if arrival.lasting else None)
    if same is not None:
        return same, known.brings_back(same)
    draft = {
        "student": student,
        "lab": lab,
        "number": known.next_number(student),
        "digest": digest,
        "received_at": now,
        "source": source,
        "problem": storable(handed_in.problem),
        "lms_late": int(arrival.lms_late),
        "intake": arrival.intake,
        **_time(arrival, now),
    }
    known.add(draft, arrival.members)
    return draft, True


def _time(arrival: Arrival, now: datetime) -> Draft:
    """When it was handed in; where nobody says, when it was there at the latest."""
    if arrival.submitted_at is None:
        return {"submitted_at": now, "time_from": UNKNOWN}
    return {"submitted_at": arrival.submitted_at, "time_from": arrival.time_from}


def _insert(connection: sa.Connection, drafts: list[Draft]) -> None:
    """Inserts the new rows, and gives each draft its id."""
    if not drafts:
        return
    statement = submissions.insert().returning(submissions.c.id, sort_by_parameter_order=True)
    numbers = list(connection.execute(statement, drafts).scalars())
    for draft, number in zip(drafts, numbers, strict=True):
        draft["id"] = number


def _insert_files(connection: sa.Connection, fresh: _Fresh) -> None:
    rows = [
        {"submission": draft["id"], "name": name, "content": content, "sha256": _sha256(content)}
        for draft, arrival in fresh
        for name, content in contents_of(arrival.submission).items()
    ]
    if rows:
        connection.execute(files.insert(), rows)


def _insert_shares(connection: sa.Connection, fresh: _Fresh) -> None:
    rows = [
        {"submission": draft["id"], "student": each}
        for draft, arrival in fresh
        for each in sorted({*arrival.members} - {draft["student"]})
    ]
    if rows:
        connection.execute(shares.insert(), rows)


def _insert_sources(
    connection: sa.Connection, drafts: _Drafts, arrivals: Iterable[Arrival]
) -> None:
    rows = [
        {"submission": draft["id"], "source": arrival.source, "facts": ""}
        for (draft, _), arrival in zip(drafts, arrivals, strict=True)
        if arrival.lasting
    ]
    if rows:
        connection.execute(insert(connection, sources).on_conflict_do_nothing(), rows)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
