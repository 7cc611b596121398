"""What goes out of a grade: a score, or the reason for there being none."""

import msgspec

from grader.exports.exported import entries, without_score


def test_a_score_that_is_not_there_is_no_zero(rows):
    """Withheld and missing have no score and a reason each; the others have theirs."""
    assert [each.score for each in rows] == [100, 60, None, None]
    assert [each.status for each in rows] == ["graded", "graded", "withheld", "missing"]
    assert without_score(rows) == [
        "cy, adding: score withheld, a person must look at it",
        "dee, adding: nothing handed in",
    ]


def test_not_graded_yet_is_said(make):
    """An attempt without a result is neither missing nor withheld."""
    (row,) = entries([make.grade()])
    assert (row.score, row.status, row.reason) == (None, "ungraded", "not graded yet")


def test_items_have_the_points_that_count(rows):
    """An override stands in the place of the points that grading gave."""
    bob = rows[1]
    assert [(each.item, each.points, each.full) for each in bob.items] == [
        ("add", 40, True),
        ("total", 30, False),
    ]
    assert sum(each.points for each in bob.items) == bob.attempt.raw


def test_published_is_what_students_were_told(class_of_four):
    """The score is the published one, and the rest is named; nothing newer shines through."""
    ann, bob, cy, _ = entries(class_of_four, published=True)
    assert (ann.score, len(ann.items)) == (100, 2)
    assert (bob.score, bob.items, bob.attempt) == (65, (), None)
    assert (cy.score, cy.items, cy.reason) == (None, (), "not published")


def test_past_the_cut_off_is_refused_with_zero(make):
    """A refused attempt is worth 0 points, by the lab's rule, and says so."""
    (row,) = entries([make.grade(None, make.result(), refused=True)])
    assert (row.score, row.status) == (0, "refused")


def test_a_withheld_score_that_people_decided_on_goes_out(make):
    """With every item decided by hand there is a score, and it is no longer withheld."""
    grade = make.grade(None, make.withheld(), raw=90)
    (row,) = entries([grade])
    assert (row.score, row.status, without_score([row])) == (90, "graded", [])


def test_nothing_handed_in_can_be_a_zero(class_of_four):
    """Dee's alone; withheld, ungraded and scored grades are as they were."""
    plain, zeros = entries(class_of_four), entries(class_of_four, missing_as=0)
    assert [each.score for each in zeros] == [100, 60, None, 0]
    assert [each.filled for each in zeros] == [False, False, False, True]
    assert zeros[:3] == plain[:3]


def test_what_is_void_is_no_zero(class_of_four):
    """Dee handed in something that does not count: neither a zero nor missing, and told so."""
    *others, dee = entries(
        class_of_four, missing_as=0, handed_in={("dee", "adding"), ("cy", "adding")}
    )
    assert (dee.score, dee.filled, dee.reason) == (None, False, "what was handed in does not count")
    assert others == entries(class_of_four)[:3]
    assert entries(class_of_four, missing_as=0, handed_in={("dee", "other")})[3].score == 0


def test_an_ungraded_attempt_is_no_zero(make):
    """It was handed in, whatever became of it."""
    (row,) = entries([make.grade()], missing_as=0)
    assert (row.score, row.filled) == (None, False)


def test_what_was_published_stays_though_nothing_is_there_now(make):
    """Whoever was told 80 and has no attempt that counts any more is no zero."""
    gone = msgspec.structs.replace(make.missing(make.student()), published=80)
    (row,) = entries([gone], published=True, missing_as=0)
    assert (row.score, row.filled) == (80, False)
