"""Computes what lateness costs and which attempt counts, from times and points alone.

A day of lateness ends at the time of day at which the lab was due, a day of the course's zone
later: that takes 25 hours where summer time ends. Without a deadline nothing is late, and the best
attempt counts. What nobody knows the time of costs nothing but what follows for certain.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo

from grader.course import POINTS_OF_A_LAB, Deadline
from grader.gradebook.rows import Attempt, GradedAttempt
from grader.results import Result
from grader.text.times import beside, days_begun, days_later, zone_of

_MINUTE = timedelta(minutes=1)


def due_of(deadline: Deadline | None, extended: datetime | None) -> datetime | None:
    """When the lab is due for a student: an extension makes that later, never earlier."""
    if deadline is None or extended is None:
        return deadline.due if deadline else None
    return max(deadline.due, extended)


def late_days(
    submitted_at: datetime, due: datetime, grace_minutes: int = 0, timezone: str = ""
) -> int:
    """The days of the zone begun after due date and grace; 0 for what is in time.

    Grace is minutes that pass, and moves the whole count.
    """
    counted = submitted_at.astimezone(UTC) - grace_minutes * _MINUTE
    return days_begun(due, counted, zone_of(timezone))


def settled(
    attempt: Attempt,
    result: Result | None,
    raw: int | None,
    deadline: Deadline | None,
    due: datetime | None,
) -> GradedAttempt:
    """The attempt with its score and the penalty for lateness."""
    if deadline is None or due is None:
        return GradedAttempt(attempt, result, raw)
    if attempt.submitted_at is None:
        days, refused, limit = _days_for_certain(attempt, deadline, due), False, None
    else:
        days = late_days(attempt.submitted_at, due, deadline.grace_minutes, deadline.timezone)
        refused = days > deadline.cut_off_days
        limit = _limit_at(attempt.submitted_at, due, deadline, days)
    penalty = min(POINTS_OF_A_LAB, days * deadline.per_day)
    return GradedAttempt(attempt, result, raw, penalty, days, refused, limit)


def _days_for_certain(attempt: Attempt, deadline: Deadline, due: datetime) -> int:
    """The least lateness of what has no known time: 1 day if another system calls it late.

    That system knows neither our grace nor our extensions: with either, 0.
    """
    return int(attempt.lms_late and deadline.grace_minutes == 0 and due == deadline.due)


def time_shown(graded: GradedAttempt, zone: tzinfo) -> str:
    """When it was handed in, as exact as it takes to see whether it was late."""
    at = graded.attempt.submitted_at
    return "time unknown" if at is None else beside(at, graded.limit, zone)


def time_remark(graded: GradedAttempt) -> str:
    """What is to be said of an attempt at a lab with a deadline, if its time is unknown."""
    if graded.attempt.submitted_at is not None:
        return ""
    if not graded.attempt.lms_late:
        return "time unknown: not charged"
    if graded.late_days:
        return "LATE by the LMS, time unknown"
    return "LATE by the LMS, time unknown: not charged"


def time_words(graded: GradedAttempt) -> str:
    """The same in words for the student."""
    if graded.attempt.submitted_at is not None:
        return ""
    if not graded.attempt.lms_late:
        return "When this was handed in is not known, so nothing is taken off for lateness."
    if graded.late_days:
        return "It is marked as late; by how much is not known, so the least is taken off: 1 day."
    return "It is marked as late; by how much is not known, so nothing is taken off for that."


def _limit_at(at: datetime, due: datetime, deadline: Deadline, days: int) -> datetime | None:
    """What ended within a minute of then: time to hand in, grace, or a late day."""
    with suppress(OverflowError):  # a lab that is due when the calendar ends
        limits = _limits(due, deadline.grace_minutes * _MINUTE, days, zone_of(deadline.timezone))
        return next((each for each in limits if abs(at - each) < _MINUTE), None)
    return None


def _limits(due: datetime, grace: timedelta, days: int, zone: tzinfo) -> Iterator[datetime]:
    """Yields the moments beside which it matters on which side an attempt lies."""
    yield due
    for end in (max(0, days - 1), days):
        yield days_later(due, end, zone) + grace


def counting(attempts: Sequence[GradedAttempt], deadline: Deadline | None) -> GradedAttempt | None:
    """The attempt that counts, among one student's in the order of their numbers.

    The best has the highest score (the first, if several do). If none has a score yet, the newest
    counts. An attempt past the cut-off counts only if there is no other.
    """
    in_time = [each for each in attempts if not each.refused] or list(attempts)
    if not in_time:
        return None
    if deadline is not None and deadline.counts == "last":
        return in_time[-1]
    scored = [each for each in in_time if each.score is not None]
    return max(scored, key=lambda each: each.score or 0) if scored else in_time[-1]
