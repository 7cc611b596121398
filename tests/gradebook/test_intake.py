"""What is handed in is kept as it came, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook.intake import Arrival, digest_of
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.submissions import Submission


def test_the_same_again_is_the_same_attempt(book, noon):
    """Sending twice is one submission; the second answer names the first attempt."""
    submission = Submission("ann", {"adding.py": b"x = 1\n"})
    first, new = book.receive("adding", submission, submitted_at=noon, source="inbox")
    second, newer = book.receive("adding", submission, submitted_at=noon + timedelta(hours=1))
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
    other, new = book.receive("other", Submission("ann", {"adding.py": b"A"}), submitted_at=noon)
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
    """Byte for byte, with its trace or its problem, and under a name that is one in a batch."""
    attempt, _ = book.receive("adding", submission, submitted_at=noon)
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
    attempt, new = book.receive("adding", submission, submitted_at=noon, source=HOSTILE)
    again, newer = book.receive("adding", submission, submitted_at=noon, source=HOSTILE)
    assert (new, newer, again) == (True, False, attempt)
    assert book.attempts() == [attempt]
    assert list(book.submission(attempt).files.values()) == [b"x"]
    broken = Submission("ben", problem=HOSTILE)
    kept, _ = book.receive("adding", broken, submitted_at=noon)
    assert book.submission(kept).problem == kept.problem


def test_an_unknown_student_is_added_by_id(classroom, book):
    """Nobody's work waits for a roster."""
    classroom.hand_in("ann")
    assert book.students() == [Student("ann")]


def test_who_is_not_on_the_roster_may_be_kept_out(book, noon):
    """By name; and then nothing of what came together is kept, so that it can be sent again."""
    book.add_student(Student("ann", "Ann"))
    arrivals = [Arrival(Submission(name, {"adding.py": b"x"}), noon) for name in ("ann", "eve")]
    with pytest.raises(UsageError, match="eve"):
        book.receive_all("adding", arrivals, known_only=True)
    assert book.attempts() == []
    assert len(book.receive_all("adding", arrivals[:1], known_only=True)) == 1
    assert [each.id for each in book.students()] == ["ann"]


def test_times_are_kept_as_moments(book):
    """Another zone's time is the same moment, given back in UTC; one without a zone is refused."""
    east = datetime(2026, 12, 1, 14, 0, tzinfo=timezone(timedelta(hours=9)))
    attempt, _ = book.receive("adding", Submission("ann"), submitted_at=east)
    assert book.attempts()[0].submitted_at == attempt.submitted_at == east
    assert book.attempts()[0].submitted_at.tzinfo is UTC


def test_many_that_come_together_are_numbered_in_their_order(book, noon):
    """Also several of one student, of which two in a row are the same."""
    contents = [("ann", b"A"), ("ben", b"A"), ("ann", b"A"), ("ann", b"B"), ("ann", b"A")]
    arrivals = [Arrival(Submission(who, {"adding.py": what}), noon) for who, what in contents]
    got = book.receive_all("adding", arrivals)
    assert [(each.student, each.number, new) for each, new in got] == [
        ("ann", 1, True), ("ben", 1, True), ("ann", 1, False), ("ann", 2, True), ("ann", 3, True),
    ]  # fmt: skip
    for (attempt, _), (_, content) in zip(got, contents, strict=True):
        assert book.submission(attempt).files == {"adding.py": content}


def test_a_class_is_received_in_few_statements(book, noon):
    """In one transaction, with one statement for each submission and a few besides."""
    engine, asked = book._database._engine, []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: asked.append(event[2]))

    def receive(numbers):
        asked.clear()
        got = book.receive_all("adding", [
            Arrival(Submission(f"s{n:04}", {"adding.py": b"x" * 2000 + b"%d" % n}), noon)
            for n in numbers
        ])  # fmt: skip
        assert all(new for _, new in got)
        return len(asked)

    few = receive(range(10))
    assert receive(range(10, 110)) <= few + 90
    assert len(book.attempts("adding")) == 110


def test_two_that_receive_at_once_never_number_alike(book_url, noon):
    """Each of 20 different contents becomes one attempt, numbered without a gap."""

    def send(number):
        submission = Submission("ann", {"adding.py": b"%d" % number})
        return book.receive("adding", submission, submitted_at=noon)[0].number

    with Gradebook.open(book_url) as book, ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, range(20))) == list(range(1, 21))
