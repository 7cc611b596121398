"""Points in time as people write and read them, in the zone of a course.

Moments are kept in UTC. A zone says which wall clock people read, and when their days end: the
day on which summer time ends has 25 hours, and is one day.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from grader.errors import UsageError
from grader.text.shown import one_line

_DAY = timedelta(days=1)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"h": "hours", "m": "minutes"}
_LAST_SECOND = time(23, 59, 59)
_SHOWN = 3
_STAMP = re.compile(r"(?<= )\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", re.ASCII)


# -- zones ---------------------------------------------------------------------------------


def zone_of(name: str) -> tzinfo:
    """The zone of that name, such as `Europe/Berlin`; UTC where the name is empty."""
    return ZoneInfo(name) if name else UTC


def zone_problem(name: str) -> str:
    """Why there is no zone of that name here, with names that are near; empty where there is."""
    try:
        zone_of(name)
    except (ValueError, OSError, LookupError):  # what is no name, a folder's name, an unknown one
        known = available_timezones()
        if not known:
            return "this machine knows no time zones: pip install tzdata"
        near = _near(name, known)
        hint = f"near: {', '.join(near)}" if near else "expected one like Europe/Berlin"
        mend = "if it is right: pip install tzdata"
        return f"'{one_line(name)}' is no time zone known here; {hint}; {mend}"
    return ""


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Names that differ in a few letters, wholly or in their last part, whatever the case."""
    wholes = {each.lower(): each for each in sorted(known)}
    lasts = {lower.rpartition("/")[2]: each for lower, each in wholes.items()}
    wanted = name.strip().lower()
    found = [lasts[each] for each in get_close_matches(wanted, lasts, _SHOWN, 0.8)]
    found += [wholes[each] for each in get_close_matches(wanted, wholes, _SHOWN, 0.8)]
    return list(dict.fromkeys(found))[:_SHOWN]


# -- as people read them -------------------------------------------------------------------


def minute(at: datetime, zone: tzinfo) -> str:
    """`2026-11-22 15:03 CET`."""
    return _shown(at, zone, "minutes")


def minute_or_unknown(at: datetime | None, zone: tzinfo) -> str:
    """`2026-11-22 15:03 CET`, or that nobody knows."""
    return minute(at, zone) if at is not None else "time unknown"


def second(at: datetime, zone: tzinfo) -> str:
    """`2026-11-22 15:03:20 CET`."""
    return _shown(at, zone, "seconds")


def exact(at: datetime, zone: tzinfo) -> str:
    """`2026-11-22 15:03 CET`, with its seconds if they are not 0: for what decides, a due date."""
    return _shown(at, zone, "auto" if (at.second, at.microsecond) != (0, 0) else "minutes")


def beside(at: datetime, limit: datetime | None, zone: tzinfo) -> str:
    """The time to the minute, or as exact as it takes to see on which side of a limit it lies."""
    if limit is None or _cut(at, 60) != _cut(limit, 60):
        return minute(at, zone)
    return _shown(at, zone, "auto" if _cut(at, 1) == _cut(limit, 1) else "seconds")


def stamp_shown(text: str, zone: tzinfo) -> str:
    """The text, with the `2026-11-22T14:03:20Z` at its end as `2026-11-22 15:03:20 CET`."""
    if (found := _STAMP.search(text)) is None:
        return text
    try:
        at = datetime.fromisoformat(found[0])
    except ValueError:  # a name that looks like one
        return text
    return text[: found.start()] + second(at, zone)


def day(at: datetime, zone: tzinfo) -> str:
    """`2026-11-22`, the day of the zone."""
    return f"{in_zone(at, zone).date()}"


