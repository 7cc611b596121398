"""Grades as the gradebook tells them: results, decisions, lateness and publications together."""

import dataclasses
from datetime import timedelta

import msgspec
import pytest
import sqlalchemy as sa

from grader.course import Deadline
from grader.errors import UsageError
from grader.gradebook.attempts import Arrival
from grader.gradebook.grades import score_with
from grader.gradebook.rows import Override, Student
from grader.results import WITHHELD, Result
from grader.submissions import Submission

DAY = timedelta(days=1)


def test_everyone_has_a_grade(book, classroom, lab):
    """Those of the roster, and those who only handed in; each with their status."""
    book.add_students([Student("zoe", "Zoe", "zoe@x", "b", "17"), Student("Émil")])
    classroom.grade(classroom.hand_in("ann"))
    classroom.fault(classroom.hand_in("ben"))
    classroom.hand_in("cy")
    grades = book.grades(lab)
    assert [(each.student.id, each.status, each.score) for each in grades] == [
        ("ann", "graded", 100),
        ("ben", "withheld", None),
        ("cy", "ungraded", None),
        ("zoe", "missing", None),
        ("Émil", "missing", None),
    ]
    assert grades[3].student == Student("zoe", "Zoe", "zoe@x", "b", "17")
    assert {(each.lab, each.max_score, each.published) for each in grades} == {
        ("adding", 100, None)
    }


def test_lateness_and_extensions(book, classroom, lab, noon):
    """A day late costs ten points, unless the student has a later date."""
    deadline = Deadline(noon)
    for student in ("ann", "ben"):
        classroom.grade(classroom.hand_in(student, at=noon + DAY))
    book.extend("ben", lab, noon + 2 * DAY, reason="ill", author="carl")
    ann, ben = book.grades(lab, deadline)
    assert (ann.score, ann.counts.penalty, ann.counts.late_days, ann.due) == (90, 10, 1, noon)
    assert (ben.score, ben.counts.penalty, ben.due) == (100, 0, noon + 2 * DAY)
    assert (ben.extension.reason, ben.extension.author) == ("ill", "carl")
    assert [each.score for each in book.grades(lab)] == [100, 100]


def test_the_newest_extension_counts(book, classroom, lab, noon):
    """Also where it is the shorter one, and in another time zone."""
    classroom.hand_in("ann")
    for days in (5, 2):
        book.extend("ann", lab, noon + days * DAY, reason="ill")
    assert book.grade("ann", lab, Deadline(noon)).due == noon + 2 * DAY


def test_an_override_survives_a_regrade_and_new_attempts(book, classroom, lab):
    """It is shown beside the new score, and applies to every attempt that has a result."""
    first = classroom.hand_in("ann", "A")
    classroom.grade(first, 0, 0)
    book.override("ann", lab, "add", 30, reason="fp64 is valid", author="carl")
    grade = book.grade("ann", lab)
    assert (grade.score, grade.counts.result.score) == (30, 0)
    classroom.pending("suite 2")
    classroom.grade(first, 0, 60, suite="suite 2")
    grade = book.grade("ann", lab)
    assert (grade.score, grade.counts.result.score) == (90, 60)
    assert grade.counts.result.rubric[0].points == 0
    classroom.grade(classroom.hand_in("ann", "B"), 40, 60, suite="suite 2")
    classroom.hand_in("ann", "C")
    grade = book.grade("ann", lab)
    assert [each.raw for each in grade.attempts] == [90, 90, None]
    assert [(each.item, each.points, each.author) for each in grade.overrides] == [
        ("add", 30, "carl")
    ]


