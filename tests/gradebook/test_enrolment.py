"""Who takes part, under which id: every step leaves what was handed in as it is, and can be undone.

The permanent id is the one under which a student was first known: keys of results (and with them
the hidden inputs), numbers of attempts and receipts follow from that, whatever they are called.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.attempts import name_of
from grader.gradebook.rows import DROPPED, ENROLLED, TAKEN, Student
from grader.gradebook.store import Gradebook
from tests.gradebook.conftest import Class


def shown(book, lab):
    """Each student's id with score and attempts, as they are listed."""
    return {each.student.id: (each.score, len(each.attempts)) for each in book.grades(lab)}


def ids(book):
    return [each.id for each in book.students()]


# -- another id ----------------------------------------------------------------------------


def test_a_renamed_student_keeps_everything(book, classroom, lab, noon):
    """Score, override, extension and what was told follow; nothing is graded again."""
    attempt = classroom.hand_in("s1")
    classroom.pending()
    classroom.grade(attempt, 40, 0)
    book.override("s1", lab, "total", 5, reason="r")
    book.extend("s1", lab, noon, reason="ill")
    book.publications.publish("adding", book.grades(lab))
    before = book.grade("s1", lab)
    book.roster.rename("s1", "ada")
    after = book.grade("ada", lab)
    assert after.student == Student("ada", status=TAKEN, first_id="s1", aliases=("s1",))
    assert (after.score, after.published, after.extension) == (45, 45, before.extension)
    assert after.overrides == before.overrides
    assert classroom.pending() == []
    assert after.counts.result.submission == "ada-1"
    assert book.audit()[-1].subject == "s1"


def test_both_ids_mean_the_student(book, classroom, lab):
    """What comes in under the old one is the next attempt, and no new student's."""
    first = classroom.hand_in("s1", "A")
    book.roster.rename("s1", "ada")
    second, third = classroom.hand_in("s1", "B"), classroom.hand_in("ada", "C")
    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert {each.student for each in (first, second, third)} == {"s1"}
    assert (second.called, name_of(third)) == ("ada", "ada-3")
    assert ids(book) == ["ada"]
    book.override("s1", lab, "total", 60, reason="by the old id")
    assert book.grade("s1", lab) == book.grade("ada", lab)
    assert book.attempts("adding", "ada") == book.attempts("adding", "s1")


def test_an_id_taken_again_frees_the_other(book, classroom):
    """Renaming back is the way back: the id that was wrong means nobody."""
    classroom.hand_in("s1")
    before = book.roster.entries()
    book.roster.rename("s1", "s2")
    book.roster.rename("s2", "s3")
    assert book.roster.people().find("s2").aliases == ("s1", "s2")
    book.roster.rename("s3", "s2")
    assert book.roster.people().find("s3") is None
    book.roster.rename("s2", "s1")
    assert book.roster.entries() == before
    classroom.hand_in("s2")
    assert ids(book) == ["s1", "s2"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("s1", "s2", "'s2' is taken.*merge s1 s2"),
        ("s1", "S2", "differs by case only from 's2'"),
        ("s1", "s1", "is called so already"),
        ("s9", "s10", "no student 's9'"),
        ("s1", "first", "'first' is taken: it means 's3'"),
        ("ghost", "s9", "was merged into 's2'; first take that back: shardlab roster split ghost"),
        ("s1", "ghost", "'ghost' is taken: it means 's2'"),
        ("out", "in", "'out' was dropped.*roster restore out"),
    ],
)
def test_a_name_that_can_not_be_given_is_refused(book, old, new, words):
    """With the mend; and nothing is changed, nor in the log."""
    book.add_students([Student(each) for each in ("s1", "s2", "first", "ghost", "out")])
    book.roster.rename("first", "s3")
    book.roster.merge("ghost", "s2")
    book.roster.drop("out")
    before = (book.roster.entries(), len(book.audit()))
    with pytest.raises(UsageError, match=words):
        book.roster.rename(old, new)
    assert (book.roster.entries(), len(book.audit())) == before


def test_the_case_of_an_own_id_may_be_mended(book):
    """s1 may become S1: it is nobody else's."""
    book.add_students([Student("s1")])
    book.roster.rename("s1", "S1")
    assert ids(book) == ["S1"]


# -- two records of one person -------------------------------------------------------------


def test_a_ghosts_attempts_count_as_the_students(book, classroom, lab):
    """The best of all counts, each with the inputs that it was graded with; split, they part."""
    own, theirs = classroom.hand_in("s1", "A"), classroom.hand_in("5903", "B")
    classroom.pending()
    classroom.grade(own, 40, 0)
    classroom.grade(theirs, 40, 60)
    before = shown(book, lab)
    book.roster.merge("5903", "s1")
    assert shown(book, lab) == {"s1": (100, 2)}
    assert classroom.pending() == []
    counts = book.grade("5903", lab).counts
    assert (counts.attempt.id, counts.attempt.numbered) == (theirs.id, "#1 as 5903")
    assert name_of(counts.attempt) == "s1-1 as 5903"
    more = classroom.hand_in("5903", "C")
    assert (more.student, more.number, more.called) == ("5903", 2, "s1")
    book.roster.split("5903")
    assert before == {"s1": (40, 1), "5903": (100, 1)}
    assert shown(book, lab) == {"s1": (40, 1), "5903": (100, 2)}


