"""What is handed in is kept as it came, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from grader.gradebook.attempts import Arrival, digest_of
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.submissions import Submission


def test_the_same_again_is_the_same_attempt(book, noon):
    """Sending twice is one submission; the second answer names the first attempt."""
    submission = Submission("ann", {"adding.py": b"x = 1\n"})
    first, new = book.take_in("adding", [Arrival(submission, noon, "inbox")])[0]
    second, newer = book.take_in("adding", [Arrival(submission, noon + timedelta(hours=1))])[0]
    assert (new, newer) == (True, False)
    assert second == first
    assert (first.number, first.submitted_at, first.source) == (1, noon, "inbox")
    assert book.attempts() == [first]


def test_going_back_to_what_was_before_is_an_attempt(classroom, book):
    """A, B and A again are three: the last one may be the one that counts."""
    handed_in = [classroom.hand_in("ann", content) for content in ("A", "A", "B", "A")]
    assert [each.number for each in handed_in] == [1, 1, 2, 3]
    assert handed_in[0].digest == handed_in[3].digest
    assert len(book.attempts("adding", "ann")) == 3


def test_labs_and_students_are_counted_apart(classroom, book, noon):
    """The same content is one attempt of each student, and of each lab."""
    assert classroom.hand_in("ann").number == classroom.hand_in("ben").number == 1
    other, new = book.take_in("other", [Arrival(Submission("ann", {"adding.py": b"A"}), noon)])[0]
    assert (other.number, new) == (1, True)
    assert [each.student for each in book.attempts("adding")] == ["ann", "ben"]
    assert [each.lab for each in book.attempts(student="ann")] == ["adding", "other"]


@pytest.mark.parametrize(
    "submission",
    [
        Submission("ann", {"adding.py": bytes(range(256)) * 9}),
        Submission("ann", {"adding.py": b"x"}, trace=b"\0\xfftrace"),
        Submission("ann", problem="adding.py is empty"),
        Submission("ann", {"adding.py": b""}),
    ],
)
def test_what_was_handed_in_comes_back(book, noon, submission):
    """Byte for byte, with its trace or its problem, and under a name that is one in a run."""
    attempt, _ = book.take_in("adding", [Arrival(submission, noon)])[0]
    found = book.submission(attempt)
    assert (found.files, found.trace) == (submission.files, submission.trace)
    assert (found.problem, found.student, found.name) == (submission.problem, "ann", "ann-1")
    assert attempt.digest == digest_of(submission)


def test_a_digest_tells_names_sizes_contents_traces_and_problems_apart():
    """No two of these are the same submission."""
    different = [
        Submission("a", {"x.py": b"ab"}),
        Submission("a", {"y.py": b"ab"}),
        Submission("a", {"x.py": b"a", "b": b""}),
        Submission("a", {"x.py": b"a"}),
        Submission("a", {"x.py": b"ab"}, trace=b""),
        Submission("a", {"x.py": b"ab"}, trace=b"t"),
        Submission("a", problem="x.py is empty"),
        Submission("a", problem="x.py is a folder"),
        Submission("a"),
    ]
    assert len({digest_of(each) for each in different}) == len(different)


HOSTILE = "a\0b\x1b[31m \udc80 ünï </script> ' OR 1=1 --\n" + "x" * 500


def test_whatever_text_comes_is_kept(book, noon):
    """NUL, halves of surrogates, quotes and control characters harm neither database."""
    submission = Submission(HOSTILE, {HOSTILE: b"x"}, student=HOSTILE)
    attempt, new = book.take_in("adding", [Arrival(submission, noon, HOSTILE)])[0]
    again, newer = book.take_in("adding", [Arrival(submission, noon, HOSTILE)])[0]
    assert (new, newer, again) == (True, False, attempt)
    assert book.attempts() == [attempt]
    assert list(book.submission(attempt).files.values()) == [b"x"]
    broken = Submission("ben", problem=HOSTILE)
    kept, _ = book.take_in("adding", [Arrival(broken, noon)])[0]
    assert book.submission(kept).problem == kept.problem


def test_an_unknown_student_is_added_by_id(classroom, book):
    """Nobody's work waits for a roster."""
    classroom.hand_in("ann")
    assert book.students() == [Student("ann", status="taken")]


def test_what_is_found_at_a_lasting_source_again_stays_what_it_was(book, noon):
    """A, B and A again from three files are three attempts, and stay those when found again."""
    arrivals = [
        Arrival(Submission("ann", {"adding.py": content}), noon, source, lasting=True)
        for source, content in (("1.zip", b"A"), ("2.zip", b"B"), ("3.zip", b"A"), ("4.zip", b"A"))
    ]
    first = book.take_in("adding", arrivals)
    assert [(each.number, new) for each, new in first] == [
        (1, True), (2, True), (3, True), (3, False)]  # fmt: skip
    again = book.take_in("adding", arrivals)
    assert again == [(attempt, False) for attempt, _ in first]


def test_a_source_that_does_not_last_is_a_new_attempt(book, noon):
    """A file that is written anew under its name: going back to what was before is an attempt."""
    arrivals = [
        Arrival(Submission("ann", {"adding.py": content}), noon, "ann.py")
        for content in (b"A", b"B")
    ]
    book.take_in("adding", arrivals)
    assert [(each.number, new) for each, new in book.take_in("adding", arrivals)] == [
        (3, True), (4, True)]  # fmt: skip


def test_times_are_kept_as_moments(book):
    """Another zone's time is the same moment, given back in UTC; one without a zone is refused."""
    east = datetime(2026, 12, 1, 14, 0, tzinfo=timezone(timedelta(hours=9)))
    attempt, _ = book.take_in("adding", [Arrival(Submission("ann"), east)])[0]
    assert book.attempts()[0].submitted_at == attempt.submitted_at == east
    assert book.attempts()[0].submitted_at.tzinfo is UTC


def test_many_that_come_together_are_numbered_in_their_order(book, noon):
    """Also several of one student, of which two in a row are the same."""
    contents = [("ann", b"A"), ("ben", b"A"), ("ann", b"A"), ("ann", b"B"), ("ann", b"A")]
    arrivals = [Arrival(Submission(who, {"adding.py": what}), noon) for who, what in contents]
    got = book.take_in("adding", arrivals)
    assert [(each.student, each.number, new) for each, new in got] == [
        ("ann", 1, True), ("ben", 1, True), ("ann", 1, False), ("ann", 2, True), ("ann", 3, True),
    ]  # fmt: skip
    for (attempt, _), (_, content) in zip(got, contents, strict=True):
        assert book.submission(attempt).files == {"adding.py": content}


def test_a_class_is_taken_in_with_few_statements(book, noon):
    """In one transaction, with one statement for each submission and a few besides."""
    engine, asked = book._database._engine, []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: asked.append(event[2]))

    def taken_in(numbers):
        asked.clear()
        got = book.take_in("adding", [
            Arrival(Submission(f"s{n:04}", {"adding.py": b"x" * 2000 + b"%d" % n}), noon)
            for n in numbers
        ])  # fmt: skip
        assert all(new for _, new in got)
        return len(asked)

    few = taken_in(range(10))
    assert taken_in(range(10, 110)) <= few + 90
    assert len(book.attempts("adding")) == 110


def test_two_that_take_in_at_once_never_number_alike(book_url, noon):
    """Each of 20 different contents becomes one attempt, numbered without a gap."""

    def send(number):
        submission = Submission("ann", {"adding.py": b"%d" % number})
        return book.take_in("adding", [Arrival(submission, noon)])[0][0].number

    with Gradebook.open(book_url) as book, ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, range(20))) == list(range(1, 21))
