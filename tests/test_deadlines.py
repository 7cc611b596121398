"""Deadlines in course.toml: what is read, and how what is wrong is told."""

from datetime import UTC, datetime

import pytest

from grader.course import Deadline, load_course
from grader.errors import CourseError

WHOLE = """
[deadlines.adding]
due = 2026-12-01T23:59:00+01:00
grace_minutes = 15
per_day = 20
cut_off_days = 3
counts = "last"
"""


def with_deadlines(course, text):
    """The course after more was written into its course.toml."""
    with (course.root / "course.toml").open("a", encoding="utf-8") as file:
        file.write(text)
    return load_course(course.root)


def test_a_deadline_is_read_as_written(course):
    """With its own offset from UTC."""
    found = with_deadlines(course, WHOLE).deadline("adding")
    assert found == Deadline(datetime(2026, 12, 1, 22, 59, tzinfo=UTC), 15, 20, 3, "last")


def test_only_the_date_must_be_given(course):
    """No grace, ten points a day, a week, the best attempt."""
    text = "[deadlines.adding]\ndue = 2026-12-01T23:59:00Z\n"
    found = with_deadlines(course, text).deadline("adding")
    assert (found.grace_minutes, found.per_day) == (0, 10)
    assert (found.cut_off_days, found.counts) == (7, "best")


def test_a_lab_without_one_is_never_late(course):
    """There is no deadline to ask."""
    assert course.deadline("adding") is None


def in_zone(course, text, zone="Europe/Berlin"):
    """The course with a zone and deadlines."""
    path = course.root / "course.toml"
    path.write_text(f'timezone = "{zone}"\n{path.read_text()}')
    return with_deadlines(course, text)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-10-24T23:59:00", datetime(2026, 10, 24, 21, 59, tzinfo=UTC)),
        ("2026-12-01T23:59:00", datetime(2026, 12, 1, 22, 59, tzinfo=UTC)),
        ("2026-12-01T23:59:00-05:00", datetime(2026, 12, 2, 4, 59, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC)),
        ("9999-12-31T23:59:59-01:00", None),
    ],
)
def test_with_a_zone_a_date_needs_no_offset(course, written, utc):
    """It is the zone's own time, or the end of its day; an offset that is there counts."""
    found = in_zone(course, f"[deadlines.adding]\ndue = {written}\n")
    due = found.deadline("adding").due
    assert due == (utc or datetime.fromisoformat(written))
    assert (found.timezone, found.deadline("adding").timezone) == ("Europe/Berlin",) * 2
    assert f"{found.zone}" == "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "text", "words"),
    [
        ("Europe/Berln", "", ["key 'timezone'", "Europe/Berlin", "tzdata"]),
        ("Europe/Berlin", "due = 2026-10-25T02:30:00", ["adding.due", "twice", "T02:30:00+02:00"]),
        ("Europe/Berlin", "due = 2026-03-29T02:30:00", ["adding.due", "never", "T03:30:00+02:00"]),
        ("Europe/Berlin", "due = 9999-12-31T23:59:59", []),
        ("America/New_York", "due = 9999-12-31T23:59:59", ["adding.due", "calendar"]),
        ("Europe/Berlin", "due = 2026-10-25\ntimezone = 'UTC'", ["adding.timezone", "a course"]),
    ],
)
def test_a_zone_or_a_local_time_that_can_not_be_meant(course, zone, text, words):
    """The key, and the mend."""

    def load():
        return in_zone(course, f"[deadlines.adding]\n{text}\n" if text else "", zone)

    if not words:
        assert load().deadline("adding").due.year == 9999
        return
    with pytest.raises(CourseError) as caught:
        load()
    for word in ("course.toml", *words):
        assert word in str(caught.value)


def test_a_students_copy_works_where_no_zone_is_known(course):
    """Its zone was right when it was released; a machine without tzdata shows UTC."""
    path = course.root / "course.toml"
    path.write_text(f'timezone = "Europe/Berln"\nreceipt_key = "ab"\n{path.read_text()}')
    found = load_course(course.root)
    assert (found.timezone, found.zone) == ("", UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[deadlines.adding]\n", ["deadlines.adding", "due"]),
        ("[deadlines.adding]\ndue = 2026-12-01T23:59:00\n", ["deadlines.adding.due", "timezone"]),
        ("[deadlines.adding]\ndue = 2026-12-01\n", ["adding.due", "T23:59:59Z", "timezone"]),
        ("[deadlines.adding]\ndue = 23:59:00\n", ["deadlines.adding.due", "datetime"]),
        ("[deadlines.adding]\ndue = 'soon'\n", ["deadlines.adding.due"]),
        ("[deadlines.ading]\ndue = 2026-12-01T23:59:00Z\n", ["deadlines.ading", "no lab"]),
        (WHOLE + "per_week = 1\n", ["deadlines.adding", "per_week"]),
        (WHOLE.replace('"last"', '"first"'), ["deadlines.adding.counts", "first"]),
        (WHOLE.replace("per_day = 20", "per_day = 101"), ["deadlines.adding.per_day", "100"]),
        (WHOLE.replace("per_day = 20", "per_day = -1"), ["deadlines.adding.per_day", "0"]),
        (WHOLE.replace("= 15", "= -1"), ["deadlines.adding.grace_minutes", "0"]),
        (WHOLE.replace("= 3", "= 2.5"), ["deadlines.adding.cut_off_days", "int"]),
        ("deadlines = 3\n", ["deadlines"]),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(course, text, words):
    """In one line, with what was expected."""
    with pytest.raises(CourseError) as caught:
        with_deadlines(course, text)
    for word in ("course.toml", *words):
        assert word in str(caught.value)
