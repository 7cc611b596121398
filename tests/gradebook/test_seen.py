"""What collecting has seen is remembered in tables of its own, also what an old log told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from grader.gradebook import migrate
from grader.gradebook.attempts import Arrival, digest_of
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import UtcTime
from grader.submissions import Submission

HOSTILE = "in\0box/\udc80 ' ü"


def work(content, student="ann"):
    return Submission(student, {"adding.py": content})


def test_the_last_time_of_each_place_counts(book, noon):
    """Whatever its name; the log tells of every time."""
    for place, minute in (("/inbox", 0), (HOSTILE, 1), ("/inbox", 2)):
        book.seen.collected(place, noon + timedelta(minutes=minute), "3 new")
    assert book.seen.last_collected() == {
        "/inbox": noon + timedelta(minutes=2),
        "in\\x00box/\\udc80 ' ü": noon + timedelta(minutes=1),
    }
    told = [(each.what, each.detail) for each in book.audit()]
    assert told == [("collect", "3 new")] * 3


def test_who_is_kept_out_waits_from_the_first_time_on(book, noon):
    """Each of their submissions for itself; the log tells of it once."""
    for digest, minute in (("a", 0), ("a", 5), ("b", 7)):
        book.seen.keep_out({("eve", "adding", digest): noon + timedelta(minutes=minute)})
    assert book.seen.strangers() == {
        ("eve", "adding", "a"): noon,
        ("eve", "adding", "b"): noon + timedelta(minutes=7),
    }
    assert [each.what for each in book.audit()] == ["not on the roster"] * 2


@pytest.mark.parametrize("source", ["adding/ann/1.zip", HOSTILE])
def test_a_source_is_known_by_facts_once_they_are_kept(book, noon, source):
    """By these alone, for its lab alone; kept anew, the old ones are forgotten."""
    found = ((b"A", source), (b"B", "2.zip"))
    arrivals = [Arrival(work(content), noon, name, lasting=True) for content, name in found]
    (attempt, _), (other, _) = book.take_in("adding", arrivals)
    assert book.seen.unchanged("adding") == {}
    book.seen.keep_facts({(attempt.id, source): "old", (other.id, "2.zip"): "2"})
    book.seen.keep_facts({(attempt.id, source): "new"})
    assert book.seen.unchanged("adding") == {
        (attempt.source, "new"): attempt.id,
        ("2.zip", "2"): other.id,
    }
    assert book.seen.unchanged("other") == {}


@pytest.fixture
def old(book_url, monkeypatch):
    """A gradebook as the first version made it, which kept its state in the log."""
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "HEAD", "0001")
        book = Gradebook.open(book_url, who="staff")
    with book:
        yield book


def _insert(old, table, **row):
    """Writes a row with the columns that there were then."""
    names = ", ".join('"group"' if name == "group" else name for name in row)
    values = ", ".join(f":{name}" for name in row)
    types = [
        sa.bindparam(name, type_=UtcTime) for name in row if name == "at" or name.endswith("_at")
    ]
    statement = sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})").bindparams(*types)
    old._database.write(lambda each: each.execute(statement, row))


def _hand_in_as_then(old, handed_in, at):
    _insert(old, "labs", slug="adding")
    _insert(old, "students", id="ann", name="", email="", group="", lms_id="")
    for number, (submission, source) in enumerate(handed_in, 1):
        whose = {"lab": "adding", "student": "ann", "number": number, "source": source}
        digest = {"digest": digest_of(submission), "problem": ""}
        _insert(old, "submissions", **whose, **digest, submitted_at=at, received_at=at)


def test_what_an_old_log_told_is_known(old, book_url, noon):
    """Collections, copies and who waits; entries that only look like these do no harm."""
    one, two = work(b"A"), work(b"B")
    _hand_in_as_then(old, [(one, "1.zip"), (two, "2.zip"), (one, "")], noon)
    stranger = f"eve adding {digest_of(one)}"
    for what, subject, detail in (
        ("collect", "/inbox", noon.isoformat()),
        ("collect", "/in box/ü", (noon + timedelta(hours=1)).isoformat()),
        ("collect", "/inbox", (noon + timedelta(hours=2)).isoformat()),
        ("copy", "ann adding", "1 1-2.zip"),
        ("copy", "ann adding", "2 a name.zip"),
        ("not on the roster", stranger, (noon - timedelta(days=1)).isoformat()),
        ("collect", "/elsewhere", "when I was there"),
        ("copy", "ann adding", "999 1.zip"),
        ("copy", "ann adding", "no number"),
        ("not on the roster", "eve", noon.isoformat()),
    ):
        _insert(old, "audit", at=noon, who="staff", what=what, subject=subject, detail=detail)
    old.close()
    with Gradebook.open(book_url) as book:
        assert len(book.audit()) == 10
        attempts = book.attempts()
        found = [(each.id, each.digest, each.submitted_at, each.source) for each in attempts]
        assert found == [
            (1, digest_of(one), noon, "1.zip"),
            (2, digest_of(two), noon, "2.zip"),
            (3, digest_of(one), noon, ""),
        ]
        assert book.seen.last_collected() == {
            "/inbox": noon + timedelta(hours=2),
            "/in box/ü": noon + timedelta(hours=1),
        }
        assert book.seen.strangers() == {
            ("eve", "adding", digest_of(one)): noon - timedelta(days=1)
        }
        assert book.seen.unchanged("adding") == {}
        names = (("1.zip", one), ("2.zip", two), ("1-2.zip", one), ("a name.zip", two))
        again = [Arrival(each, noon, name, lasting=True) for name, each in names]
        assert book.take_in("adding", again) == [
            (attempts[number], False) for number in (0, 1, 0, 1)
        ]
        assert book.take_in("adding", [Arrival(two, noon, "3.zip", lasting=True)])[0][1]


def test_an_old_gradebook_without_entries_is_moved_on(old, book_url):
    """One that nobody has collected into yet."""
    old.close()
    with Gradebook.open(book_url) as book:
        assert (book.seen.last_collected(), book.seen.strangers(), book.attempts()) == ({}, {}, [])


def test_every_place_of_an_attempt_is_known(book, noon):
    """By the attempt's number, all places where it was found; of this lab alone."""
    work = Submission("ann", {"adding.py": b"x"})
    found = [Arrival(work, noon, place, lasting=True) for place in ("b.zip", "a.zip")]
    first, _ = book.take_in("adding", found)[0]
    book.take_in("other", [Arrival(work, noon, "c.zip", lasting=True)])
    assert book.seen.places("adding") == {first.id: ["a.zip", "b.zip"]}
