"""Computes what lateness costs and which attempt counts, from times and points alone.

All times are in UTC, where every day has 24 hours. Without a deadline nothing is late, and the
best attempt counts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from grader.course import POINTS_OF_A_LAB, Deadline
from grader.gradebook.points import Points
from grader.gradebook.rows import Attempt, GradedAttempt
from grader.results import Result

_DAY = timedelta(days=1)


def due_of(deadline: Deadline | None, extended: datetime | None) -> datetime | None:
    """When the lab is due for a student: an extension makes that later, never earlier."""
    if deadline is None or extended is None:
        return deadline.due if deadline else None
    return max(deadline.due, extended)


def late_days(submitted_at: datetime, due: datetime, grace_minutes: int = 0) -> int:
    """The days begun after due date and grace; 0 for what is in time."""
    late = submitted_at - due - timedelta(minutes=grace_minutes)
    return max(0, -(-late // _DAY))


def settled(
    attempt: Attempt,
    result: Result | None,
    raw: Points | None,
    deadline: Deadline | None,
    due: datetime | None,
) -> GradedAttempt:
    """The attempt with its score and the penalty for lateness."""
    if deadline is None or due is None or attempt.submitted_at is None:
        return GradedAttempt(attempt, result, raw)
    days = late_days(attempt.submitted_at, due, deadline.grace_minutes)
    penalty = min(POINTS_OF_A_LAB, days * deadline.per_day)
    return GradedAttempt(attempt, result, raw, penalty, days, days > deadline.cut_off_days)


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
