"""A collect has a number and is taken back by it; collected again, all is as it was."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from grader.errors import UsageError
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.intake.lms import NO_LMS
from grader.intake.taking import take_in
from grader.submissions import Submission, from_source, read_submissions


@pytest.fixture
def book(course, now):
    """The course's gradebook."""
    url = str(course.root / "gradebook.sqlite3")
    with Gradebook.open(url, who="staff", clock=lambda: now + timedelta(hours=1)) as opened:
        yield opened


@pytest.fixture
def send(course, inbox, now):
    """A student submits."""
    lab = course.lab("adding")

    def run(student="s1", source="x = 1\n", minute=0):
        at = now + timedelta(minutes=minute)
        bundle = pack(lab, student, from_source(lab, student, source.encode()), now=at)
        return deliver(inbox, bundle).path

    return run


@pytest.fixture
def collect(course, book, inbox, now):
    """Staff collect; returns the number of this collect, and which attempts were new."""

    def run(*paths, at=now + timedelta(hours=1), **options):
        got = list(take_in(course, book, paths or [inbox], now=at, **options))
        return book.intakes.all()[-1].id, [each.attempt for each in got if getattr(each, "new", 0)]

    return run


def state(book):
    """All that a collect changes and `undo` brings back."""
    return (
        [each.id for each in book.students()],
        [(each.student, each.number, each.submitted_at) for each in book.attempts()],
        book.seen.last_collected(),
        book.seen.strangers(),
    )


def receipts(inbox):
    return {path: path.read_bytes() for path in inbox.rglob("*.receipt.json")}


def test_what_a_collect_took_in_counts_no_longer(collect, book, send):
    """Attempts, students, the time of the place and who waits are as before it."""
    book.add_students([Student("s1")])
    send("s1")
    collect()
    before = state(book)
    send("s1", "x = 2\n", 5)
    send("s2")
    number, new = collect()
    undone = book.intakes.undo(number, reason="the wrong course")
    assert state(book) == before
    assert list(undone.attempts) == new
    entry = book.audit()[-1]
    assert (entry.what, entry.detail) == ("undo collect", f"{number}: 1 attempt: the wrong course")


def test_students_who_came_with_it_vanish(collect, book, send):
    """But for those who have something else."""
    send("s1")
    collect()
    send("s1", "x = 2\n", 5)
    send("ghost")
    number, _ = collect()
    undone = book.intakes.undo(number)
    assert undone.students == ("ghost",)
    assert [each.id for each in book.students()] == ["s1"]
    with pytest.raises(UsageError, match="no student 'ghost'"):
        book.extend("ghost", None, None, reason="none")


def test_collected_again_it_is_as_it_was(collect, book, send, inbox):
    """The same attempts with the same numbers, and receipts that are the same byte for byte."""
    send("s1", "x = 1\n", 0)
    send("s1", "x = 2\n", 5)
    send("s2", "x = 3\n", 1)
    number, new = collect()
    before, signed = state(book)[:2], receipts(inbox)
    book.intakes.undo(number)
    assert book.attempts() == []
    for path in signed:
        path.unlink()
    again, renewed = collect()
    assert (again, renewed) == (number + 1, new)
    assert state(book)[:2] == before
    assert receipts(inbox) == signed


def test_what_was_brought_back_can_be_taken_back_again(collect, book, send):
    """By the number of the collect that brought it back; then the first number stays used up."""
    send("s1")
    first, _ = collect()
    book.intakes.undo(first)
    second, _ = collect()
    assert len(book.attempts()) == 1
    book.intakes.undo(second)
    assert book.attempts() == []
    with pytest.raises(UsageError, match=f"collect {first} was taken back already"):
        book.intakes.undo(first)


def test_what_it_brought_back_goes_with_what_it_took_in(collect, book, send):
    """One of each kind: after the undo, neither counts."""
    send("s1")
    book.intakes.undo(collect()[0])
    send("s2")
    number, new = collect()
    assert len(new) == 2
    assert set(book.intakes.undo(number).attempts) == set(new)
    assert (book.attempts(), book.students()) == ([], [])


def test_numbers_of_void_attempts_are_not_given_again(collect, book, send):
    """What comes meanwhile is a later attempt, and stays one."""
    send("s1", "x = 1\n", 0)
    number, _ = collect()
    path = send("s1", "x = 2\n", 5)
    book.intakes.undo(number)
    collect(path)
    assert [each.number for each in book.attempts()] == [2]
    collect()
    assert [each.number for each in book.attempts()] == [1, 2]