def test_the_newest_override_counts_until_it_is_withdrawn(book, classroom, lab):
    """And then grading does again; all of it stays on record."""
    classroom.grade(classroom.hand_in("ann"), 40, 0)
    book.override("ann", lab, "total", 10, reason="one")
    book.override("ann", lab, "total", 20, reason="two")
    book.override("ann", lab, "add", 0, reason="three")
    assert book.grade("ann", lab).score == 20
    assert [each.reason for each in book.grade("ann", lab).overrides] == ["three", "two"]
    book.override("ann", lab, "total", None, reason="a mistake")
    book.override("ann", lab, "add", None, reason="a mistake")
    assert (book.grade("ann", lab).score, book.grade("ann", lab).overrides) == (40, ())
    told = [(each.what, each.detail) for each in book.audit() if "override" in each.what]
    assert told == [
        ("override", "10 of 60: one"),
        ("override", "20 of 60: two"),
        ("override", "0 of 40: three"),
        ("withdraw override", "a mistake"),
        ("withdraw override", "a mistake"),
    ]


def test_what_is_withheld_needs_a_decision_on_every_item(book, classroom, lab):
    """One is not enough; with all of them it is a grade."""
    classroom.fault(classroom.hand_in("ann"))
    book.override("ann", lab, "add", 40, reason="by hand")
    assert (book.grade("ann", lab).status, book.grade("ann", lab).score) == ("withheld", None)
    book.override("ann", lab, "total", 50, reason="by hand")
    assert (book.grade("ann", lab).status, book.grade("ann", lab).score) == ("graded", 90)


def test_an_override_of_an_item_that_is_gone_is_told_and_can_be_withdrawn(book, classroom, lab):
    """Whoever renames an item is not left to wonder where somebody's points went."""
    classroom.grade(classroom.hand_in("ann"), 0, 60)
    book.override("ann", lab, "add", 40, reason="by hand")
    renamed = msgspec.structs.replace(lab.rubric[0], item="sum")
    assignment = msgspec.structs.replace(lab.assignment, rubric=(renamed, *lab.rubric[1:]))
    now = dataclasses.replace(lab, assignment=assignment)
    grade = book.grade("ann", now)
    assert (grade.score, grade.overrides) == (60, ())
    assert [(each.item, each.points) for each in grade.void] == [("add", 40)]
    book.override("ann", now, "add", None, reason="it is 'sum' now")
    assert book.grade("ann", now).void == ()
    with pytest.raises(UsageError, match="no item 'add'"):
        book.override("ann", now, "add", 40, reason="by hand")


def test_an_override_of_an_item_that_is_gone_changes_nothing(lab, classroom, noon):
    """Nor does one that is worth more than the item is now give more than that."""
    result = classroom.result(0, 60)
    gone = Override("gone", 30, "r", "a", noon)
    most = Override("add", 90, "r", "a", noon)
    assert score_with(result, [gone], lab) == 60
    assert score_with(result, [gone, most], lab) == 100
    assert score_with(classroom.result(0, 0), [most], lab) == 40
    withheld = Result("x", WITHHELD, None, 100, 0.0, ())
    assert score_with(withheld, [gone], lab) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("anna", "add", 1), ["'anna'", "ann"]),
        (("ann", "floats", 1), ["floats", "add, total"]),
        (("ann", "add", 41), ["0 to 40", "41"]),
        (("ann", "add", -1), ["0 to 40", "-1"]),
    ],
)
def test_an_override_that_can_not_be_meant(book, classroom, lab, arguments, words):
    """Unknown names are answered with those there are; points with their range."""
    classroom.hand_in("ann")
    student, item, points = arguments
    with pytest.raises(UsageError) as caught:
        book.override(student, lab, item, points, reason="because")
    assert all(word in str(caught.value) for word in words)
    assert not [each for each in book.audit() if each.what == "override"]


def test_a_decision_needs_a_reason(book, classroom, lab, noon):
    """White space is none."""
    classroom.hand_in("ann")
    with pytest.raises(UsageError, match="reason"):
        book.override("ann", lab, "add", 1, reason=" \n")
    with pytest.raises(UsageError, match="reason"):
        book.extend("ann", lab, noon, reason="")
    with pytest.raises(UsageError, match="no override of 'add'"):
        book.override("ann", lab, "add", None, reason="because")


def test_an_empty_gradebook_says_so(book, lab):
    """Rather than that one name is wrong."""
    with pytest.raises(UsageError, match="has none"):
        book.grade("ann", lab)


