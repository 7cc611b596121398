"""The gradebook's answers as plain data, from which exports and pages are made.

Times are aware datetimes in UTC. Points are whole: a lab has 100.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from grader.results import Result

ENROLLED, TAKEN, DROPPED = "enrolled", "taken", "dropped"


class Student(msgspec.Struct, frozen=True):
    """One person. `lms_id` is the number that Canvas knows them by.

    `id` may change; `first_id` is the first one if it did. `aliases` are the other ids that mean
    the student: those of before, and those of records that were merged into this one. `status` is
    `enrolled` by a roster, `taken` in with a submission, or `dropped`.
    """

    id: str
    name: str = ""
    email: str = ""
    group: str = ""
    lms_id: str = ""
    first_id: str = ""
    status: str = ENROLLED
    aliases: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The permanent id, which seeds, attempts and decisions refer to."""
        return self.first_id or self.id

    def is_called(self, names: Collection[str]) -> bool:
        """Whether one of these is an id that means the student."""
        return any(each in names for each in (self.id, *self.aliases))


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One submission as it was taken in; never changed afterwards.

    `student` is the permanent id under which it was taken in: its hidden inputs are drawn from
    that. `number` counts the attempts at a lab under that id from 1. `owner` is the permanent id
    of the student whose it is now, and `called` that student's present id. `digest` is the sha256
    of all that was handed in. `problem` says why it can't be run, and is empty if it can.

    `submitted_at` is None if nobody's word says when it was handed in; `time_from` says whose word
    it is. With `lms_late`, the other system calls it late without saying when it came. `intake`
    is the number of the collect that took it in, or 0.
    """

    id: int
    student: str
    lab: str
    number: int
    digest: str
    submitted_at: datetime | None
    received_at: datetime
    source: str = ""
    problem: str = ""
    time_from: str = ""
    lms_late: bool = False
    intake: int = 0
    owner: str = ""
    called: str = ""

    @property
    def numbered(self) -> str:
        """`#2`; or `#2 as 5903` where it came in under the id of a record that was merged."""
        merged = self.owner not in ("", self.student)
        return f"#{self.number}" + (f" as {self.student}" if merged else "")


class Override(msgspec.Struct, frozen=True):
    """Points that a person gave for a rubric item, in place of those from grading."""

    item: str
    points: int
    reason: str
    author: str
    at: datetime


class Extension(msgspec.Struct, frozen=True):
    """A later date on which a lab is due for one student."""

    due: datetime
    reason: str
    author: str
    at: datetime


class GradedAttempt(msgspec.Struct, frozen=True):
    """An attempt with its present result, if it has one, and its penalty for lateness.

    `raw` is the score with overrides, before `penalty`; None if there is no score. `late_days`
    counts days begun after due date and grace. An attempt past the cut-off is `refused`. `limit`
    is what ended within a minute of when it was handed in, if anything did: there seconds decide.
    """

    attempt: Attempt
    result: Result | None = None
    raw: int | None = None
    penalty: int = 0
    late_days: int = 0
    refused: bool = False
    limit: datetime | None = None

    @property
    def score(self) -> int | None:
        """The points it earns, never below 0."""
        if self.raw is None:
            return None
        return 0 if self.refused else max(0, self.raw - self.penalty)


class Grade(msgspec.Struct, frozen=True):
    """One student's grade in one lab: every attempt, which of them counts, and why.

    `counts` is the attempt that the lab's policy takes (best or last), or None if nothing was
    handed in. `overrides` are those in force, already in `raw`; `void` are overrides of items that
    the lab no longer has, which change nothing. `published` is the score last told to the student.
    """

    student: Student
    lab: str
    max_score: int
    attempts: tuple[GradedAttempt, ...] = ()
    counts: GradedAttempt | None = None
    overrides: tuple[Override, ...] = ()
    extension: Extension | None = None
    due: datetime | None = None
    published: int | None = None
    void: tuple[Override, ...] = ()

    @property
    def score(self) -> int | None:
        """The grade, or None: nothing was handed in, not graded yet, or withheld."""
        return self.counts.score if self.counts else None

    @property
    def status(self) -> str:
        """`missing`, `ungraded`, `withheld` or `graded`."""
        if self.counts is None:
            return "missing"
        if self.score is not None:
            return "graded"  # a withheld one, too, once people have decided on every item
        if self.counts.result is None:
            return "ungraded"
        return self.counts.result.status
