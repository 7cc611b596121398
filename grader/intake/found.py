"""What collecting comes to: a submission that was found, or something that was refused."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.intake.bundle import Manifest
from grader.submissions import Submission
from grader.text.shown import escaped

_LONGEST = 300


@dataclass(frozen=True)
class Found:
    """One submission, whose it is, and when it counts as handed in.

    `source` is the same whenever the same thing is collected again, and another for another.
    A bundle has a manifest; one with a place for its receipt has that in `receipt_to`.
    """

    lab: str
    student: str
    submission: Submission
    submitted_at: datetime
    source: str
    manifest: Manifest | None = None
    receipt_to: Path | None = None


@dataclass(frozen=True)
class Refused:
    """Something that is no submission, or none that counts: where it lies, and why."""

    where: str
    reason: str


def refused(where: Path | str, reason: str) -> Refused:
    """The same, with a name that a student chose made fit to print."""
    return Refused(escaped(str(where))[:_LONGEST], reason)
