"""Whatever an entry of the log did, it can be taken back, and had again; or it is said why not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from tests.gradebook.conftest import NOON, Class


def last(book):
    return book.audit()[-1].id


def undo(book, number):
    return book.history.undo(number, who="prof")


def meaning(book, lab):
    """All grades but for when a decision was written down: an undo writes it anew."""

    def plain(each):
        return (each.reason, each.author) + (
            (each.item, each.points) if hasattr(each, "points") else (each.due,)
        )

    return [
        (
            each.student, each.score, each.status, each.published, each.due,
            [plain(one) for one in each.overrides], each.extension and plain(each.extension),
            [(one.attempt, one.result) for one in each.attempts],
        )
        for each in book.grades(lab)
    ]  # fmt: skip


@pytest.fixture
def graded(classroom):
    """Ann's attempt, which has 40 of 100."""
    attempt = classroom.hand_in("ann")
    classroom.pending()
    classroom.grade(attempt, 40, 0)
    return attempt


def test_an_override_goes_back_to_the_points_before(book, graded, lab):
    """To what was decided before, by whom and why; at last to what grading says."""
    before = meaning(book, lab)
    book.override("ann", lab, "total", 10, reason="first", author="carl")
    first, then = last(book), meaning(book, lab)
    book.override("ann", lab, "total", 20, reason="second", author="dora")
    done = undo(book, last(book))
    assert meaning(book, lab) == then
    assert done.told == ("ann adding total: 10 points again",)
    assert undo(book, first).told == ("ann adding total: what grading says again",)
    assert meaning(book, lab) == before
    assert [each.undoes for each in book.audit()][-2:] == [done.undoes.id, first]


def test_a_withdrawal_goes_back_to_the_points_withdrawn(book, graded, lab):
    """With reason and author; and the undo of an undo has them again."""
    book.override("ann", lab, "total", 10, reason="first", author="carl")
    given_, then = last(book), meaning(book, lab)
    book.override("ann", lab, "total", None, reason="no")
    undo(book, last(book))
    assert meaning(book, lab) == then
    undo(book, given_)
    undo(book, last(book))
    assert meaning(book, lab) == then


def test_an_extension_goes_back_to_the_one_before(book, graded, lab, noon):
    """Two were given; taken back one by one, and had again one by one."""
    states, entries = [meaning(book, lab)], []
    for hour in (13, 14):
        book.extend("ann", lab, noon.replace(hour=hour), reason=f"{hour}", author="carl")
        states.append(meaning(book, lab))
        entries.append(last(book))
    undone = []
    for entry, state in zip(reversed(entries), reversed(states[:-1]), strict=True):
        undone.append(undo(book, entry).entry)
        assert meaning(book, lab) == state
    for entry, state in zip(reversed(undone), states[1:], strict=True):
        undo(book, entry)
        assert meaning(book, lab) == state


def test_a_publication_goes_back_to_what_was_told_before(book, graded, lab):
    """It stays on record as withdrawn; had again, it counts again."""
    book.publications.publish("adding", book.grades(lab))
    first = last(book)
    book.override("ann", lab, "total", 60, reason="r")
    book.publications.publish("adding", book.grades(lab))
    second = last(book)
    with pytest.raises(UsageError, match=f"entry {second} has changed the same since"):
        undo(book, first)
    undo(book, second)
    assert book.grade("ann", lab).published == 40
    undo(book, first)
    assert book.grade("ann", lab).published is None
    undo(book, last(book))
    assert book.grade("ann", lab).published == 40


def test_a_regrade_goes_back_to_the_old_result(book, classroom, graded, lab):
    """The old result counts again ungraded; a regrade after that is graded afresh."""

    def grade_what_is_pending(points):
        for each in classroom.pending():
            generation = book.generations("adding")[each.id]
            classroom.grade(each, points, 0, generation=generation)
        return book.grade("ann", lab).score

    assert grade_what_is_pending(0) == 40
    book.again([graded.id], reason="the GPU was broken")
    assert grade_what_is_pending(10) == 10
    undone = undo(book, last(book)).entry
    assert grade_what_is_pending(99) == 40
    undo(book, undone)
    assert grade_what_is_pending(99) == 10
    undo(book, last(book))
    book.again([graded.id], reason="once more")
    assert grade_what_is_pending(20) == 20
    undo(book, last(book))
    assert grade_what_is_pending(99) == 40