def test_one_that_is_not_the_newest_can_be_taken_back(collect, book, send, tmp_path, inbox, now):
    """What later collects took in stays, and so does when they were at the place."""
    send("s1")
    first, _ = collect(at=now + timedelta(hours=1))
    send("s2", minute=70)
    second, _ = collect(at=now + timedelta(hours=2))
    book.intakes.undo(first)
    assert [each.student for each in book.attempts()] == ["s2"]
    assert book.seen.last_collected() == {str(inbox): now + timedelta(hours=2)}
    book.intakes.undo(second)
    assert (book.attempts(), book.seen.last_collected()) == ([], {})


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_in_whichever_order_all_are_taken_back_nothing_is_left(collect, book, send, now, order):
    """The place was never collected, then, and nobody waits."""
    book.add_students([Student("s1")])
    numbers = []
    for hour in range(3):
        send("s1", f"x = {hour}\n", 60 * hour)
        send(f"stranger{hour}", minute=60 * hour)
        numbers.append(collect(at=now + timedelta(hours=hour, minutes=1))[0])
    for each in order:
        book.intakes.undo(numbers[each])
    assert book.attempts() == []
    assert book.seen.last_collected() == {}


def test_who_waits_is_as_before_the_newest(collect, book, send, now):
    """A stranger who was seen by it alone was never seen."""
    book.add_students([Student("s1")])
    send("eve")
    collect()
    before = book.seen.strangers()
    send("mallory")
    number, _ = collect(at=now + timedelta(hours=2))
    assert len(book.seen.strangers()) == 2
    book.intakes.undo(number)
    assert book.seen.strangers() == before


def test_plain_files_come_back_too(course, book, tmp_path, now):
    """What `grade LAB PATH` took in has no source that lasts, but the same content."""
    path = tmp_path / "ann.py"
    path.write_text("x = 1\n")

    def grade():
        options = {"lab": "adding", "as_named": True, "now": now}
        return [each.new for each in take_in(course, book, [path], **options)]

    assert grade() == [True]
    book.intakes.undo(book.intakes.all()[-1].id)
    assert (book.attempts(), book.students()) == ([], [])
    assert grade() == [True]
    assert [(each.student, each.number) for each in book.attempts()] == [("ann", 1)]
    assert grade() == [False]


def test_who_vanished_may_be_put_on_the_roster(collect, book, send):
    """As if the collect had never been; and what they hand in then is theirs."""
    send("ghost")
    number, _ = collect()
    book.intakes.undo(number)
    assert book.add_students([Student("ghost", "Banquo")]) == (1, 0)
    assert [(each.id, each.name) for each in book.students()] == [("ghost", "Banquo")]
    collect()
    assert [each.student for each in book.attempts()] == ["ghost"]


@pytest.mark.parametrize("what", ["begin collect", "take in", "collect"])
def test_a_collect_is_taken_back_as_a_whole(collect, book, send, what):
    """Whichever of its entries `undo` names; then all of them are marked as undone."""
    before = state(book)
    send("s1")
    collect()
    mine = [each.id for each in book.audit()]
    (entry,) = [each.id for each in book.audit() if each.what == what]
    assert all(each.undoable for each in book.history.entries())
    done = book.history.undo(entry, who="staff")
    assert state(book) == before
    undone = {each.entry.id: each.undone_by for each in book.history.entries()}
    assert [undone[each] for each in mine] == [done.entry] * len(mine)
    with pytest.raises(UsageError, match="taken back already"):
        book.history.undo(mine[0], who="staff")


def test_an_undo_is_undone(collect, book, send):
    """By the number of its entry in the log."""
    send("s1")
    number, _ = collect()
    before = state(book)
    undone = book.intakes.undo(number)
    book.history.undo(undone.entry, who="staff")
    assert state(book) == before
    book.intakes.undo(number)
    assert book.attempts() == []


def test_one_that_found_nothing_new_is_taken_back_and_had_again(collect, book, send):
    """An older one at that, so that nothing at all is otherwise without it."""
    send("s1")
    collect()
    number, _ = collect()
    collect()
    before = state(book)
    undone = book.intakes.undo(number)
    assert undone.attempts == ()
    assert state(book) == before
    book.history.undo(undone.entry, who="staff")
    assert state(book) == before
    book.intakes.undo(number)


