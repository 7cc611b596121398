"""Lateness and which attempt counts: worked examples, and what holds for all times and points."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Deadline
from grader.gradebook.late import (
    counting,
    due_of,
    late_days,
    settled,
    time_remark,
    time_words,
)
from grader.gradebook.rows import Attempt, GradedAttempt
from grader.results import GRADED, Result

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def attempt(at=DUE, number=1):
    return Attempt(number, "ann", "lab", number, "d" * 64, at, at)


def graded(raw, at=DUE, number=1, deadline=None, extended=None):
    """An attempt with that score before lateness; None is one without a score."""
    result = None if raw is None else Result("x", GRADED, raw, 100, 0.0, ())
    due = due_of(deadline, extended)
    return settled(attempt(at, number), result, raw, deadline, due)


@pytest.mark.parametrize(
    ("late", "grace", "days"),
    [
        (-DAY, 0, 0),
        (timedelta(0), 0, 0),
        (timedelta(microseconds=1), 0, 1),
        (DAY, 0, 1),
        (DAY + timedelta(microseconds=1), 0, 2),
        (15 * MINUTE, 15, 0),
        (16 * MINUTE, 15, 1),
        (DAY + 15 * MINUTE, 15, 1),
        (DAY + 16 * MINUTE, 15, 2),
        (10_000 * DAY + timedelta(microseconds=1), 0, 10_001),
    ],
)
def test_days_are_those_begun_after_due_and_grace(late, grace, days):
    """To the microsecond; grace moves the whole count."""
    assert late_days(DUE + late, DUE, grace) == days


@pytest.mark.parametrize(
    ("due", "at", "grace", "days"),
    [
        ("2026-10-24T23:59+02:00", "2026-10-25T23:30+01:00", 0, 1),
        ("2026-10-24T23:59+02:00", "2026-10-25T23:59+01:00", 0, 1),
        ("2026-10-24T23:59+02:00", "2026-10-25T23:59:01+01:00", 0, 2),
        ("2026-10-24T23:59+02:00", "2026-10-25T23:59:01+01:00", 1, 1),
        ("2026-10-24T23:59+02:00", "2026-10-31T23:59+01:00", 0, 7),
        ("2026-03-28T23:59+01:00", "2026-03-29T23:59+02:00", 0, 1),
        ("2026-03-28T23:59+01:00", "2026-03-30T00:30+02:00", 0, 2),
        ("2026-03-28T23:59+01:00", "2026-03-30T00:30+02:00", 31, 1),
        ("2026-10-25T01:30+02:00", "2026-10-25T02:15+01:00", 90, 1),
        ("2026-10-25T01:30+02:00", "2026-10-25T02:15+01:00", 120, 0),
    ],
)
def test_a_late_day_is_a_day_of_the_zone(due, at, grace, days):
    """It has 25 hours where summer time ends, 23 where it begins; grace is minutes that pass."""
    due, at = datetime.fromisoformat(due), datetime.fromisoformat(at)
    assert late_days(at, due, grace, "Europe/Berlin") == days
    zone = ZoneInfo("Europe/Berlin")  # the same, in times that Python would compare by their clocks
    assert late_days(at.astimezone(zone), due.astimezone(zone), grace, "Europe/Berlin") == days


def test_where_no_zone_is_given_a_late_day_is_one_of_utc():
    """Where the same hand-in is late for more than 24 hours."""
    due = datetime.fromisoformat("2026-10-24T23:59+02:00")
    at = datetime.fromisoformat("2026-10-25T23:30+01:00")
    assert late_days(at, due) == 2


def test_the_cut_off_is_a_day_of_the_zone():
    """An hour of the day on which summer time ends refuses nobody."""
    due = datetime.fromisoformat("2026-10-24T23:59+02:00")
    at = datetime.fromisoformat("2026-10-25T23:30+01:00")
    facts = {"due": due, "cut_off_days": 1}
    assert not graded(55, at, deadline=Deadline(**facts, timezone="Europe/Berlin")).refused
    assert graded(55, at, deadline=Deadline(**facts)).refused


@pytest.mark.parametrize(
    ("late", "limit"),
    [
        (timedelta(seconds=-61), None),
        (timedelta(seconds=-30), DUE),
        (timedelta(seconds=30), DUE),
        (10 * MINUTE, DUE + 10 * MINUTE),
        (12 * MINUTE, None),
        (DAY + 10.5 * MINUTE, DUE + DAY + 10 * MINUTE),
        (5 * DAY + 10 * MINUTE, DUE + 5 * DAY + 10 * MINUTE),
    ],
)
def test_what_ended_within_a_minute_is_kept_for_who_is_told_the_time(late, limit):
    """The due date itself, the end of grace, the end of each late day up to the cut-off."""
    deadline = Deadline(DUE, grace_minutes=10, cut_off_days=5)
    assert graded(55, DUE + late, deadline=deadline).limit == limit


def test_a_lab_that_is_due_when_the_calendar_ends_is_never_late():
    """Some write that for never; grace would go past it."""
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    deadline = Deadline(never, grace_minutes=10, timezone="Asia/Tokyo")
    assert graded(55, DUE, deadline=deadline).score == 55


@dataclass(frozen=True)
class Unknown:
    """A case of a time that nobody knows: what costs what, and the words for staff and student."""

    lms_late: bool = False
    grace: int = 0
    extended: bool = False
    days: int = 0
    staff: str = ""
    student: str = ""


@pytest.mark.parametrize(
    "case",
    [
        Unknown(staff="not charged", student="nothing is taken off"),
        Unknown(lms_late=True, days=1, staff="LATE", student="the least"),
        Unknown(lms_late=True, grace=1, staff="not charged", student="marked as late"),
        Unknown(lms_late=True, extended=True, staff="not charged", student="marked as late"),
    ],
)
def test_an_unknown_time_costs_what_is_certain(case):
    """Nothing; or the first day if the LMS calls it late and knows of all that might excuse it.

    The cut-off refuses it never, not even one of no days.
    """
    deadline = Deadline(DUE, grace_minutes=case.grace, per_day=20, cut_off_days=0)
    handed_in = Attempt(1, "ann", "lab", 1, "d" * 64, None, DUE + 40 * DAY, lms_late=case.lms_late)
    due = due_of(deadline, DUE + DAY if case.extended else None)
    found = settled(handed_in, None, 55, deadline, due)
    assert (found.late_days, found.penalty, found.refused) == (case.days, 20 * case.days, False)
    assert case.staff in time_remark(found)
    assert case.student in time_words(found)


def test_a_known_time_decides_whatever_the_other_system_calls_it():
    """What it calls late may be in time by the course's own date; then nothing is to be said."""
    deadline = Deadline(DUE)
    handed_in = Attempt(1, "ann", "lab", 1, "d" * 64, DUE, DUE, lms_late=True)
    found = settled(handed_in, None, 55, deadline, DUE)
    assert (found.late_days, time_remark(found), time_words(found)) == (0, "", "")


