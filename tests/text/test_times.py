"""Times that people type."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.text.times import time_from

OFFSETS = st.integers(-1439, 1439).map(lambda each: timezone(timedelta(minutes=each)))
START = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)


@given(st.integers(0, 10_000), st.sampled_from([("d", 86_400), ("h", 3_600), ("m", 60)]))
def test_so_much_after_the_start(count, unit):
    """`+N` with a unit adds N of them."""
    letter, seconds = unit
    assert time_from(f"+{count}{letter}", START) == START + timedelta(seconds=count * seconds)


@given(st.datetimes(timezones=OFFSETS))
def test_a_time_with_its_offset_is_that_moment(moment):
    """In whichever zone it is written, the moment is the same, told in UTC."""
    try:
        expected = datetime.fromisoformat(moment.isoformat()).astimezone(UTC)
    except OverflowError:  # a day before the first there is
        with pytest.raises(UsageError):
            time_from(moment.isoformat(), START)
        return
    found = time_from(moment.isoformat(), START)
    assert (found, found.tzinfo) == (expected, UTC)


@given(st.text(max_size=20))
def test_any_other_text_is_refused_with_examples(text):
    """What Python itself reads as no time with an offset is a usage error, never another one."""
    try:
        assume(datetime.fromisoformat(text).tzinfo is None)
    except ValueError:
        assume(not text.startswith("+"))
    with pytest.raises(UsageError, match="expected a time like 2026-12-03T23:59Z"):
        time_from(text, START)
