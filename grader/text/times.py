"""Points in time and numbers of days, as people read them; times are in UTC."""

from datetime import UTC, datetime, timedelta

from grader.errors import UsageError

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def minute(at: datetime) -> str:
    """`2026-11-22 14:03 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def minute_or_unknown(at: datetime | None) -> str:
    """`2026-11-22 14:03 UTC`, or that nobody knows."""
    return minute(at) if at is not None else "time unknown"


def day(at: datetime) -> str:
    """`2026-11-22`."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def time_from(text: str, start: datetime) -> datetime:
    """The time that is meant: one with its offset from UTC, or so much after `start`.

    Anything else raises UsageError, with examples of what can be meant.
    """
    sign, number, unit = text[:1], text[1:-1], text[-1:]
    try:
        if sign == "+" and unit in _UNITS and number.isdecimal():
            return start + timedelta(**{_UNITS[unit]: int(number)})
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"'{text}': expected a time like 2026-12-03T23:59Z, or +2d, +12h, +30m")