def test_decisions_of_both_are_the_students(book, classroom, lab):
    """The newest counts, whosever it was; what was told last, too."""
    for student in ("s1", "5903"):
        classroom.grade(classroom.hand_in(student), 0, 0)
    book.override("s1", lab, "add", 10, reason="first")
    book.override("5903", lab, "add", 20, reason="second")
    book.publications.publish("adding", book.grades(lab))
    book.roster.merge("5903", "s1")
    grade = book.grade("s1", lab)
    assert [each.points for each in grade.overrides] == [20]
    assert grade.published == 10  # of two that were told at once, that under the own id


@pytest.mark.parametrize(
    ("ghost", "into", "words"),
    [
        ("a", "a", "one student already"),
        ("a", "b", "one student already"),
        ("b", "c", "'b' was merged into 'a'"),
        ("x", "a", "no student 'x'"),
        ("a", "x", "no student 'x'"),
        ("c", "out", "'out' was dropped"),
    ],
)
def test_a_merge_that_can_not_be_meant_is_refused(book, ghost, into, words):
    """Into itself, round in a circle, twice, of nobody."""
    book.add_students([Student(each) for each in ("a", "b", "c", "out")])
    book.roster.merge("b", "a")
    book.roster.drop("out")
    before = (book.roster.entries(), len(book.audit()))
    with pytest.raises(UsageError, match=words):
        book.roster.merge(ghost, into)
    assert (book.roster.entries(), len(book.audit())) == before


def test_only_what_was_merged_can_be_split(book):
    """The refusal names those that were."""
    book.add_students([Student(each) for each in ("a", "b", "c")])
    book.roster.merge("b", "a")
    with pytest.raises(UsageError, match="merged are: b"):
        book.roster.split("c")


def test_ghosts_of_ghosts_are_the_last_ones(book, classroom, lab):
    """A record that others went into may go into another."""
    for student in ("a", "b", "c"):
        classroom.grade(classroom.hand_in(student, student), 40, 0)
    book.roster.merge("a", "b")
    book.roster.merge("b", "c")
    assert shown(book, lab) == {"c": (40, 3)}
    assert book.roster.entries()[0].merged == ("a", "b")
    assert book.grade("a", lab).student.aliases == ("a", "b")


# -- dropped -------------------------------------------------------------------------------


def test_who_was_dropped_is_nowhere_and_loses_nothing(book, classroom, lab):
    """No grade, no attempt to grade, no decision; back, all is there."""
    book.add_students([Student("s1", "Ann"), Student("s2")])
    classroom.grade(classroom.hand_in("s1", "A"), 40, 60)
    waiting = classroom.hand_in("s1", "B")
    before = book.grades(lab)
    book.roster.drop("s1")
    assert shown(book, lab) == {"s2": (None, 0)}
    assert ids(book) == ["s2"]
    assert classroom.pending() == book.attempts("adding", present=True) == []
    assert len(book.attempts("adding")) == 2
    with pytest.raises(UsageError, match="restore s1"):
        book.override("s1", lab, "add", 5, reason="r")
    assert [each.student.status for each in book.roster.entries()] == [ENROLLED, DROPPED]
    book.roster.restore("s1")
    assert book.grades(lab) == before
    assert waiting in classroom.pending()


def test_a_roster_brings_back_whom_it_has(book):
    """A student who dropped the course and is on the next list."""
    book.add_students([Student("s1", "Ann")])
    book.roster.drop("s1")
    outcome = book.roster.take([Student("s1")])
    assert [each.word for each in outcome.joining] == ["back"]
    assert ids(book) == ["s1"]
    with pytest.raises(UsageError, match="was not dropped; dropped are: none"):
        book.roster.restore("s1")


# -- a file and the gradebook --------------------------------------------------------------


@pytest.fixture
def known(book):
    """Ann has the number 1 and an address, Ben neither."""
    book.add_students([Student("ann", "Ann", "a@x", "", "1"), Student("ben", "Ben")])
    return book


