"""Times that people type and read, and days of a zone: by hand, and for many zones and dates."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.text.times import (
    beside,
    day,
    days_begun,
    days_later,
    exact,
    minute,
    moment,
    second,
    stamp_shown,
    time_from,
    zone_of,
    zone_problem,
)

BERLIN = zone_of("Europe/Berlin")
OFFSETS = st.integers(-1439, 1439).map(lambda each: timezone(timedelta(minutes=each)))
START = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

# Summer time at both ends, odd offsets, changes of half an hour or at midnight, zones that skipped
# a date (Samoa, Kiribati, Kwajalein) or had one twice.
ODD = (
    "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Asia/Tehran",
    "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Kwajalein", "Africa/Casablanca", "Asia/Beirut", "Antarctica/Troll", "UTC",
)  # fmt: skip
ZONES = st.sampled_from(ODD).map(zone_of)
FIRST, LAST = (datetime(year, 1, 2, tzinfo=UTC) for year in (1960, 2040))
TIMES = st.timedeltas(timedelta(0), LAST - FIRST).map(lambda each: FIRST + each)


@st.composite
def near_a_change(draw):
    """A zone, and a moment within three days of a change of its clocks."""
    zone = draw(ZONES)
    low, high = draw(TIMES), draw(TIMES)
    assume(low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset())
    while abs(high - low) > SECOND:
        middle = low + (high - low) / 2
        same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
        low, high = (middle, high) if same else (low, middle)
    away = draw(st.timedeltas(-3 * DAY, 3 * DAY))
    return zone, high.replace(microsecond=0) + away


PLACES = near_a_change() | st.tuples(ZONES, TIMES)


# -- as people type them -------------------------------------------------------------------


@given(st.integers(0, 10_000), st.sampled_from([("d", 86_400), ("h", 3_600), ("m", 60)]))
def test_so_much_after_the_start(count, unit):
    """`+N` with a unit adds N of them; in UTC a day has 24 hours."""
    letter, seconds = unit
    found = time_from(f"+{count}{letter}", START, None)
    assert found == START + timedelta(seconds=count * seconds)


@given(PLACES, st.integers(0, 400))
def test_hours_are_elapsed_and_days_are_of_the_calendar(place, count):
    """`+12h` is twelve hours whatever the clock does; `+2d` keeps the time of day, if there is."""
    zone, start = place
    assert time_from(f"+{count}h", start, zone) - start == count * timedelta(hours=1)
    local = time_from(f"+{count}d", start, zone).astimezone(zone)
    wanted = start.astimezone(zone).replace(tzinfo=None) + count * DAY
    shown = {wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    back = {each.astimezone(zone).replace(tzinfo=None) for each in shown}
    assert local.replace(tzinfo=None) == wanted or wanted not in back


@given(st.datetimes(timezones=OFFSETS))
def test_a_time_with_its_offset_is_that_moment(there):
    """In whichever zone it is written, the moment is the same, told in UTC."""
    for zone in (None, BERLIN):
        try:
            expected = datetime.fromisoformat(there.isoformat()).astimezone(UTC)
        except OverflowError:  # a day before the first there is
            with pytest.raises(UsageError):
                time_from(there.isoformat(), START, zone)
            continue
        found = time_from(there.isoformat(), START, zone)
        assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-03T23:59", "2026-12-03T22:59:00"),
        ("2026-07-03 23:59:30", "2026-07-03T21:59:30"),
        ("2026-12-03", "2026-12-03T22:59:59"),
        ("2026-10-25", "2026-10-25T22:59:59"),
    ],
)
def test_without_an_offset_it_is_the_zones_time_and_a_date_is_the_end_of_its_day(text, utc):
    """So nobody loses the evening of the day that was named."""
    assert time_from(text, START, BERLIN) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize("text", ["2026-12-03T23:59", "2026-12-03"])
def test_without_an_offset_and_without_a_zone_it_is_refused(text):
    """It could be anyone's; both mends are named."""
    with pytest.raises(UsageError, match=r"write 2026-12-03T23:59\S*Z, or add timezone"):
        time_from(text, START, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-10-25T02:30", "comes twice in Europe/Berlin"),
        ("2026-03-29T02:30", "never comes in Europe/Berlin"),
    ],
)
def test_an_hour_that_comes_twice_or_never_is_told_with_its_mend(text, words):
    """Each time that is offered in its place is taken, and they are two."""
    with pytest.raises(UsageError, match=words) as told:
        time_from(text, START, BERLIN)
    one, other = str(told.value).rpartition(": ")[2].split(" or ")
    assert time_from(one, START, BERLIN) < time_from(other, START, BERLIN)


