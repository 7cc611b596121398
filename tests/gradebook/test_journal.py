"""Rows of a state are brought back as they were, whatever was done to them."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook import audit, journal
from grader.gradebook.journal import Journal
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import collections, submissions, voids
from tests.gradebook.conftest import NOON

PLACES = ("/inbox", "in\0box/\udc80 ' ü")


def begin(connection, what="collect"):
    return Journal.begin(connection, NOON, "staff", what, "a place")


def insert(connection, place="/inbox", at=NOON):
    made = begin(connection)
    made.insert(collections, {"place": place, "at": at})
    return made.entry


def state(connection):
    return sorted(connection.execute(sa.select(collections)).all())


def undo(connection, entry):
    return journal.undo(connection, entry, NOON, "prof").entry


def write(book, work):
    return book._database.write(work)


def read(book, work):
    return book._database.read(work)


def test_what_was_added_goes_and_comes_again(book):
    """Undoing an entry takes its row away; undoing that brings it back, with its time."""
    entry = write(book, insert)
    before = read(book, state)
    second = write(book, lambda each: undo(each, entry))
    assert read(book, state) == []
    write(book, lambda each: undo(each, second))
    assert read(book, state) == before == [("/inbox", NOON)]


def test_the_log_tells_who_took_what_back(book):
    """An undo is an entry of its own, which names the one that it undoes."""
    entry = write(book, insert)
    write(book, lambda each: undo(each, entry))
    last = book.audit()[-1]
    assert (last.who, last.what, last.subject) == ("prof", "undo", "collect a place")
    assert last.undoes == entry


def test_an_entry_is_undone_once(book):
    """The second time is refused, and names the entry that did it."""
    entry = write(book, insert)
    second = write(book, lambda each: undo(each, entry))
    with pytest.raises(UsageError, match=f"taken back already, by entry {second}"):
        write(book, lambda each: undo(each, entry))


def test_after_a_redo_it_may_be_undone_again(book):
    """What counts is whether the undo is still in force."""
    entry = write(book, insert)
    second = write(book, lambda each: undo(each, entry))
    write(book, lambda each: undo(each, second))
    write(book, lambda each: undo(each, entry))
    assert read(book, state) == []


def test_what_changed_since_stands_in_the_way(book):
    """The later entry is named; once that is taken back, the way is free."""

    def change(connection):
        made = begin(connection, "move")
        made.update(collections, {"place": "/inbox"}, {"at": NOON.replace(hour=13)})
        return made.entry

    first, later = write(book, insert), write(book, change)
    with pytest.raises(UsageError, match=f"undo {later} first"):
        write(book, lambda each: undo(each, first))
    assert read(book, state) == [("/inbox", NOON.replace(hour=13))]
    write(book, lambda each: undo(each, later))
    write(book, lambda each: undo(each, first))
    assert read(book, state) == []


def test_an_entry_without_rows_is_refused(book):
    """A word in the log alone can't be undone."""
    entry = write(book, lambda each: audit.note(each, NOON, "staff", "publish", "adding"))
    assert read(book, lambda each: journal.changes_of(each, entry)) == []
    with pytest.raises(UsageError, match="nothing that can be brought back"):
        write(book, lambda each: undo(each, entry))


def test_a_row_that_others_point_at_stays(book, classroom):
    """Nothing of the undo is left where a part of it can't be done."""
    from grader.gradebook.tables import students

    def add(connection):
        made = begin(connection, "roster")
        for name in ("zoe", "ann"):
            made.insert(students, {"id": name, "name": "", "email": "", "group": "", "lms_id": ""})
        return made.entry

    entry = write(book, add)
    classroom.hand_in("zoe")
    with pytest.raises(UsageError, match="in use by now"):
        write(book, lambda each: undo(each, entry))
    assert [each.id for each in book.students()] == ["ann", "zoe"]


def test_a_row_of_an_attempt_is_known_by_its_number(book, classroom):
    """A key that is a number comes back as a number."""
    attempt = classroom.hand_in("ann")
    row = {"submission": attempt.id, "by_undo": 0, "reason": "r", "author": "a", "at": NOON}

    def void(connection):
        made = begin(connection, "void")
        made.insert(voids, row)
        return made.entry

    entry = write(book, void)
    second = write(book, lambda each: undo(each, entry))
    write(book, lambda each: undo(each, second))
    found = read(book, lambda each: each.execute(sa.select(voids)).mappings().all())
    assert found == [row]
    assert read(book, lambda each: each.execute(sa.select(submissions.c.id)).scalars().all())


_STEPS = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(["set", "del"]), st.integers(0, 23)),
    max_size=8,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_STEPS)
def test_whatever_was_done_the_way_back_leads_home(tmp_path_factory, steps):
    """Entries undone in reverse order give each state that was, down to the empty one."""
    path = tmp_path_factory.mktemp("book") / "book.sqlite3"
    with Gradebook.open(str(path), who="staff") as book:
        states, entries = [read(book, state)], []
        for place, act, hour in steps:
            entries.append(write(book, lambda each, a=(place, act, hour): _step(each, *a)))
            states.append(read(book, state))
        for entry, before in zip(reversed(entries), reversed(states[:-1]), strict=True):
            if read(book, lambda each, entry=entry: journal.changes_of(each, entry)):
                write(book, lambda each, entry=entry: undo(each, entry))
            assert read(book, state) == before


def _step(connection, place, act, hour):
    made = begin(connection)
    at, stored = NOON.replace(hour=hour), place.replace("\0", "\\x00").replace("\udc80", "\\udc80")
    is_there = any(each.place == stored for each in state(connection))
    if act == "set" and is_there:
        made.update(collections, {"place": stored}, {"at": at})
    elif act == "set":
        made.insert(collections, {"place": stored, "at": at})
    elif is_there:
        made.delete(collections, {"place": stored})
    return made.entry
