"""What students handed in before, as far as an arrival may be the same."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from grader.gradebook.database import in_chunks
from grader.gradebook.tables import shares, sources, submissions, voids

Draft = dict[str, Any]  # a row of submissions; one that is not written yet has no id


class KnownAttempts:
    """What was handed in before that an arrival may be the same as, with what this call adds.

    An attempt is known under each student whose attempt it is. One whose collect was taken back
    is known, too, but is nobody's newest.
    """

    def __init__(
        self, connection: sa.Connection, lab: str, whose: set[str], *, by_source: bool
    ) -> None:
        self._undone = _undone(connection, lab)
        self._members = shares_of(connection, lab)
        among = sorted(whose | self._who_share(connection, whose))
        self._newest = dict[str, Draft]()
        self._taken_back = dict[tuple[str, str], Draft]()  # by student and digest
        self._numbers = dict[str, int]()
        for row in _rows(connection, lab, among, sa.select(submissions)):
            self.add(row, self._members.get(row["id"], ()))
        self._places = self._by_source(connection, lab, among) if by_source else {}

    def add(self, draft: Draft, members: Iterable[str]) -> None:
        """Knows one more, which is also these members' attempt."""
        student = draft["student"]
        self._numbers[student] = max(self._numbers.get(student, 0), draft["number"])
        for each in (student, *members):
            if draft.get("id") in self._undone:
                self._taken_back[each, draft["digest"]] = draft
            else:
                self._newest[each] = draft

    def same(self, student: str, digest: str, source: str | None) -> Draft | None:
        """The attempt with this content at this place, or the newest if that has this content."""
        if source is not None and (known := self._places.get((student, source, digest))):
            return known
        last = self._newest.get(student)
        if last is not None and last["digest"] == digest:
            return last
        undone = self._taken_back.get((student, digest))
        return undone if _age(undone) > _age(last) else None

    def brings_back(self, draft: Draft) -> bool:
        """Whether the attempt's collect was taken back, so that it is new again; but once."""
        if draft.get("id") not in self._undone:
            return False
        self._undone.remove(draft["id"])
        for each in (draft["student"], *self._members.get(draft["id"], ())):
            if _age(draft) > _age(self._newest.get(each)):
                self._newest[each] = draft
        return True

    def next_number(self, student: str) -> int:
        """The number of the student's next attempt; that of a void one is not given again."""
        return self._numbers.get(student, 0) + 1

    def _who_share(self, connection: sa.Connection, whose: set[str]) -> set[str]:
        """Who handed in what is these students' attempt, too."""
        shared = [number for number, some in self._members.items() if whose & {*some}]
        query = sa.select(submissions.c.student).where(submissions.c.id.in_(shared))
        return set(connection.execute(query).scalars()) if shared else set()

    def _by_source(
        self, connection: sa.Connection, lab: str, among: Sequence[str]
    ) -> dict[tuple[str, str, str], Draft]:
        """The attempts by student, place where each was found, and content."""
        place = sources.c.source.label("place")
        query = sa.select(submissions, place)
        query = query.join(sources, sources.c.submission == submissions.c.id)
        found = dict[tuple[str, str, str], Draft]()
        for row in _rows(connection, lab, among, query):
            source = row.pop("place")
            for each in (row["student"], *self._members.get(row["id"], ())):
                found[each, source, row["digest"]] = row
        return found


def shares_of(connection: sa.Connection, lab: str) -> dict[int, tuple[str, ...]]:
    """The permanent ids of those who share in each of the lab's attempts, by the attempt's id."""
    of_lab = sa.select(submissions.c.id).where(submissions.c.lab == lab)
    query = sa.select(shares).where(shares.c.submission.in_(of_lab))
    found = dict[int, tuple[str, ...]]()
    for number, student in connection.execute(query.order_by(shares.c.student)):
        found[number] = (*found.get(number, ()), student)
    return found


def _age(draft: Draft | None) -> float:
    """Later ones have greater ages; one that has no number yet is the latest."""
    return -1.0 if draft is None else float(draft.get("id", math.inf))


def _undone(connection: sa.Connection, lab: str) -> set[int]:
    """The lab's attempts whose collect was taken back."""
    query = (
        sa.select(voids.c.submission)
        .join(submissions, submissions.c.id == voids.c.submission)
        .where(submissions.c.lab == lab, voids.c.by_undo == 1)
    )
    return set(connection.execute(query).scalars())


def _rows(
    connection: sa.Connection, lab: str, whose: Sequence[str], query: sa.Select[Any]
) -> Iterator[Draft]:
    """Yields the query's rows for these students and the lab, the oldest attempt first."""
    for some in in_chunks(whose):
        own = query.where(submissions.c.lab == lab, submissions.c.student.in_(some))
        yield from map(dict, connection.execute(own.order_by(submissions.c.id)).mappings())
