"""The outcomes of looking for submissions: a find, an intake known already, or a refusal."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from grader.intake.bundle import Manifest
from grader.submissions import Submission
from grader.text.shown import escaped

_LONGEST = 300


@dataclass(frozen=True)
class Find:
    """One submission, whose it is, and when it was handed in.

    `submitted_at` is None if nobody's word says when; `time_from` is whose word it is (`Canvas`,
    `Moodle`, `staff`, or `student`: a bundle's own), and `lms_late` that a system calls it late
    without more. `called` is what the system calls the person; `file` is the name that its student
    gave it, if it is no bundle. `group` is the roster's group whose work it is, if it is a
    group's; `members` are the permanent ids of others whose attempt it is, too.

    `source` names the file: it is the same whenever that file is found again. A bundle has its
    `manifest`. If it lies in an inbox, `receipt_to` is where its receipt goes, and `status` the
    facts of its file (empty if it changed just now), from which a later run sees that it need not
    be read again.
    """

    lab: str
    student: str
    submission: Submission
    submitted_at: datetime | None
    source: str
    manifest: Manifest | None = None
    receipt_to: Path | None = None
    status: str = ""
    time_from: str = ""
    lms_late: bool = False
    group: str = ""
    called: str = ""
    file: str = ""
    members: tuple[str, ...] = ()


class Intake(msgspec.Struct, frozen=True, gc=False):
    """The id of an attempt in the gradebook, its source, and whether it is new.

    `problem` says why its receipt could not be written; the next run tries again. `time` says
    what became of a time: `unknown`, `told` where it was unknown before, or `kept` where another
    was told before, which stays.
    """

    attempt: int
    lab: str
    source: str
    new: bool = False
    problem: str = ""
    time: str = ""


@dataclass(frozen=True)
class IntakeRefusal:
    """A file or folder that does not count as a submission: where it lies, and the reason."""

    where: str
    reason: str


@dataclass(frozen=True)
class IntakeNote:
    """Something about all that was collected that staff should know."""

    text: str


def refusal(where: Path | str, reason: str) -> IntakeRefusal:
    """The refusal, with the name, which a student may have chosen, made fit to print."""
    return IntakeRefusal(escaped(str(where))[:_LONGEST], reason)
