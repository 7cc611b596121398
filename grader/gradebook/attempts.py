"""Attempts: everything that was handed in, kept as it came.

The same content as the student's newest attempt is that attempt; handing in A, B and A again
makes three. Attempts are numbered in the order in which they are taken in.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa

from grader.gradebook.database import in_chunks, insert, lock
from grader.gradebook.people import add_unknown
from grader.gradebook.rows import Attempt
from grader.gradebook.tables import files, labs, sources, storable, submissions
from grader.submissions import Submission

_TRACE = ".trace"
_Draft = dict[str, Any]  # a row of submissions
_Newest = dict[str, _Draft]  # by student
_BySource = dict[tuple[str, str, str], _Draft]  # by student, source and digest


@dataclass(frozen=True)
class Arrival:
    """A submission as it came in: when it was handed in, and where it was found.

    With `lasting`, what is found at that source again is the attempt that it was the first time,
    whatever the student has handed in since.
    """

    submission: Submission
    submitted_at: datetime
    source: str = ""
    lasting: bool = False


def digest_of(submission: Submission) -> str:
    """sha256 over names, sizes and contents; over the problem where there is no file."""
    digest = hashlib.sha256()
    contents = contents_of(submission)
    for name, content in sorted(contents.items()):
        digest.update(f"{storable(name)}\0{len(content)}\0".encode())
        digest.update(content)
    if not contents:
        digest.update(f"\0{storable(submission.problem)}".encode())
    return digest.hexdigest()


def contents_of(submission: Submission) -> dict[str, bytes]:
    """All that was handed in, by name: a trace is called after the file beside it."""
    contents = dict(submission.files)
    if submission.trace is not None:
        beside = PurePath(next(iter(submission.files), "submission"))
        contents[beside.with_suffix(_TRACE).name] = submission.trace
    return contents


def take_in(
    connection: sa.Connection, lab: str, arrivals: Sequence[Arrival], *, now: datetime
) -> list[tuple[Attempt, bool]]:
    """For each arrival its attempt, and whether that is new; all are kept, or none."""
    lock(connection, f"intake of {lab}")
    whose = sorted({storable(each.submission.student) for each in arrivals})
    add_unknown(connection, whose)
    connection.execute(insert(connection, labs).values(slug=lab).on_conflict_do_nothing())
    before = _by_source(connection, lab, whose) if any(each.lasting for each in arrivals) else {}
    drafts = _drafts(lab, arrivals, before, _newest(connection, lab, whose), now)
    new = [draft for draft, is_new in drafts if is_new]
    for draft, number in zip(new, _insert(connection, new), strict=True):
        draft["id"] = number
    _insert_files(connection, drafts, arrivals)
    _insert_sources(connection, drafts, arrivals)
    return [(Attempt(**draft), is_new) for draft, is_new in drafts]


def attempts(
    connection: sa.Connection, lab: str | None = None, student: str | None = None
) -> list[Attempt]:
    """The attempts at a lab, of a student, or all, in the order they were taken in."""
    query = sa.select(submissions).order_by(submissions.c.id)
    for column, value in ((submissions.c.lab, lab), (submissions.c.student, student)):
        if value is not None:
            query = query.where(column == value)
    return [Attempt(**row) for row in connection.execute(query).mappings()]


def name_of(attempt: Attempt) -> str:
    """What an attempt is called in a batch, where names are unique."""
    return f"{attempt.student}-{attempt.number}"


def submission(connection: sa.Connection, attempt: Attempt) -> Submission:
    """What was handed in, byte for byte."""
    query = sa.select(files.c.name, files.c.content).where(files.c.submission == attempt.id)
    contents = {name: bytes(content) for name, content in connection.execute(query)}
    trace = next((name for name in contents if name.endswith(_TRACE)), None)
    found = contents.pop(trace) if trace is not None else None
    return Submission(name_of(attempt), contents, attempt.problem, attempt.student, found)


def _newest(connection: sa.Connection, lab: str, whose: Sequence[str]) -> _Newest:
    """Each student's newest attempt at the lab."""
    found: _Newest = {}
    for some in in_chunks(whose):
        query = sa.select(submissions).where(
            submissions.c.lab == lab, submissions.c.student.in_(some)
        )
        for row in connection.execute(query.order_by(submissions.c.number)).mappings():
            found[row["student"]] = dict(row)
    return found


def _by_source(connection: sa.Connection, lab: str, whose: Sequence[str]) -> _BySource:
    """These students' attempts at the lab, by where each was found and what it holds."""
    found: _BySource = {}
    for some in in_chunks(whose):
        query = sa.select(submissions, sources.c.source.label("place")).join(
            sources, sources.c.submission == submissions.c.id
        )
        of_some = query.where(submissions.c.lab == lab, submissions.c.student.in_(some))
        for row in connection.execute(of_some).mappings():
            draft = dict(row)
            found[draft["student"], draft.pop("place"), draft["digest"]] = draft
    return found


def _drafts(
    lab: str, arrivals: Iterable[Arrival], before: _BySource, newest: _Newest, now: datetime
) -> list[tuple[_Draft, bool]]:
    """A row for each arrival, and whether it is new; the new ones are without an id yet."""
    drafts = list[tuple[_Draft, bool]]()
    for arrival in arrivals:
        handed_in, source = arrival.submission, storable(arrival.source)
        student, digest = storable(handed_in.student), digest_of(handed_in)
        known = before.get((student, source, digest)) if arrival.lasting else None
        last = newest.get(student)
        if known is None and last is not None and last["digest"] == digest:
            known = last
        if known is not None:
            drafts.append((known, False))
            continue
        newest[student] = {
            "student": student,
            "lab": lab,
            "number": 1 if last is None else last["number"] + 1,
            "digest": digest,
            "submitted_at": arrival.submitted_at,
            "received_at": now,
            "source": source,
            "problem": storable(handed_in.problem),
        }
        drafts.append((newest[student], True))
    return drafts


def _insert(connection: sa.Connection, rows: list[_Draft]) -> list[int]:
    """The new rows' ids, in their order."""
    if not rows:
        return []
    statement = submissions.insert().returning(submissions.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, rows).scalars())


def _insert_files(
    connection: sa.Connection,
    drafts: Iterable[tuple[_Draft, bool]],
    arrivals: Iterable[Arrival],
) -> None:
    rows = [
        {
            "submission": draft["id"],
            "name": name,
            "content": content,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for (draft, is_new), arrival in zip(drafts, arrivals, strict=True)
        for name, content in (contents_of(arrival.submission).items() if is_new else ())
    ]
    if rows:
        connection.execute(files.insert(), rows)


def _insert_sources(
    connection: sa.Connection,
    drafts: Iterable[tuple[_Draft, bool]],
    arrivals: Iterable[Arrival],
) -> None:
    rows = [
        {"submission": draft["id"], "source": arrival.source, "facts": ""}
        for (draft, _), arrival in zip(drafts, arrivals, strict=True)
        if arrival.lasting
    ]
    if rows:
        connection.execute(insert(connection, sources).on_conflict_do_nothing(), rows)