def in_zone(at: datetime, zone: tzinfo) -> datetime:
    """The time by the zone's wall clock; as it is where that would be past the calendar's end."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def _cut(at: datetime, seconds: int) -> int:
    """The number of whole minutes, or seconds, up to then."""
    return (at - _START) // timedelta(seconds=seconds)


def _shown(at: datetime, zone: tzinfo, timespec: str) -> str:
    local = in_zone(at, zone)
    name = local.tzname() or ""
    if name[:1] in ("+", "-"):  # of a zone without an abbreviation: "+0545"
        name = f"UTC{name[:3]}:{name[3:] or '00'}"
    return f"{local.replace(tzinfo=None).isoformat(' ', timespec)} {name}"


# -- as people write them ------------------------------------------------------------------


def time_from(text: str, start: datetime, zone: tzinfo | None) -> datetime:
    """The time that is meant, in UTC: one that is written out, or so much after `start`.

    A time without its offset from UTC is one of the zone, a date alone is the end of that day,
    and `+2d` is the same time of day two days later, while `+48h` is so many hours. UsageError
    for anything else, and where no zone is given for what needs one.
    """
    sign, number, unit = text[:1], text[1:-1], text[-1:]
    try:
        if sign == "+" and unit == "d" and number.isdecimal():
            return days_later(start, int(number), zone or UTC)
        if sign == "+" and unit in _UNITS and number.isdecimal():
            return start.astimezone(UTC) + timedelta(**{_UNITS[unit]: int(number)})
        written = _written(text)
        if written is not None and written.tzinfo is not None:
            return written.astimezone(UTC)
    except (ValueError, OverflowError):
        written = None
    if written is None:
        raise UsageError(
            f"'{text}': expected a time like 2026-12-03T23:59, a date, or +2d, +12h, +30m"
        )
    if zone is None:
        raise UsageError(
            f"'{text}' has no offset from UTC, and course.toml no timezone: write "
            f'{written.isoformat()}Z, or add timezone = "Europe/Berlin" there'
        )
    return moment(written, zone)


def _written(text: str) -> datetime | None:
    """The time or the end of the day that is written in ISO 8601; None if none is."""
    try:
        return end_of(date.fromisoformat(text))
    except ValueError:
        return datetime.fromisoformat(text)


def end_of(day: date) -> datetime:
    """The last second of a day, as a time without an offset."""
    return datetime.combine(day, _LAST_SECOND)


def moment(local: datetime, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which the zone's wall clock shows this.

    UsageError if it shows that twice or never, because the clock is set back or forward then.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    try:
        meant = [each.astimezone(UTC) for each in (first, second)]
    except OverflowError:
        raise UsageError(f"{local.isoformat()}: no calendar goes so far") from None
    if meant[0] == meant[1]:
        return meant[0]
    how = "comes twice" if meant[0] < meant[1] else "never comes"
    either = " or ".join(each.astimezone(zone).isoformat() for each in sorted(meant))
    raise UsageError(
        f"{local.isoformat()} {how} in {zone}, where clocks are set that day; "
        f"write the offset: {either}"
    )


# -- days ----------------------------------------------------------------------------------


def days_later(at: datetime, days: int, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which the zone's wall clock shows the same time, days later.

    Where it shows that twice or never, because the clock is set, the later moment that it can be.
    """
    if days == 0:
        return at.astimezone(UTC)
    local = at.astimezone(zone).replace(tzinfo=None) + days * _DAY
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def days_begun(since: datetime, at: datetime, zone: tzinfo) -> int:
    """How many days of the zone have begun after `since`, by `at`: 0 where that is not later.

    Each ends at the time of day that `since` has. A date that the zone skipped, as Samoa did 30
    December 2011, is no day.
    """
    since, at = since.astimezone(UTC), at.astimezone(UTC)  # in one zone, Python compares clocks
    if at <= since:
        return 0
    days = max(1, (at.astimezone(zone).date() - since.astimezone(zone).date()).days)
    while days_later(since, days, zone) < at:
        days += 1
    full = days_later(since, days - 1, zone)
    return days - max(0, round((_offset(full, zone) - _offset(since, zone)) / _DAY))


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