@pytest.mark.parametrize(
    ("late", "penalty", "score", "refused"),
    [
        (0, 0, 55, False),
        (1, 10, 45, False),
        (5, 50, 5, False),
        (6, 60, 0, False),
        (7, 70, 0, False),
        (8, 80, 0, True),
        (50, 100, 0, True),
    ],
)
def test_what_each_day_costs(late, penalty, score, refused):
    """Ten points a day, never below 0, and nothing at all after the cut-off."""
    found = graded(55, DUE + late * DAY, deadline=Deadline(DUE))
    assert (found.late_days, found.penalty) == (late, penalty)
    assert (found.score, found.refused) == (score, refused)


def test_without_a_deadline_nothing_is_late():
    """However long it took."""
    assert graded(55, DUE + 999 * DAY).score == 55


DEADLINES = st.builds(
    Deadline,
    due=st.just(DUE),
    grace_minutes=st.integers(0, 3000),
    per_day=st.integers(0, 100),
    cut_off_days=st.integers(0, 30),
    counts=st.sampled_from(["best", "last"]),
    timezone=st.sampled_from(["", "Europe/Berlin", "Pacific/Apia", "Asia/Kathmandu"]),
)
TIMES = st.timedeltas(-40 * DAY, 40 * DAY).map(lambda each: DUE + each)
RAW = st.none() | st.integers(0, 100)