@given(PLACES)
def test_a_wall_clock_that_shows_it_once_says_when(place):
    """The moment of what a zone's clock shows is the moment that it was shown at."""
    zone, at = place
    local = at.astimezone(zone).replace(tzinfo=None)
    shown = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    assert at in shown
    if len(shown) == 1:
        assert moment(local, zone) == at
    else:
        with pytest.raises(UsageError, match="comes twice"):
            moment(local, zone)


@given(st.text(max_size=20), st.sampled_from([None, BERLIN]))
def test_any_other_text_is_refused_with_examples(text, zone):
    """What Python itself reads as no time or date is a usage error, never another time."""
    try:
        assume(datetime.fromisoformat(text) is None)
    except ValueError:
        assume(not text.startswith("+"))
    with pytest.raises(UsageError, match="expected a time like 2026-12-03T23:59"):
        time_from(text, START, zone)


# -- as people read them -------------------------------------------------------------------


def test_times_are_shown_with_the_name_of_their_zone():
    """Summer and winter have their own, and where there is none, the offset is one."""
    at = datetime(2026, 10, 24, 21, 59, 7, 600, tzinfo=UTC)
    assert minute(at, BERLIN) == "2026-10-24 23:59 CEST"
    assert minute(at + DAY, BERLIN) == "2026-10-25 22:59 CET"
    assert second(at, UTC) == "2026-10-24 21:59:07 UTC"
    assert minute(at, zone_of("Asia/Kathmandu")) == "2026-10-25 03:44 UTC+05:45"
    assert minute(at, zone_of("America/Sao_Paulo")) == "2026-10-24 18:59 UTC-03:00"
    assert day(at, zone_of("Asia/Kathmandu")) == "2026-10-25"


def test_a_due_date_is_shown_as_exact_as_it_is():
    """The end of a day is not a minute before."""
    at = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)
    assert exact(at, BERLIN) == "2026-10-24 23:59 CEST"
    assert exact(at + 59 * SECOND, BERLIN) == "2026-10-24 23:59:59 CEST"


@pytest.mark.parametrize(
    ("late", "shown"),
    [
        (timedelta(seconds=-60), "23:58"),
        (timedelta(0), "23:59:00"),
        (timedelta(microseconds=1), "23:59:00.000001"),
        (timedelta(seconds=30, microseconds=5), "23:59:30"),
        (timedelta(seconds=60), "00:00"),
    ],
)
def test_where_seconds_decide_they_are_shown(late, shown):
    """Where the minute alone would not say on which side of the limit it was."""
    limit = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert beside(limit + late, limit, BERLIN).split()[1] == shown


@given(st.timedeltas(-3 * DAY, 3 * DAY), PLACES)
def test_what_is_shown_beside_a_limit_tells_on_which_side_it_is(away, place):
    """Shown times are in the order of the moments, if the clock is not set between them."""
    zone, limit = place
    limit = limit.replace(second=0, microsecond=0)
    at = limit + away
    assume(at.astimezone(zone).utcoffset() == limit.astimezone(zone).utcoffset())
    shown, ends = beside(at, limit, zone), exact(limit, zone)
    if shown.split()[:2] != ends.split()[:2]:
        assert (shown > ends) == (at > limit)
    else:
        assert at == limit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ring.py 2026-10-24T22:00:00Z", "ring.py 2026-10-25 00:00:00 CEST"),
        ("ring.py 2026-10-25T01:00:00Z", "ring.py 2026-10-25 02:00:00 CET"),
        ("ring.py 2026-13-25T01:00:00Z", "ring.py 2026-13-25T01:00:00Z"),
        ("2026-10-24T22:00:00Z.py", "2026-10-24T22:00:00Z.py"),
        ("ring.py", "ring.py"),
    ],
)
def test_a_stamp_behind_a_name_is_shown_in_the_zone(text, shown):
    """The name by which a file is known again has a time in UTC; people read their own."""
    assert stamp_shown(text, BERLIN) == shown


