"""What was taken back comes again only where the roster is still right with it.

Each step alone was right at its time; another came between that took the same id, or the other way.
"""

import pytest

from grader.errors import UsageError
from grader.gradebook.rows import Student


def enrol(book, *students):
    book.roster.take([Student(each) if isinstance(each, str) else each for each in students])
    return book.audit()[-1].id


def undo(book, number):
    book.history.undo(number, who="prof")
    return book.audit()[-1].id


def merged_into_each_other(book):
    enrol(book, "a", "b")
    taken_back = undo(book, book.roster.merge("a", "b"))
    book.roster.merge("b", "a")
    return taken_back


def split_and_merged_the_other_way(book):
    enrol(book, "a", "b")
    book.roster.merge("a", "b")
    split = book.roster.split("a")
    book.roster.merge("b", "a")
    return split


def in_a_circle_of_three(book):
    enrol(book, "a", "b", "c")
    taken_back = undo(book, book.roster.merge("a", "b"))
    book.roster.merge("b", "c")
    book.roster.merge("c", "a")
    return taken_back


def called_as_another_is_now(book):
    enrol(book, "ann", "bob")
    taken_back = undo(book, book.roster.rename("ann", "x"))
    book.roster.rename("bob", "x")
    return taken_back


def called_as_somebody_new(book):
    enrol(book, "ann")
    taken_back = undo(book, book.roster.rename("ann", "x"))
    enrol(book, "x")
    return taken_back


def an_id_that_was_left_and_given_away(book):
    enrol(book, "ann")
    book.roster.rename("ann", "x")
    book.roster.rename("x", "y")
    back = book.roster.rename("y", "x")
    enrol(book, "y")
    return back


def one_number_for_two(book):
    enrol(book, Student("a", lms_id="7"), "b")
    other = enrol(book, Student("a", lms_id="8"))
    enrol(book, Student("b", lms_id="7"))
    return other


def one_address_for_two(book):
    enrol(book, Student("a", email="a@b.edu"), "b")
    other = enrol(book, Student("a", email="c@b.edu"))
    enrol(book, Student("b", email="A@b.edu"))
    return other


def alike_but_for_case(book):
    taken_back = undo(book, enrol(book, "ann"))
    enrol(book, "Ann")
    return taken_back


def gone_whom_another_went_into(book):
    enrol(book, "a")
    joined = enrol(book, "b")
    book.roster.merge("a", "b")
    return joined


CLASHES = (
    merged_into_each_other,
    split_and_merged_the_other_way,
    in_a_circle_of_three,
    called_as_another_is_now,
    called_as_somebody_new,
    an_id_that_was_left_and_given_away,
    one_number_for_two,
    one_address_for_two,
    alike_but_for_case,
    gone_whom_another_went_into,
)


@pytest.mark.parametrize("clash", CLASHES, ids=lambda each: each.__name__)
def test_an_undo_that_would_clash_is_refused(book, lab, clash):
    """With what clashes; nothing is changed, and the gradebook can be read on."""
    number = clash(book)
    before = book.roster.entries(), len(book.audit()), book.grades(lab)
    with pytest.raises(UsageError, match=f"entry {number} can't be undone as the roster is now"):
        undo(book, number)
    assert (book.roster.entries(), len(book.audit()), book.grades(lab)) == before


def test_what_clashed_before_stops_nobody(book, raw):
    """An undo is refused for what it would do itself, not for what was wrong already."""
    enrol(book, Student("a", lms_id="7"), "b", "c")
    raw("UPDATE students SET lms_id = '7' WHERE id = 'b'")
    undo(book, book.roster.rename("c", "d"))
    assert [each.id for each in book.students()] == ["a", "b", "c"]