def test_a_number_that_no_collect_has_is_refused(collect, book, send):
    """Whether there was none, or there were others."""
    with pytest.raises(UsageError, match="nothing was collected yet"):
        book.intakes.undo(1)
    send("s1")
    number, _ = collect()
    with pytest.raises(UsageError, match=f"no collect has the number 99; the newest is {number}"):
        book.intakes.undo(99)


def test_a_void_attempt_is_not_brought_back(collect, book, send):
    """What a person made void stays void, however often it is collected."""
    path = send("s1")
    collect()
    (attempt,) = book.attempts()
    book.voids.add(attempt, reason="copied")
    shutil.copyfile(path, path.with_name("again.shardlab.zip"))
    assert collect()[1] == []
    assert book.attempts() == []
    assert [each.id for each in book.students()] == ["s1"]
    book.voids.lift(attempt)
    assert book.attempts() == [attempt]


def test_a_rehearsal_leaves_nothing(course, book, send, inbox, now):
    """Neither rows nor receipts nor a key: but it tells what would be new."""
    send("s1")
    with book.rehearsal() as trial:
        got = list(take_in(course, trial, [inbox], dry=True, now=now))
        assert [each.new for each in got] == [True]
        assert len(trial.attempts()) == 1
    assert (book.attempts(), book.students(), book.intakes.all(), book.audit()) == ([], [], [], [])
    assert receipts(inbox) == {}
    assert not (course.root / ".receipt-key").exists()


# -- collected again otherwise -------------------------------------------------------------


def times(book):
    return [(each.number, each.submitted_at, each.time_from) for each in book.attempts()]


@pytest.mark.parametrize("first", [True, False], ids=["a wrong time", "no time"])
def test_a_wrong_time_is_taken_back_with_its_collect(collect, book, tmp_path, now, first):
    """What staff say when they collect again counts, and nothing where they say nothing."""
    file = tmp_path / "s1" / "adding.py"
    file.parent.mkdir()
    file.write_text("x = 1\n")
    early, late = (replace(NO_LMS, received=now - timedelta(days=each)) for each in (2, 1))
    said = {"lab": "adding", "as_named": True}
    number, new = collect(file.parent, lms=late if first else NO_LMS, **said)
    book.intakes.undo(number)
    number, again = collect(file.parent, lms=early, **said)
    assert (again, times(book)) == (new, [(1, early.received, "staff")])
    assert collect(file.parent, lms=late, **said)[1] == []  # what is in force keeps its time
    assert times(book) == [(1, early.received, "staff")]
    book.intakes.undo(number)
    number, again = collect(file.parent, **said)
    assert (again, times(book)) == (new, [(1, None, "unknown")])
    book.history.undo(book.audit()[-1].id, who="prof")  # of the collect, whichever entry it is
    collect(file.parent, lms=late, **said)
    assert times(book) == [(1, late.received, "staff")]


def arrive(book, *members):
    number = book.intakes.begin("here")
    submission = Submission("a", {"adding.py": b"x"})
    book.take_in("adding", [Arrival(submission, None, "s", True, intake=number, members=members)])
    return number


def test_a_wrong_group_is_taken_back_with_its_collect(book):
    """Whose the attempt is follows the roster of the second time; by hand stays by hand."""
    book.roster.take([Student(each) for each in "abcde"])
    book.intakes.undo(arrive(book, "b", "d"))
    arrive(book, "c", "d")
    [attempt] = book.attempts()
    assert book.groups.of("adding") == {attempt.id: ("c", "d")}
    book.groups.share(attempt, "e", reason="helped")
    book.groups.unshare(attempt, "d", reason="did nothing")
    book.intakes.undo(book.intakes.all()[-1].id)
    arrive(book, "b", "d")
    assert book.groups.of("adding") == {attempt.id: ("b", "e")}


def test_a_time_that_is_nobodys_word_gives_way(course, collect, book, tmp_path, now):
    """An older gradebook has the dates of downloads; what the LMS or staff say mends them, once."""
    file = tmp_path / "s1" / "adding.py"
    file.parent.mkdir()
    file.write_text("x = 1\n")
    [submission] = read_submissions(course.lab("adding"), [file.parent])
    [(old, _)] = book.take_in("adding", [Arrival(submission, now)])
    said = {"lab": "adding", "as_named": True}
    for days in (3, 2):
        received = now - timedelta(days=days)
        assert collect(file.parent, lms=replace(NO_LMS, received=received), **said)[1] == []
        assert times(book) == [(old.number, now - timedelta(days=3), "staff")]
