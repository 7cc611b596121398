"""What the gradebook is asked for, as plain data: what exports and pages are made of.

Times are aware datetimes in UTC. Points are whole: a lab has 100.
"""

from datetime import datetime

import msgspec

from grader.results import Result


class Student(msgspec.Struct, frozen=True):
    """One person of the roster. `lms_id` is the number that Canvas or Moodle knows them by."""

    id: str
    name: str = ""
    email: str = ""
    group: str = ""
    lms_id: str = ""


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One submission as it was received; never changed afterwards.

    `number` counts a student's attempts at a lab from 1. `digest` is the sha256 of what was
    handed in. `problem` says why it can't be run; else it is empty.
    """

    id: int
    student: str
    lab: str
    number: int
    digest: str
    submitted_at: datetime
    received_at: datetime
    source: str = ""
    problem: str = ""


class Override(msgspec.Struct, frozen=True):
    """Points for a rubric item that a person decided on, whatever grading says."""

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
    """An attempt with its present result, if it has one, and what lateness costs it.

    `raw` is the score with overrides, before `penalty`; None where there is no score.
    `late_days` counts days begun after due date and grace. One past the cut-off is `refused`.
    """

    attempt: Attempt
    result: Result | None = None
    raw: int | None = None
    penalty: int = 0
    late_days: int = 0
    refused: bool = False

    @property
    def score(self) -> int | None:
        """What it earns: never below 0."""
        if self.raw is None:
            return None
        return 0 if self.refused else max(0, self.raw - self.penalty)


class Grade(msgspec.Struct, frozen=True):
    """One student's grade in one lab: every attempt, which of them counts, and why.

    `counts` is the one that the lab's policy takes (best or last); None where nothing was
    handed in. `overrides` are those in force, already in `raw`; `void` are those of items that
    the lab has no longer, which count for nothing. `published` is the score that the student
    was last told.
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
        """The grade; None where nothing was handed in or the score is withheld or not yet there."""
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
