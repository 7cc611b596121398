"""Points with two places: read, kept, summed and shown exactly, in both databases."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Deadline
from grader.errors import UsageError
from grader.gradebook.grades import score_with
from grader.gradebook.points import (
    checked,
    exact,
    in_two,
    of_two,
    plain_number,
    points_from,
    rounded,
    total,
)
from grader.gradebook.rows import GradedAttempt, Override

hundredths = st.integers(0, 10_000)


def points(count):
    """So many hundredths of a point, as the gradebook tells them."""
    return of_two(count // 100, count % 100)


@given(st.lists(hundredths, max_size=20))
def test_any_sum_is_exact(parts):
    """As fractions add up, to the last digit that is shown; an int where it is whole."""
    shown = str(total(map(points, parts)))
    assert Fraction(shown) == Fraction(sum(parts), 100)
    assert "." not in shown or not shown.endswith("0")
    assert "E" not in shown


@given(hundredths)
def test_points_come_back_as_they_were(count):
    """From text, from the two columns, from JSON and from a binary fraction of the same digits."""
    number = points(count)
    assert in_two(number) == (count // 100, count % 100)
    for again in (points_from(str(number)), checked(float(number)), rounded(float(number))):
        assert (again, type(again)) == (number, type(number))
    assert Fraction(json.dumps(plain_number(number))) == Fraction(count, 100)


@given(st.lists(hundredths, min_size=2, max_size=2), st.integers(0, 100))
def test_a_score_with_decisions_and_a_penalty_is_exact(parts, penalty):
    """Overrides of both items, less what lateness costs, never below 0."""
    add, most = min(parts[0], 4000), min(parts[1], 6000)
    raw = total([points(add), points(most)])
    score = GradedAttempt(None, None, raw, penalty).score
    assert Fraction(str(score)) == max(0, Fraction(add + most, 100) - penalty)


@pytest.mark.parametrize("text", ["8", "8.0", "8.00", " 8 ", "0.8e1", "800e-2"])
def test_whole_points_are_whole(text):
    """8 however it was written, never 8.0."""
    assert (str(points_from(text)), type(points_from(text))) == ("8", int)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7.125", "two places"),
        ("7,5", "write 7.5"),
        ("nan", "no number"),
        ("inf", "no number"),
        ("sNaN", "no number"),
        ("1e999999999", "no number"),
        ("1e-999999999", "two places"),
        ("", "no number"),
        ("seven", "no number"),
    ],
)
def test_what_is_no_number_of_points(text, words):
    """Each is one clear line, however odd, and at once."""
    with pytest.raises(UsageError, match=words):
        points_from(text)


def test_binary_noise_is_refused():
    """0.1 + 0.2 is not 0.3 in a computer; whoever hands that on has to round it himself."""
    with pytest.raises(UsageError, match="two places"):
        checked(0.1 + 0.2)
    assert str(rounded(0.1 + 0.2)) == "0.3"
    assert str(rounded(2.675)) == "2.68"  # the digits that were written, not their binary shadow


def test_overrides_and_publications_keep_them(book, classroom, lab):
    """What staff decide, what it comes to and what students are told, read again."""
    classroom.grade(classroom.hand_in("ann"), 0, 60)
    book.override("ann", lab, "add", Decimal("7.50"), reason="half of it")
    grade = book.grade("ann", lab)
    assert (str(grade.overrides[0].points), str(grade.score)) == ("7.5", "67.5")
    book.publications.publish("adding", [grade])
    assert str(book.grade("ann", lab).published) == "67.5"
    assert book.publications.publish("adding", [book.grade("ann", lab)]).changed == 0
    book.override("ann", lab, "add", Decimal("8.00"), reason="more of it")
    assert str(book.grade("ann", lab).score) == "68"
    told = [each.detail for each in book.audit() if each.what == "override"]
    assert told == ["7.5 of 40: half of it", "8 of 40: more of it"]


def test_lateness_takes_whole_points_from_parts(book, classroom, lab, noon):
    """57.25 and a day late at 10 a day: 47.25."""
    classroom.grade(classroom.hand_in("ann", at=noon), 40, 60)
    book.override("ann", lab, "total", Decimal("17.25"), reason="part of it")
    deadline = Deadline(noon.replace(hour=11))
    assert str(book.grade("ann", lab, deadline).score) == "47.25"


@pytest.mark.parametrize("wrong", [Decimal("40.01"), Decimal("-0.01"), Decimal("NaN"), 7.125])
def test_points_that_an_item_can_not_have(book, classroom, lab, wrong):
    """Above its own, below none, no number, too fine: refused, and nothing is kept."""
    classroom.hand_in("ann")
    with pytest.raises(UsageError):
        book.override("ann", lab, "add", wrong, reason="because")
    assert book.grade("ann", lab).overrides == ()


def test_an_items_present_points_bound_an_override_exactly(classroom, lab, noon):
    """Where the item is worth less by now, the override gives that much."""
    more = Override("add", Decimal("40.25"), "r", "a", noon)
    assert str(score_with(classroom.result(0, 0), [more], lab)) == "40"
    assert str(exact(Decimal("40.0"))) == "40"


def test_what_a_later_attempt_would_earn_is_told_beside_an_override(book, classroom, lab):
    """Only of an attempt that came later, and only where it is more."""
    first = classroom.hand_in("ann", "A")
    classroom.grade(first, 40, 0)
    book.override("ann", lab, "add", Decimal("7.5"), reason="copied from the board")
    grade = book.grade("ann", lab)
    assert grade.outdone(grade.overrides[0]) is None, "decided on this very attempt"
    second = classroom.hand_in("ann", "B")
    grade = book.grade("ann", lab)
    assert grade.outdone(grade.overrides[0]) is None, "not graded yet"
    classroom.grade(second, 40, 60)
    grade = book.grade("ann", lab)
    assert grade.outdone(grade.overrides[0]) == 40
    classroom.grade(classroom.hand_in("ann", "C"), 0, 60)
    grade = book.grade("ann", lab)
    assert grade.outdone(grade.overrides[0]) is None, "the newest earns less"