def test_what_was_published_stays_as_it_was_told(book, classroom, lab):
    """A later regrade shows beside it; those without a score are counted and left out."""
    ann = classroom.hand_in("ann")
    classroom.grade(ann, 40, 0)
    classroom.fault(classroom.hand_in("ben"))
    classroom.hand_in("cy")
    book.add_students([Student("dan")])
    done = book.publications.publish("adding", book.grades(lab), author="carl")
    assert (done.published, done.changed) == (1, 1)
    assert (done.withheld, done.ungraded, done.missing) == (1, 1, 1)
    classroom.grade(ann, 40, 60, suite="suite 2")
    grade = book.grade("ann", lab)
    assert (grade.score, grade.published) == (100, 40)
    classroom.grade(classroom.hand_in("cy"), 0, 0)
    done = book.publications.publish("adding", book.grades(lab))
    assert (done.published, done.changed) == (2, 2)
    assert [each.published for each in book.grades(lab)] == [100, None, 0, None]
    assert book.publications.publish("adding", book.grades(lab)).changed == 0


def test_who_was_told_something_once_was_told_it(book, classroom, lab):
    """A score that is withheld afterwards doesn't unsay what was published before."""
    ann = classroom.hand_in("ann")
    classroom.grade(ann, 40, 0)
    book.publications.publish("adding", book.grades(lab))
    classroom.pending("suite 2")
    classroom.fault(ann, "suite 2")
    done = book.publications.publish("adding", book.grades(lab))
    assert (done.published, done.changed, done.withheld) == (0, 0, 1)
    assert book.grade("ann", lab).published == 40


def test_every_change_is_in_the_log(book, classroom, lab, noon):
    """By whom, in the order it was made; reading leaves no trace."""
    book.add_students([Student("ann", "Ann")])
    ann = classroom.hand_in("ann")
    book.runs.end(book.runs.begin())
    book.again([ann.id], reason="r", author="carl")
    book.extend("ann", lab, noon, reason="ill", author="carl")
    book.publications.publish("adding", book.grades(lab), author="dora")
    book.pending("adding", classroom.key)
    assert [(each.who, each.what, each.subject) for each in book.audit()] == [
        ("staff", "roster", "ann"),
        ("staff", "take in", "ann adding"),
        ("staff", "begin run", "1"),
        ("staff", "end run", "1"),
        ("carl", "regrade", "submissions: 1"),
        ("carl", "extend", "ann adding"),
        ("dora", "publish", "adding"),
    ]
    assert book.audit()[5].detail == "until 2026-12-01 12:00 UTC: ill"


def test_a_roster_fills_in_and_never_blanks(book, classroom):
    """What it leaves empty stays; the same again changes nothing."""
    classroom.hand_in("ann")
    roster = [Student("ann", "Ann", group="a"), Student("ben", "Ben")]
    assert book.add_students(roster) == (1, 1)
    assert book.add_students(roster) == (0, 0)
    assert book.add_students([Student("ann", email="ann@x")]) == (0, 1)
    assert book.students() == [Student("ann", "Ann", "ann@x", "a"), Student("ben", "Ben")]


def test_a_class_is_told_in_few_queries(book, classroom, lab, noon):
    """100 students, each with two attempts, in a number of queries that does not grow."""
    arrivals = [
        Arrival(Submission(f"s{n:04}", {"adding.py": b"%d %d" % (n, turn)}), noon)
        for n in range(100)
        for turn in range(2)
    ]
    for attempt, _ in book.take_in("adding", arrivals):
        classroom.grade(attempt, 40, 0 if attempt.number == 1 else 60)
    classroom.pending()
    asked = []
    sa.event.listen(
        book._database._engine, "before_cursor_execute", lambda *event: asked.append(event[2])
    )
    grades = book.grades(lab)
    assert [len(grades), grades[-1].score, grades[-1].counts.attempt.number] == [100, 100, 2]
    assert len(asked) <= 15
