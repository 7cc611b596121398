"""A roster of another system names students by what it has; here they keep their ids."""

import pytest

from grader.gradebook.joining import recognised
from grader.gradebook.people import People
from grader.gradebook.roster import Roster
from grader.gradebook.rows import Student

HERE = (
    Student("s001", "Ann Lee", "ann@x.example", lms_id="4701"),
    Student("s002", "Bob Day", "bob@x.example"),
    Student("s003", "Cy Poe"),
)


def people(*students):
    """A gradebook with these people."""
    return People({each.id: each for each in students}, {}, {each.id: each.id for each in students})


def ids(*roster, here=HERE, stand_in=True):
    """The ids under which the gradebook takes a roster."""
    lines = {each.id: number for number, each in enumerate(roster, 2)}
    found = recognised(people(*here), Roster(roster, (), (), lines, stand_in))
    assert sorted(found.lines.values()) == sorted(lines.values())
    return [each.id for each in found.students], found.told


def test_who_is_known_by_number_or_address_keeps_the_id_of_here():
    """By Canvas's number, by e-mail, or by an id that is the address; others are who they are."""
    roster = (
        Student("alee", "Lee, Ann", lms_id="4701"),
        Student("BOB@x.example", "Day, Bob", lms_id="4702"),
        Student("cpoe", "Poe, Cy", lms_id="4703"),
    )
    found, told = ids(*roster)
    assert found == ["s001", "s002", "cpoe"]
    assert told == ("2 known here by number or e-mail keep the ids that they have here.",)


@pytest.mark.parametrize(
    "roster",
    [
        (Student("x", lms_id="4701"), Student("y", email="ann@x.example")),  # two lines, one person
        (Student("s002", email="ann@x.example"),),  # an id that is somebody here means them
    ],
)
def test_nobody_is_guessed(roster):
    """Where two lines would mean one, or the id is somebody's already, the ids stay."""
    assert ids(*roster) == ([each.id for each in roster], ())


def test_an_address_of_two_means_nobody():
    """Then the line is a new student's, and the comparison says what is given twice."""
    twice = (Student("a", email="one@x.example"), Student("b", email="one@x.example"))
    assert ids(Student("c", email="one@x.example"), here=twice)[0] == ["c"]


def test_our_own_roster_is_taken_as_it_is():
    """Its ids are meant: another id with a number that is given already is a mistake to be told."""
    assert ids(Student("alee", lms_id="4701"), stand_in=False) == (["alee"], ())