def test_the_last_day_of_the_calendar_can_be_shown():
    """A lab that is never to be due: 31 December 9999, where a zone's clock has no number."""
    assert minute(datetime.max.replace(tzinfo=UTC), zone_of("Asia/Tokyo")).endswith("UTC")
    behind = timezone(timedelta(hours=-12))
    assert minute(datetime.max.replace(tzinfo=behind), UTC) == "9999-12-31 23:59 UTC-12:00"


# -- zones ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Asia/Calcuta", "Asia/Calcutta"),
        ("Europe", "like Europe/Berlin"),
        ("../secrets", "like Europe/Berlin"),
        ("MESZ?", "tzdata"),
        ("a\0b\x1b[31m", r"a\x00b\x1b[31m"),
    ],
)
def test_a_zone_that_is_not_known_is_told_with_those_near(name, near):
    """And what would bring one that is right."""
    problem = zone_problem(name)
    assert near in problem
    assert "pip install tzdata" in problem


def test_every_zone_of_the_database_is_known():
    """And none given is UTC."""
    assert not [name for name in ("", *available_timezones()) if zone_problem(name)]
    assert zone_of("") is UTC


# -- days ----------------------------------------------------------------------------------


def first_days(since, zone, count):
    """The ends of the first days after `since`: where dates were skipped, there is no day."""
    ends, number = set(), 1
    while len(ends) < count:
        ends.add(days_later(since, number, zone))
        number += 1
    return sorted(ends)


@given(PLACES, st.integers(1, 9), st.timedeltas(timedelta(microseconds=1), DAY))
def test_a_day_has_begun_until_its_end_has_passed(place, number, more):
    """The day ends at the same time of day, and the next begins a microsecond later."""
    zone, since = place
    *before, end = first_days(since, zone, number)
    assert days_begun(since, end, zone) == number
    start = before[-1] if before else since
    assert days_begun(since, min(end, start + more), zone) == number
    assert days_begun(since, since - more, zone) == 0


@given(PLACES, st.timedeltas(-9 * DAY, 400 * DAY), st.timedeltas(timedelta(0), 9 * DAY))
def test_later_is_never_fewer_days(place, away, more):
    """Whatever the clocks do meanwhile."""
    zone, since = place
    assert days_begun(since, since + away, zone) <= days_begun(since, since + away + more, zone)


@given(TIMES, st.timedeltas(-400 * DAY, 4000 * DAY))
def test_in_utc_days_have_24_hours(since, away):
    """As they had where no zone was known."""
    assert days_begun(since, since + away, UTC) == max(0, -(-away // DAY))


@pytest.mark.parametrize(
    ("at", "days"),
    [
        ("2011-12-31T10:00+14:00", 1),
        ("2011-12-31T23:59+14:00", 1),
        ("2012-01-01T10:00+14:00", 2),
    ],
)
def test_a_date_that_was_skipped_is_no_day(at, days):
    """Samoa went from 29 to 31 December 2011."""
    due = datetime.fromisoformat("2011-12-29T23:59-10:00")
    assert days_begun(due, datetime.fromisoformat(at), zone_of("Pacific/Apia")) == days


def test_a_day_can_have_23_or_25_hours():
    """The two on which Berlin sets its clocks in 2026, by the calendar."""
    for on, hours in ((date(2026, 3, 28), 23), (date(2026, 10, 24), 25)):
        at = datetime(on.year, on.month, on.day, 23, 59, tzinfo=BERLIN).astimezone(UTC)
        assert days_later(at, 1, BERLIN) - at == timedelta(hours=hours)
