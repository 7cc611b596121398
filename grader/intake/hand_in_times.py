"""What becomes of the time of something that may have been taken in before.

A time that is known stays. One that was unknown is kept when somebody tells it; so is one of which
nobody knows whose word it is: gradebooks of before took the dates of downloads for times.
"""

from collections.abc import Sequence
from datetime import timedelta

from grader.gradebook.attempts import ToldTime
from grader.gradebook.rows import Attempt
from grader.intake.finds import Find
from grader.intake.search import STUDENT

UNKNOWN, TOLD, KEPT = "unknown", "told", "kept"
_GRAIN = timedelta(minutes=1)  # of Moodle's times


def time_of(found: Find, attempt: Attempt) -> str:
    """UNKNOWN: nobody tells it; TOLD: for the first time; KEPT: it is told otherwise; else ''."""
    if attempt.submitted_at is None:
        return UNKNOWN if found.submitted_at is None else TOLD
    if found.submitted_at is None or found.time_from == STUDENT:
        return ""
    if abs(found.submitted_at - attempt.submitted_at) < _GRAIN:
        return ""
    return KEPT if attempt.time_from else TOLD


def newly_told(
    found: Sequence[Find], attempts: Sequence[Attempt], times: Sequence[str]
) -> dict[int, ToldTime]:
    """The times that were unknown, or nobody's word, by the attempt's id."""
    return {
        attempt.id: (each.submitted_at, each.time_from)
        for each, attempt, time in zip(found, attempts, times, strict=True)
        if time == TOLD and each.submitted_at is not None
    }