@given(DEADLINES, st.integers(0, 100), TIMES, TIMES)
def test_later_never_scores_more(deadline, raw, one, other):
    """For the same work."""
    early, late = (graded(raw, at, deadline=deadline) for at in sorted([one, other]))
    assert late.score <= early.score <= raw
    assert late.late_days >= early.late_days


@given(DEADLINES, st.integers(0, 100), TIMES, TIMES)
def test_an_extension_never_lowers(deadline, raw, at, extended):
    """Not even one to before the lab is due for all."""
    without = graded(raw, at, deadline=deadline)
    assert graded(raw, at, deadline=deadline, extended=extended).score >= without.score


@given(DEADLINES, st.integers(0, 100), TIMES)
def test_a_score_stays_in_its_range(deadline, raw, at):
    """0 to what the work was worth."""
    found = graded(raw, at, deadline=deadline)
    assert 0 <= found.score <= raw
    assert 0 <= found.penalty <= 100


def attempts_of(deadline, rows):
    return [graded(raw, at, number, deadline) for number, (at, raw) in enumerate(rows, start=1)]


ROWS = st.lists(st.tuples(TIMES, RAW), min_size=1, max_size=6)


@given(DEADLINES, ROWS)
def test_the_one_that_counts_is_one_of_them(deadline, rows):
    """And one past the cut-off counts only where all are."""
    attempts = attempts_of(deadline, rows)
    counts = counting(attempts, deadline)
    assert counts in attempts
    assert counts.refused == all(each.refused for each in attempts)


@given(DEADLINES, ROWS, st.tuples(TIMES, st.integers(0, 100)))
def test_one_more_attempt_never_lowers_the_best(deadline, rows, more):
    """Whoever tries again risks nothing where the best counts."""
    best = Deadline(DUE, deadline.grace_minutes, deadline.per_day, deadline.cut_off_days)
    before = counting(attempts_of(best, rows), best).score
    after = counting(attempts_of(best, [*rows, more]), best).score
    assert (after or 0) >= (before or 0)


def test_the_best_is_the_highest_after_lateness_and_the_first_of_those():
    """90 a day late are 80, and of two that are worth 80 the earlier counts."""
    deadline = Deadline(DUE)
    rows = [(DUE, 70), (DUE, 80), (DUE + DAY, 90), (DUE + 2 * DAY, 60)]
    assert counting(attempts_of(deadline, rows), deadline).attempt.number == 2


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([(DUE, 90), (DUE, 10)], 2),
        ([(DUE, 90), (DUE + 8 * DAY, 100)], 1),
        ([(DUE, 90), (DUE, None)], 2),
        ([(DUE + 8 * DAY, 90), (DUE + 9 * DAY, 100)], 2),
    ],
)
def test_the_last_is_the_last_before_the_cut_off(rows, number):
    """Whatever its score, and though it has none yet."""
    deadline = Deadline(DUE, counts="last")
    assert counting(attempts_of(deadline, rows), deadline).attempt.number == number


def test_where_nothing_has_a_score_the_newest_counts():
    """So that the grade is told as ungraded or withheld, as it is."""
    deadline = Deadline(DUE)
    rows = [(DUE, None), (DUE, None), (DUE + 9 * DAY, 100)]
    assert counting(attempts_of(deadline, rows), deadline).attempt.number == 2
    assert counting([], deadline) is None


def test_an_attempt_without_a_deadline_is_plain():
    """Best counts, nothing is taken off."""
    assert counting([GradedAttempt(attempt()), graded(3, number=2)], None).raw == 3
