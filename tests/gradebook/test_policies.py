"""Changes of due dates and of what lateness costs, which nobody types as a command."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from grader.course import Deadline

DUE = Deadline(datetime(2026, 12, 1, 22, 59, tzinfo=UTC), timezone="Europe/Berlin")
BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
WHOLE = "due 2026-12-01 23:59 CET, grace_minutes 0, per_day 10, cut_off_days 7, counts best"


@pytest.fixture
def told(book):
    """Has the gradebook know policies; gives what that adds to the log, in words."""

    def know(timezone="Europe/Berlin", **deadlines):
        before = len(book.audit())
        book.know_policies(timezone, deadlines)
        return [f"{each.what} {each.subject}: {each.detail}" for each in book.audit()[before:]]

    return know


def test_the_first_is_told_as_it_is(told):
    """With all that it says, in the course's zone."""
    assert told(adding=DUE) == [
        "policy course: timezone Europe/Berlin",
        f"policy adding: {WHOLE}",
    ]


def test_a_change_is_told_from_what_to_what_and_by_whom(told, book):
    """Only what is another; the newest is what the next one is compared with."""
    told(adding=DUE)
    later = replace(DUE, due=DUE.due + 48 * HOUR, per_day=20)
    assert told(adding=later) == [
        "policy adding: due 2026-12-01 23:59 CET -> 2026-12-03 23:59 CET, per_day 10 -> 20"
    ]
    assert told(adding=DUE) == [
        "policy adding: due 2026-12-03 23:59 CET -> 2026-12-01 23:59 CET, per_day 20 -> 10"
    ]
    assert {each.who for each in book.audit()} == {"staff"}


def test_a_deadline_that_is_gone_and_comes_back(told):
    """From then on nothing is late, so that must not be silent."""
    told(adding=DUE, other=DUE)
    assert told(other=DUE) == ["policy adding: due 2026-12-01 23:59 CET -> no deadline"]
    assert told(other=DUE) == []
    assert told(adding=DUE, other=DUE) == [f"policy adding: {WHOLE}"]


def test_another_zone_changes_days_and_is_told_once(told):
    """Not once a lab; and without one it is UTC."""
    told(adding=DUE, other=DUE)
    assert told("Asia/Tokyo", adding=replace(DUE, timezone="Asia/Tokyo"), other=DUE) == [
        "policy course: timezone Europe/Berlin -> Asia/Tokyo"
    ]
    assert told("", adding=replace(DUE, timezone=""), other=DUE) == [
        "policy course: timezone Asia/Tokyo -> UTC"
    ]


def test_what_has_not_changed_is_read_and_not_written(told, book, monkeypatch):
    """Also where the due date is written with another offset."""
    assert told("") == []
    told(adding=DUE)
    monkeypatch.setattr(book._database, "write", None)
    elsewhere = datetime.fromisoformat("2026-12-02T07:59:00+09:00")
    assert told(adding=replace(DUE, due=elsewhere)) == []


def test_two_who_see_the_same_change_tell_it_once(told, book, classroom_at, book_url):
    """The second looks again before it writes."""
    from grader.gradebook import policies
    from grader.gradebook.store import Gradebook

    told(adding=DUE)
    new = {"adding": replace(DUE, per_day=20)}
    seen = book._database.read(lambda each: policies.changed(each, BERLIN, new))
    with Gradebook.open(book_url, who="other") as other:
        other.know_policies(BERLIN, new)
    assert seen
    book._database.write(lambda each: policies.keep(each, BERLIN, new, "staff", DUE.due))
    assert [each.who for each in book.audit() if "per_day 10 -> 20" in each.detail] == ["other"]
