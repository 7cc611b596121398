"""With a roster nobody is made in silence: strangers are kept aside, and lose nothing by it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.people import People
from grader.gradebook.rows import DROPPED, TAKEN, Student
from grader.gradebook.store import Gradebook
from grader.gradebook.tables import students
from grader.intake.admission import KeptAside, near
from grader.intake.bundle import pack
from grader.intake.finds import Intake, IntakeNote
from grader.intake.inbox import deliver
from grader.intake.taking import take_in
from grader.submissions import from_source


@pytest.fixture
def book(course, now):
    """The course's gradebook, whose clock stands an hour after the submissions."""
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
    """Staff collect; returns who was taken in, and who was kept aside."""

    def run(*paths, at=now + timedelta(hours=1), **options):
        got = list(take_in(course, book, paths or [inbox], now=at, **options))
        by_id = {each.id: each.student for each in book.attempts()}
        taken = [by_id[each.attempt] for each in got if isinstance(each, Intake)]
        return taken, [each for each in got if isinstance(each, KeptAside)]

    return run


def names(aside):
    return [(each.student, each.lab) for each in aside]


def test_with_a_roster_a_stranger_is_kept_aside(collect, book, send):
    """Nobody is made, the others are taken in, and the stranger's file stays untouched."""
    book.add_students([Student("s1")])
    send("s1")
    path = send("5903")
    content = path.read_bytes()
    taken, aside = collect()
    assert (taken, names(aside)) == (["s1"], [("5903", "adding")])
    assert [each.id for each in book.students()] == ["s1"]
    assert path.read_bytes() == content
    assert not list(path.parent.glob("*.receipt.json"))


def test_without_a_roster_all_are_taken_in(collect, book, send):
    """Nobody was ever enrolled, so nobody is a stranger."""
    send("s1")
    taken, aside = collect()
    assert (taken, aside) == (["s1"], [])
    assert [each.status for each in book.students()] == [TAKEN]


def test_strangers_are_taken_where_that_is_asked_for(collect, book, send):
    """And from then on they are known."""
    book.add_students([Student("s1")])
    send("guest")
    assert collect(strangers="take")[0] == ["guest"]
    send("guest", "x = 2\n", 5)
    assert len(collect()[0]) == 2


def test_who_came_before_the_roster_is_named(course, book, send, inbox, now):
    """Ghosts of an early collect go on to be taken in, but not in silence."""
    send("5903")
    assert len(list(take_in(course, book, [inbox], now=now))) == 1
    book.add_students([Student("s1")])
    send("5903", "x = 2\n", 5)
    notes = [each.text for each in take_in(course, book, [inbox], now=now)
             if isinstance(each, IntakeNote)]  # fmt: skip
    assert len(book.attempts()) == 2
    (note,) = notes
    assert "not on the roster: 5903" in note


def test_strangers_are_kept_aside_without_a_roster_where_that_is_asked_for(collect, book, send):
    """As `--known-only` once did."""
    send("s1")
    taken, aside = collect(strangers="aside")
    assert (taken, names(aside)) == ([], [("s1", "adding")])
    assert book.students() == []


def test_who_comes_late_to_the_roster_is_not_late_for_that(collect, book, send, now):
    """What was kept aside counts from the time at which it was handed in."""
    book.add_students([Student("s2")])
    send("s1", minute=-30)
    for _ in range(2):
        assert len(collect(at=now)[1]) == 1
    assert [each.what for each in book.audit()].count("not on the roster") == 1
    book.add_students([Student("s1")])
    collect()
    assert [each.submitted_at for each in book.attempts()] == [now - timedelta(minutes=30)]


def test_case_makes_another_id(collect, book, send):
    """S041 is not s041: kept aside, and named with whom it is near."""
    book.add_students([Student("s041", "Ada Lovelace"), Student("t100")])
    send("S041")
    _, (aside,) = collect()
    assert next(each.id for each in aside.near) == "s041"


def test_who_was_dropped_is_a_stranger(collect, book, send):
    """Even where strangers are taken: they come back by name, or not at all."""
    book.add_students([Student("s1"), Student("s2")])
    book._database.write(
        lambda each: each.execute(
            students.update().where(students.c.id == "s1").values(status=DROPPED)
        )
    )
    send("s1")
    for strangers in (None, "take"):
        taken, (aside,) = collect(strangers=strangers)
        assert taken == []
        assert "shardlab roster restore s1" in aside.mend


def test_a_stranger_is_merged_into_whom_they_are(collect, book, send, now):
    """Though they have no record: the id means the other from then on, and the time counts."""
    book.add_students([Student("s041"), Student("zoe")])
    send("s41", minute=-30)
    assert len(collect(at=now)[1]) == 1
    book.roster.merge("s41", "s041")
    assert collect() == (["s041"], [])
    assert [each.submitted_at for each in book.attempts()] == [now - timedelta(minutes=30)]


def test_that_merging_is_taken_back_by_splitting(collect, book, send):
    """And an id that nobody has and under which nothing waits is refused, as a slip."""
    book.add_students([Student("s041")])
    send("s41")
    collect()
    book.roster.merge("s41", "s041")
    book.roster.split("s41")
    assert len(collect()[1]) == 1
    with pytest.raises(UsageError, match="no student 's14'"):
        book.roster.merge("s14", "s041")


def test_plain_files_of_strangers_are_kept_aside_too(course, book, tmp_path, now):
    """`grade LAB PATH` makes nobody in silence either."""
    book.add_students([Student("ann")])
    for name in ("ann", "eve"):
        (tmp_path / f"{name}.py").write_text("x = 1\n")
    paths = [tmp_path / "ann.py", tmp_path / "eve.py"]
    got = list(take_in(course, book, paths, lab="adding", as_named=True, now=now))
    assert [each.student for each in got if isinstance(each, KeptAside)] == ["eve"]
    assert [each.student for each in book.attempts()] == ["ann"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("S041", ["s041"]),
        ("s41", ["s041"]),
        ("s04", ["s041", "s042"]),
        ("jane.doe", ["s7"]),
        ("Doe_Jane", ["s7"]),
        ("jdoe7", ["s7"]),
        ("4711", ["s9"]),
        ("completely-else", []),
    ],
)
def test_who_may_be_meant(name, meant):
    """By the id, the full name in either order, the address, or the number of the LMS."""
    known = [
        Student("s041", "Ada Lovelace"),
        Student("s042", "Bob Doe"),
        Student("s7", "Jane Doe", "jdoe7@example.org"),
        Student("s9", "Zoë Quist", lms_id="4711"),
    ]
    people = People({each.id: each for each in known}, {}, {each.id: each.id for each in known})
    assert [each.id for each in near(people, name)] == meant


@given(st.text(max_size=40))
def test_whatever_somebody_is_called_is_answered(name):
    """No name breaks the search, and nobody is named twice."""
    known = [Student("s041", "Ada Lovelace"), Student("ß", "İ ı"), Student("7")]
    people = People({each.id: each for each in known}, {}, {each.id: each.id for each in known})
    found = [each.id for each in near(people, name)]
    assert len(found) == len(set(found)) <= 3
