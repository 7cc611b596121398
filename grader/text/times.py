"""Points in time and numbers of days, as people read them; times are in UTC."""

from datetime import UTC, datetime


def minute(at: datetime) -> str:
    """`2026-11-22 14:03 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    """`2026-11-22`."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"
