"""What students were told: publications, and taking them back one after the other."""

import pytest

from grader.errors import UsageError
from grader.gradebook.publishing import ToldChange, announcement


@pytest.fixture
def publish(book, lab, classroom):
    """Publishes these scores of students; gives the publication."""

    def done(**scores):
        for student, points in scores.items():
            attempt = classroom.hand_in(student, f"{student} {points}")
            classroom.grade(attempt, add=0, total=points)
        return book.publications.publish("adding", [_at(book, lab, each) for each in scores])

    return done


def _at(book, lab, student):
    return book.grade(student, lab)


def published(book, lab):
    """What each student was last told."""
    return {each.student.id: each.published for each in book.grades(lab)}


def withdraw(book, reason="a mistake"):
    """Takes the newest publication back; what that told."""
    found = book.publications.newest("adding")
    book.publications.withdraw("adding", found.publication, reason=reason)
    return found


def test_an_announcement_tells_who_is_told_something_else(book, lab, publish):
    """From what to what, and who is told less; nothing is recorded by asking."""
    publish(ann=10, ben=20)
    grades = [_replace(each, 5) for each in book.grades(lab)]
    told = announcement(grades)
    assert told.changes == (ToldChange("ann", 10, 5), ToldChange("ben", 20, 5))
    assert all(each.falls for each in told.changes)
    assert (told.published, told.changed) == (2, 2)
    assert published(book, lab) == {"ann": 10, "ben": 20}
    assert not announcement(book.grades(lab)).changes


def _replace(grade, raw):
    from msgspec.structs import replace

    return replace(grade, counts=replace(grade.counts, raw=raw))


def test_withdrawing_goes_back_one_publication_after_the_other(book, lab, publish):
    """Each time the one before counts again, and each student's change is told."""
    publish(ann=10)
    publish(ann=20, ben=30)
    assert published(book, lab) == {"ann": 20, "ben": 30}
    assert withdraw(book).changes == (ToldChange("ann", 20, 10), ToldChange("ben", 30, None))
    assert published(book, lab) == {"ann": 10, "ben": None}
    assert withdraw(book).changes == (ToldChange("ann", 10, None),)
    assert published(book, lab) == {"ann": None, "ben": None}
    with pytest.raises(UsageError, match="nothing to withdraw"):
        withdraw(book)
    publish(ann=40)
    assert published(book, lab)["ann"] == 40


def test_a_withdrawal_stands_in_the_log_with_its_reason(book, lab, publish):
    """Who published what is withdrawn, too."""
    publish(ann=10)
    withdraw(book, "the wrong lab")
    entry = book.audit()[-1]
    assert (entry.what, entry.subject) == ("withdraw publication", "adding")
    assert entry.detail == "that of staff, 1 grade changed: the wrong lab"


def test_only_the_one_that_was_looked_at_is_withdrawn(book, lab, publish):
    """Where someone publishes meanwhile, nothing is done."""
    publish(ann=10)
    looked_at = book.publications.newest("adding").publication
    publish(ann=20)
    with pytest.raises(UsageError, match="meanwhile"):
        book.publications.withdraw("adding", looked_at, reason="a mistake")
    with pytest.raises(UsageError, match="reason"):
        withdraw(book, " ")
    assert published(book, lab)["ann"] == 20


def test_one_labs_publications_are_not_anothers(book, lab, publish):
    """What is newest is so by lab."""
    publish(ann=10)
    book.publications.publish("other", [])
    assert withdraw(book).changes == (ToldChange("ann", 10, None),)
    assert book.publications.newest("other").changes == ()


def entry(book, what):
    """The number of the newest entry of the log of that kind."""
    return next(each.id for each in reversed(book.audit()) if each.what == what)


def test_a_withdrawal_is_undone_like_any_change(book, lab, publish):
    """Then students were told again what they were told; the publication itself is undone once."""
    publish(ann=10)
    publish(ann=20)
    withdraw(book)
    with pytest.raises(UsageError, match="taken back already"):
        book.history.undo(entry(book, "publish"), who="staff")
    book.history.undo(entry(book, "withdraw publication"), who="staff")
    assert published(book, lab) == {"ann": 20}
    assert withdraw(book).changes == (ToldChange("ann", 20, 10),)


def test_an_extension_that_was_withdrawn_can_be_given_back(book, lab, publish, noon):
    """By undoing the withdrawal; and so on, to and fro."""
    from datetime import timedelta

    from grader.course import Deadline

    def due():
        return book.grade("ann", lab, Deadline(noon)).due

    publish(ann=10)
    ends = [noon + timedelta(days=days) for days in (1, 2)]
    for end in ends:
        book.extend("ann", lab, end, reason="ill")
    book.withdraw_extension("ann", lab, reason="well again")
    assert due() == ends[0]
    book.history.undo(entry(book, "withdraw extension"), who="staff")
    assert due() == ends[1]
    book.history.undo(entry(book, "undo"), who="staff")
    assert due() == ends[0]
    book.withdraw_extension("ann", lab, reason="well again")
    assert due() == noon
