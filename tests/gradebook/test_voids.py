"""Attempts that don't count, attempts of several, and rehearsals, in both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.submissions import Submission
from tests.gradebook.conftest import NOON


def arrival(content, student="ann", source="", intake=0, members=()):
    submission = Submission(student, {"adding.py": content})
    return Arrival(submission, None, source, bool(source), intake=intake, members=members)


@pytest.fixture
def collect(book):
    """Takes contents in as one collect, each from a place of its own; its number."""

    def run(*contents, student="ann", place="/inbox"):
        number = book.intakes.begin(place)
        book.take_in("adding", [
            arrival(content, student, f"{place}/{content.decode()}", number) for content in contents
        ])  # fmt: skip
        return number

    return run


def numbers(book):
    return [(each.student, each.number) for each in book.attempts()]


def test_collects_are_numbered(book, collect):
    """Each has the next number, also after one was taken back."""
    assert [collect(b"A"), collect(b"B")] == [1, 2]
    book.intakes.undo(2)
    assert collect(b"C") == 3
    assert [each.place for each in book.intakes.all()] == ["/inbox"] * 3


def test_what_was_taken_back_comes_again_as_it_was(book, collect):
    """A, B and A again are three attempts, and are these three again."""
    number = book.intakes.begin("/inbox")
    three = [arrival(b"A", source="1", intake=number), arrival(b"B", source="2", intake=number),
             arrival(b"A", source="3", intake=number)]  # fmt: skip
    first = book.take_in("adding", three)
    assert [new for _, new in first] == [True] * 3
    book.intakes.undo(number)
    assert numbers(book) == []
    assert book.take_in("adding", three) == first
    assert [new for _, new in book.take_in("adding", three)] == [False] * 3


def test_a_copy_brings_back_no_more_than_once(book, collect):
    """Of two places with the same content in one go, the first makes it new."""
    collect(b"A")
    book.intakes.undo(1)
    got = book.take_in("adding", [arrival(b"A", source="/inbox/A"), arrival(b"A", source="copy")])
    assert [new for _, new in got] == [True, False]
    assert len({attempt.id for attempt, _ in got}) == 1


def test_older_content_is_not_mistaken_for_what_was_taken_back(book, collect):
    """A counts, B was taken back, A comes from elsewhere: it is still the newest that counts."""
    collect(b"A")
    number = collect(b"B")
    book.intakes.undo(number)
    ((attempt, new),) = book.take_in("adding", [arrival(b"A")])
    assert (attempt.number, new) == (1, False)
    ((attempt, new),) = book.take_in("adding", [arrival(b"B")])
    assert (attempt.number, new) == (2, True)


def test_a_void_attempt_and_one_that_was_taken_back_differ(book, collect):
    """The first stays void when its content comes again, whoever it was that was first."""
    number = collect(b"A")
    (attempt,) = book.attempts()
    book.voids.add(attempt, reason="copied", author="prof")
    assert book.intakes.undo(number).attempts == ()
    assert book.take_in("adding", [arrival(b"A", source="/inbox/A")]) == [(attempt, False)]
    assert numbers(book) == []
    ((number, void),) = book.voids.of("adding").items()
    assert (number, void.reason, void.author, void.by_undo) == (attempt.id, "copied", "prof", False)


def test_one_that_was_taken_back_may_be_made_void_for_good(book, collect):
    """And then it is not brought back."""
    number = collect(b"A")
    (attempt,) = book.attempts()
    book.intakes.undo(number)
    book.voids.add(attempt, reason="copied")
    collect(b"A")
    assert numbers(book) == []


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_void_needs_a_reason(book, collect, reason):
    """It stands in the record."""
    collect(b"A")
    with pytest.raises(UsageError, match="a reason is needed"):
        book.voids.add(book.attempts()[0], reason=reason)


def test_an_attempt_of_several_is_each_one_s(book, lab):
    """Also for a member who hands in the same: it is known."""
    book.add_students([Student("ann"), Student("ben")])
    book.take_in("adding", [arrival(b"A", "ann", "1", members=("ben",))])
    assert book.take_in("adding", [arrival(b"A", "ben", "2", members=("ann",))])[0][1] is False
    book.take_in("adding", [arrival(b"B", "ben", "3", members=("ann",))])
    assert {each.student.id: len(each.attempts) for each in book.grades(lab)} == {
        "ann": 2, "ben": 2}  # fmt: skip
    ((attempt, new),) = book.take_in("adding", [arrival(b"A", "ben", "2", members=("ann",))])
    assert (attempt.number, new) == (1, False)


def test_sharing_is_noted_and_undone(book, lab):
    """By its entry in the log."""
    book.add_students([Student("ann"), Student("ben")])
    ((attempt, _),) = book.take_in("adding", [arrival(b"A", "ann")])
    book.groups.share(attempt, "ben", reason="worked together")
    assert book.groups.of("adding") == {attempt.id: ("ben",)}
    last = book.audit()[-1]
    assert (last.what, last.subject, last.detail) == (
        "share", "ann adding 1", "with ben: worked together")  # fmt: skip
    book.history.undo(last.id, who="staff")
    assert book.groups.of("adding") == {}
    with pytest.raises(UsageError, match="ben does not share in ann-1"):
        book.groups.unshare(attempt, "ben", reason="r")


def test_whatever_is_rehearsed_leaves_nothing(book, collect, lab, noon):
    """Reads within see the writes within; the gradebook sees none of them."""
    collect(b"A")
    before = (book.attempts(), book.audit(), book.students())
    with book.rehearsal() as trial:
        trial.add_students([Student("ben")])
        trial.take_in("adding", [arrival(b"B", "ben")])
        trial.override("ben", lab, "add", 10, reason="r")
        trial.intakes.undo(1)
        assert [each.student for each in trial.attempts()] == ["ben"]
    assert (book.attempts(), book.audit(), book.students()) == before


def test_a_rehearsal_that_fails_leaves_nothing(book, collect):
    """Nor does it keep the gradebook locked."""

    def broken():
        with book.rehearsal() as trial:
            trial.take_in("adding", [arrival(b"B")])
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert numbers(book) == []
    collect(b"A")
    assert numbers(book) == [("ann", 1)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("collect"), st.sets(st.sampled_from("ABCDE"), min_size=1)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_taken_back_what_counts_is_of_collects_in_force(tmp_path_factory, steps):
    """Each attempt counts while the last collect that made it count does; its number never changes.

    With all taken back nobody is there, and no place was ever collected.
    """
    url = str(tmp_path_factory.mktemp("book") / "gradebook.sqlite3")
    with Gradebook.open(url, who="staff") as book:
        counts_by, known, in_force = {}, {}, []
        for what, value in steps:
            if what == "collect":
                number = book.intakes.begin("/inbox")
                arrivals = [arrival(each.encode(), f"s{ord(each) % 2}", each, number)
                            for each in sorted(value)]  # fmt: skip
                got = book.take_in("adding", arrivals)
                book.seen.collected("/inbox", NOON, "", number)
                for (attempt, new), each in zip(got, sorted(value), strict=True):
                    assert new == (counts_by.get(each) not in in_force)
                    assert known.setdefault(each, attempt) == attempt
                    counts_by[each] = number if new else counts_by[each]
                in_force.append(number)
            elif in_force:
                book.intakes.undo(in_force.pop(value % len(in_force)))
            counting = {each.source for each in book.attempts()}
            assert counting == {each for each, by in counts_by.items() if by in in_force}
            assert set(book.seen.last_collected()) == ({"/inbox"} if in_force else set())
        for number in in_force:
            book.intakes.undo(number)
        assert (book.attempts(), book.students(), book.seen.last_collected()) == ([], [], {})
        assert book.attempts(with_void=True) == sorted(known.values(), key=lambda each: each.id)