@pytest.mark.parametrize(
    ("student", "words"),
    [
        (Student("Ann"), "differs by case only from 'ann'"),
        (Student("cy", lms_id="1"), "the lms_id 1 is that of 'ann' in the gradebook"),
        (Student("cy", email="A@x"), "the email A@x is that of 'ann' in the gradebook"),
        (Student("ben", lms_id="1"), "that of 'ann'"),
    ],
)
def test_what_is_anothers_in_the_gradebook_is_told(known, student, words):
    """Only that line is left out; the others are taken."""
    outcome = known.roster.take([student, Student("dan")])
    assert [name for name, _ in outcome.problems] == [student.id]
    assert words in outcome.problems[0][1]
    assert [each.after.id for each in outcome.joining] == ["dan"]
    assert ids(known) == ["ann", "ben", "dan"]


def test_numbers_may_be_exchanged(known):
    """What counts is who has which when the whole file is taken."""
    swap = [Student("ann", lms_id="2"), Student("ben", lms_id="1")]
    assert known.roster.take(swap).problems == ()
    assert [each.lms_id for each in known.students()] == ["2", "1"]


def test_two_lines_of_one_student_are_told(known):
    """By an id of before, or of a record that was merged; the first counts."""
    known.roster.rename("ann", "ada")
    outcome = known.roster.take([Student("ann", "Ada"), Student("ada", "Other")])
    assert outcome.problems == (("ada", "'ada' and 'ann' are one student, ada"),)
    assert outcome.notes == (("ann", "'ann' is called 'ada' here"),)
    assert known.students()[0].name == "Ada"


def test_comparing_changes_nothing_and_tells_all(known):
    """Who is new, what changes from what to what, and who is missing."""
    roster = [Student("ann", "Ann B.", lms_id="1"), Student("cy", "Cy")]
    log = known.audit()
    outcome = known.roster.compare(roster)
    assert [(each.word, each.after.id) for each in outcome.joining] == [
        ("changed", "ann"), ("new", "cy"),
    ]  # fmt: skip
    assert outcome.joining[0].differences == {"name": ("Ann", "Ann B.")}
    assert [each.id for each in outcome.missing] == ["ben"]
    assert (outcome.entry, known.audit(), ids(known)) == (0, log, ["ann", "ben"])
    taken = known.roster.take(roster)
    assert (taken.joining, taken.missing, taken.entry) == (
        outcome.joining, outcome.missing, known.audit()[-1].id,
    )  # fmt: skip


# -- whatever is done ----------------------------------------------------------------------

_NAMES = st.sampled_from(["a", "b", "c", "A", "d"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["rename", "merge"]), _NAMES, _NAMES),
        st.tuples(st.sampled_from(["split", "drop", "restore", "hand in", "add"]), _NAMES),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_STEPS)
def test_whatever_is_done_every_id_means_one_person_and_the_way_back_leads_home(
    tmp_path_factory, steps
):
    """No attempt is lost or counted twice; undone in reverse, each entry gives what was before."""
    path = tmp_path_factory.mktemp("book") / "book.sqlite3"
    with Gradebook.open(str(path), who="staff") as book:
        classroom = Class(book)
        for name in ("a", "b", "c"):
            classroom.hand_in(name, name)
        handed_in, states = 3, list[tuple[int, object]]()
        for what, *names in steps:
            before = book.roster.entries()
            try:
                if what == "hand in":
                    handed_in += 1
                    classroom.hand_in(names[0], f"{handed_in}")
                    states.clear()  # what came in since is no part of the roster's way back
                    continue
                if what == "add":
                    entry = book.roster.take([Student(names[0])]).entry
                else:
                    entry = getattr(book.roster, what)(*names)
            except UsageError:
                assert book.roster.entries() == before
                continue
            states += [(entry, before)] if entry else []
            people = book.roster.people()
            everyone = [each.student for each in book.roster.entries()]
            folded = [each.id for each in everyone]
            assert len(set(folded)) == len(folded)
            assert all(people.find(name) == each for each in everyone
                       for name in (each.id, *each.aliases))  # fmt: skip
            assert sum(each.attempts for each in book.roster.entries()) == handed_in
        for entry, before in reversed(states):
            book.history.undo(entry, who="staff")
            assert book.roster.entries() == before


def test_an_accent_may_be_typed_either_way(book):
    """As one sign or as two: systems differ, and the student is one."""
    book.add_students([Student("jos\u00e9")])
    assert book.roster.people().find("jose\u0301").id == "jos\u00e9"


def test_a_groups_attempt_stays_when_the_one_who_sent_it_is_dropped(book, classroom, lab):
    """It is graded, and it is shown as that of who is left."""
    book.add_students([Student("ann"), Student("ben")])
    attempt = classroom.hand_in("ann")
    book.groups.share(attempt, "ben", reason="one group")
    book.roster.drop("ann")
    assert [each.id for each in classroom.pending()] == [attempt.id]
    (shown_as,) = book.attempts("adding", present=True)
    assert (shown_as.called, shown_as.numbered) == ("ben", "#1 as ann")
    classroom.grade(attempt, 40, 60)
    assert shown(book, lab) == {"ben": (100, 1)}
