"""What looking for submissions comes to: one that is found, one known already, or a refusal."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from grader.intake.bundle import Manifest
from grader.submissions import Submission
from grader.text.shown import escaped

_LONGEST = 300


@dataclass(frozen=True)
class Found:
    """One submission, whose it is, and when it counts as handed in.

    `source` is the same whenever the same thing is found again, and another for another. A
    bundle has a manifest; one with a place for its receipt has that in `receipt_to`, and the
    facts by which its file is known unread in `status`, unless it changed just now.
    """

    lab: str
    student: str
    submission: Submission
    submitted_at: datetime
    source: str
    manifest: Manifest | None = None
    receipt_to: Path | None = None
    status: str = ""


class TakenIn(msgspec.Struct, frozen=True, gc=False):
    """The id of an attempt in the gradebook, where it was found, and whether it is a new one.

    `problem` says why its receipt could not be written; that is tried again the next time.
    """

    attempt: int
    lab: str
    source: str
    new: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Refused:
    """Something that is no submission, or none that counts: where it lies, and why."""

    where: str
    reason: str


def refused(where: Path | str, reason: str) -> Refused:
    """The same, with a name that a student chose made fit to print."""
    return Refused(escaped(str(where))[:_LONGEST], reason)