def test_a_later_decision_stands_in_the_way(book, graded, lab):
    """It is named; of another item, student or lab nothing does."""
    book.override("ann", lab, "total", 10, reason="r")
    first = last(book)
    book.override("ann", lab, "total", 20, reason="r")
    second = last(book)
    book.override("ann", lab, "add", 5, reason="r")
    before = (meaning(book, lab), last(book))
    with pytest.raises(UsageError, match=f"undo {second} first"):
        undo(book, first)
    assert (meaning(book, lab), last(book)) == before
    undo(book, second)
    undo(book, first)
    assert [each.item for each in book.grade("ann", lab).overrides] == ["add"]


def test_a_decision_under_a_ghosts_id_stands_in_the_way(book, classroom, graded, lab):
    """Two records are one person: the newer decision is that person's, too."""
    classroom.hand_in("5903")
    book.override("ann", lab, "total", 10, reason="r")
    first = last(book)
    book.override("5903", lab, "total", 20, reason="r")
    second = last(book)
    book.roster.merge("5903", "ann")
    with pytest.raises(UsageError, match=f"undo {second} first"):
        undo(book, first)
    undo(book, second)
    assert book.grade("ann", lab).overrides[0].points == 10


def test_what_was_decided_under_a_ghosts_id_stays_the_ghosts(book, classroom, graded, lab):
    """Taken back, a decision on both leaves each what it had: split, nobody keeps another's."""
    classroom.hand_in("5903")
    book.override("5903", lab, "total", 5, reason="r")
    book.roster.merge("5903", "ann")
    merged = meaning(book, lab)
    book.override("ann", lab, "total", 20, reason="r")
    undo(book, last(book))
    assert meaning(book, lab) == merged
    assert book.grade("ann", lab).overrides[0].points == 5
    undo(book, last(book))
    assert book.grade("ann", lab).overrides[0].points == 20
    undo(book, last(book))
    book.roster.split("5903")
    points = {each.student.id: [one.points for one in each.overrides] for each in book.grades(lab)}
    assert points == {"5903": [5], "ann": []}


def test_a_dry_run_says_the_same_and_changes_nothing(book, graded, lab):
    """Nor does the log grow."""
    book.override("ann", lab, "total", 10, reason="r")
    before = (meaning(book, lab), book.audit())
    with book.rehearsal() as there:
        tried = undo(there, last(book))
    assert (meaning(book, lab), book.audit()) == before
    assert undo(book, last(book)).told == tried.told


def test_what_can_not_be_taken_back_says_why(book, graded):
    """And what can be done; so does a number that is none."""
    book.runs.end(book.runs.begin())
    with pytest.raises(UsageError, match="grade again"):
        undo(book, last(book))
    with pytest.raises(UsageError, match="no entry 99; see 'shardlab audit'"):
        undo(book, 99)


def test_the_log_says_what_can_be_and_what_was_taken_back(book, graded, lab):
    """Each entry with the one that undid it, and is in force."""
    book.override("ann", lab, "total", 10, reason="r")
    number = last(book)

    def told():
        return {each.entry.id: (each.undoable, each.undone_by) for each in book.history.entries()}

    assert told()[number] == (True, 0)
    first = undo(book, number).entry
    assert told()[number] == (False, first)
    assert told()[first] == (True, 0)
    second = undo(book, first).entry
    assert (told()[number], told()[first]) == ((True, 0), (False, second))


