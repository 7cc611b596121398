"""Times that Moodle writes for people, in their language and zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text import foreign_times
from grader.text.foreign_times import foreign_time

BERLIN = ZoneInfo("Europe/Berlin")
AFTERNOON = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Monday, 23 November 2026, 2:05 PM",
        "Monday, 23 November 2026, 2:05\u202fPM",  # as newer versions of ICU write it
        "Monday, 23 November 2026, 2:05 p.m.",
        "Mon, 23 Nov 2026, 14:05",
        "Montag, 23. November 2026, 14:05",
        "lundi 23 novembre 2026, 14:05",
        "lundi 23 novembre 2026 à 14h05",
        "lunes, 23 de noviembre de 2026, 14:05",
        "lunedì, 23 novembre 2026, 14:05",
        "segunda-feira, 23 de novembro de 2026, 14:05",
        "maandag, 23 november 2026, 14:05",
        "måndag, 23 november 2026, 14:05",
        "pondělí, 23. listopadu 2026, 14:05",
        "poniedziałek, 23 listopada 2026, 14:05",
        "23 Kasım 2026, Pazartesi, 14:05",
        "понедельник, 23 ноября 2026, 14:05",
        "понеділок, 23 листопада 2026, 14:05",
        "2026年 11月 23日(月曜日) 14:05",
        "2026年11月23日 星期一 下午 2:05",
        "2026년 11월 23일 월요일 오후 2:05",
        "23.11.2026 14:05",
        "23.11.2026, 14:05",
        "2026-11-23 14:05",
        "2026-11-23T13:05:00Z",
        "2026-11-23 13:05:00 UTC",
    ],
)
def test_the_same_time_in_many_languages(text):
    """As Moodle's language packs have `strftimedaydatetime`, read in the course's zone."""
    assert foreign_time(text, BERLIN) == AFTERNOON


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "never", "23/11/2026 14:05", "11/12/2026 14:05", "2026-11-23", "20261123",
        "Monday, 23 November 2026", "14:05", "23 Studeni 2026, 14:05", "23 November, 14:05",
        "Monday, 31 February 2026, 2:05 PM", "Monday, 23 November 2026, 25:05",
        "Monday, 23 November 2026, 14:05 PM", "23 November December 2026, 14:05",
        "0000-00-00 00:00", "23 24 November 2026, 14:05", "\0", "9" * 500,
    ],
)  # fmt: skip
def test_what_says_no_time_or_two(text):
    """Nothing is guessed: days without an hour, orders of day and month, other languages."""
    assert foreign_time(text, BERLIN) is None


def test_the_hour_that_comes_twice_is_the_first():
    """Summer time ends; nobody is the later for it."""
    said = foreign_time("Sunday, 25 October 2026, 2:30 AM", BERLIN)
    assert said == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_noon_and_midnight():
    """The twelfth hour begins each half."""
    day = datetime(2026, 11, 23, tzinfo=UTC)
    assert foreign_time("Monday, 23 November 2026, 12:30 AM", UTC) == day + timedelta(minutes=30)
    assert foreign_time("Monday, 23 November 2026, 12:30 PM", UTC) == day + timedelta(hours=12.5)


@given(st.integers(0, 60 * 24 * 36_500))
def test_what_moodle_writes_is_read_to_the_minute(lms, minutes):
    """Any time, as `userdate` has it in English."""
    at = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes, seconds=59)
    assert foreign_time(lms.moodle_time(at), UTC) == at.replace(second=0)


@given(st.text())
def test_noise_is_no_time_or_one(text):
    """Whatever stands in a cell, it is never an error."""
    assert isinstance(foreign_time(text, BERLIN), datetime | None)


def test_no_name_of_a_month_is_another_s():
    """Else a language would be read wrong."""
    seen = {}
    for language in foreign_times._LANGUAGES.strip().splitlines():
        months = language.split()
        assert len(months) == 12
        for number, forms in enumerate(months, 1):
            for form in forms.split("|"):
                assert seen.setdefault(foreign_times._folded(form), number) == number
