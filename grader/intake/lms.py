"""What a collect is told beside the files: the systems' own records, and the word of staff."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from grader.course import Lab
from grader.intake.records import Records, read_submissions, read_worksheet
from grader.intake.registry import ByName


@dataclass(frozen=True)
class Lms:
    """Moodle's worksheet, Canvas's submissions, when staff say that all else was handed in.

    `by_name` is asked whether full names are enough to tell whose files are; see `Registry`.
    """

    worksheet: Records | None = None
    submissions: Records | None = None
    received: datetime | None = None
    by_name: ByName | None = None


NO_LMS = Lms()


def read_lms(
    worksheet: Path | None,
    submissions: Path | None,
    received: datetime | None,
    by_name: ByName | None,
    *,
    zone: tzinfo,
    lab: Lab | None,
) -> Lms:
    """What these files say; their times are in that zone where they don't say theirs.

    `lab` is the one that is collected, by whose title Canvas's assignment is known among several.
    """
    titles = [lab.assignment.title, lab.slug] if lab else []
    return Lms(
        read_worksheet(worksheet, zone) if worksheet else None,
        read_submissions(submissions, zone, titles) if submissions else None,
        received,
        by_name,
    )