def test_the_newest_of_a_person_is_what_they_did_last(book, graded, lab):
    """Not what others did, nor an undo, nor what was taken back: again and again goes back."""
    book.override("ann", lab, "total", 10, reason="r", author="carl")
    carls = last(book)
    book.add_students([Student("ben")])
    staffs = last(book)
    assert (book.history.newest_of("carl"), book.history.newest_of("staff")) == (carls, staffs)
    book.history.undo(carls, who="carl")
    with pytest.raises(UsageError, match="nothing of carl's"):
        book.history.newest_of("carl")


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("override"), st.sampled_from(["ann", "ben"]), st.integers(0, 60)),
        st.tuples(st.just("withdraw"), st.sampled_from(["ann", "ben"]), st.just(0)),
        st.tuples(st.just("extend"), st.sampled_from(["ann", "ben"]), st.integers(0, 23)),
        st.tuples(st.just("publish"), st.just(""), st.just(0)),
        st.tuples(st.just("merge"), st.just(""), st.just(0)),
        st.tuples(st.just("undo"), st.just(""), st.integers(0, 30)),
    ),
    max_size=10,
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(_STEPS)
def test_whatever_was_decided_the_way_back_leads_home(tmp_path_factory, lab, steps):
    """Entries undone in reverse give each state that was; a refused undo changes nothing."""
    path = tmp_path_factory.mktemp("book") / "book.sqlite3"
    with Gradebook.open(str(path), who="staff") as book:
        classroom = Class(book)
        for student in ("ann", "ben"):
            attempt = classroom.hand_in(student)
            classroom.pending()
            classroom.grade(attempt, 40, 0)
        states = list[tuple[int, object]]()
        for what, student, number in steps:
            before, length = meaning(book, lab), last(book)
            try:
                if what == "override":
                    book.override(student, lab, "total", number, reason="r", author="carl")
                elif what == "withdraw":
                    book.override(student, lab, "total", None, reason="no")
                elif what == "extend":
                    book.extend(student, lab, NOON.replace(hour=number), reason="ill")
                elif what == "publish":
                    book.publications.publish("adding", book.grades(lab))
                elif what == "merge":
                    book.roster.merge("ben", "ann")
                else:
                    book.history.undo(number, who="prof")
            except UsageError:
                assert (meaning(book, lab), last(book)) == (before, length)
                continue
            states.append((last(book), before))
        for entry, before in reversed(states):
            book.history.undo(entry, who="prof")
            assert meaning(book, lab) == before


# -- decisions about records that are merged and split again -------------------------------


def days(noon, *some):
    return [noon.replace(day=noon.day + each) for each in some]


def due(book, student, lab):
    found = book.grade(student, lab).extension
    return found and found.due


@pytest.fixture
def two(book):
    """Two records on the roster, which may be one person's."""
    book.roster.take([Student("ann"), Student("ghost")])


def test_a_split_gives_no_extension_away(book, two, lab, noon):
    """The one that was withdrawn while they were one stays so; the other's counts on."""
    first, second = days(noon, 1, 2)
    book.extend("ann", lab, first, reason="ill")
    book.extend("ghost", lab, second, reason="ill")
    book.roster.merge("ghost", "ann")
    book.withdraw_extension("ann", lab, reason="was well")
    assert due(book, "ann", lab) == first
    book.roster.split("ghost")
    assert (due(book, "ann", lab), due(book, "ghost", lab)) == (first, None)


def test_a_merge_brings_no_withdrawn_extension_back(book, two, lab, noon):
    """What was withdrawn for one record before the merge is not taken for the other's."""
    first, second = days(noon, 1, 2)
    book.extend("ann", lab, first, reason="ill")
    book.extend("ghost", lab, second, reason="ill")
    book.withdraw_extension("ann", lab, reason="was well")
    book.roster.merge("ghost", "ann")
    assert due(book, "ann", lab) == second
    book.withdraw_extension("ann", lab, reason="was well")
    assert due(book, "ann", lab) is None
    undo(book, last(book))
    assert due(book, "ann", lab) == second


def test_withdrawn_points_of_one_stay_withdrawn_in_a_split(book, two, classroom, lab):
    """Both records had some; undoing the withdrawal gives each its own again."""
    for student, points in (("ann", 10), ("ghost", 20)):
        attempt = classroom.hand_in(student)
        classroom.pending()
        classroom.grade(attempt, 0, 0)
        book.override(student, lab, "add", points, reason="by hand")
    joined = book.roster.merge("ghost", "ann")
    book.override("ann", lab, "add", None, reason="no")
    withdrawn = last(book)
    split = book.roster.split("ghost")
    assert [book.grade(each, lab).score for each in ("ann", "ghost")] == [0, 0]
    undo(book, split)
    undo(book, withdrawn)
    assert book.grade("ann", lab).score == 20
    undo(book, joined)
    assert [book.grade(each, lab).score for each in ("ann", "ghost")] == [10, 20]
