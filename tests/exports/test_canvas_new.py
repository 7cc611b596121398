"""A new gradebook for Canvas: what it would misread finds no place, and is named."""

import csv
import io

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exports.canvas_new import COLUMNS, new_gradebook
from grader.exports.cells import inert
from grader.exports.exported import entries


def cells(text):
    """The sheet as csv.reader has it."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_a_new_gradebook_has_canvas_columns(rows, make):
    """The five columns, the points in row 2 with its four spaces, scores by lab."""
    sheet = new_gradebook([make.lab], rows, {"adding": "Adding up (881)"})
    heading, possible, ann, bob = cells(sheet.content)
    assert heading == [*COLUMNS, "Adding up (881)"]
    assert possible == ["    Points Possible", "", "", "", "", "100"]
    assert ann == ["Ann Doe", "41", "", "ann", "g1", "100"]
    assert bob == ["Bob Doe", "42", "", "bob", "g1", "60"]
    assert len(sheet.notes) == 2


def test_a_new_gradebook_of_nobody_is_refused(make):
    """If nobody has a number, there is nothing to write; the two mends are named."""
    who = make.student(lms_id=" ")
    with pytest.raises(UsageError, match=r"lms_id.*ann.*--template"):
        new_gradebook([make.lab], entries([make.grade(who, make.result())]))


@pytest.mark.parametrize("number", ["", " ", "41x", "x", "4.1", "\u0664\u0661", "-41", "=41"])
def test_one_without_a_number_blocks_nobody(make, number):
    """Ann has none, or what Canvas would read as another's: named with her score, Bob is in."""
    ann, bob = make.student(lms_id=number), make.student("bob", lms_id="42")
    made = new_gradebook(
        [make.lab], entries([make.grade(each, make.result()) for each in (ann, bob)])
    )
    assert [line[:2] for line in cells(made.content)[2:]] == [["Bob Doe", "42"]]
    (told,) = made.unplaced
    assert told.startswith("ann, adding: 100 points, ")
    assert "--template" in told


@pytest.mark.parametrize("numbers", [("41", "41"), ("41", " 041")])
def test_two_with_one_number_block_nobody_else(make, numbers):
    """One of them would get the other's score: both are named, the third is in."""
    students = [make.student("cy", lms_id="43")]
    students += [make.student(who, lms_id=each) for who, each in zip("ab", numbers, strict=True)]
    made = new_gradebook(
        [make.lab], entries([make.grade(each, make.result()) for each in students])
    )
    assert [line[1] for line in cells(made.content)[2:]] == ["43"]
    assert len(made.unplaced) == 2
    assert all("a and b have the same lms_id" in each for each in made.unplaced)


def test_a_name_can_not_pass_for_the_row_of_points(make):
    """Canvas takes any line whose first cell says so for the one that sets the points."""
    who = make.student(name="Points Possible")
    text = new_gradebook([make.lab], entries([make.grade(who, make.result(0, 0))])).content
    assert sum("Points Possible" in line[0] for line in cells(text)) == 1


@given(name=st.text(st.characters(exclude_categories=()) | st.sampled_from("=+-@\"',;\r\n\t ")))
@settings(derandomize=True, deadline=None)
def test_hostile_names_are_cells(make, name):
    """Three lines, six columns, and no formula, whatever the name is."""
    rows = entries([make.grade(make.student(name=name), make.result())])
    lines = cells(new_gradebook([make.lab], rows).content)
    assert [len(each) for each in lines] == [6, 6, 6]
    assert not lines[2][0].strip().startswith(tuple("=+-@"))


def lab(make, slug, title):
    """A lab of that title."""
    return msgspec.structs.replace(make.lab, slug=slug, title=title)


def test_two_labs_of_one_title_are_no_one_column(make, sheets):
    """Canvas finds a column by its heading, the first one for both: named, the third is written.

    lib/gradebook_importer.rb, calc_assignment_indices: original_header_row.index(header_name).
    """
    labs = [lab(make, "a", "Lab"), lab(make, "b", "lab "), lab(make, "c", "Other")]
    rows = entries(
        [make.grade(None, make.result(), raw=i, lab=each.slug) for i, each in enumerate(labs)]
    )
    made = new_gradebook(labs, rows)
    assert sheets.canvas_reads(made.content) == {(41, "Other"): 2}
    assert "a: 'Lab' is the heading of b, too; name its own with --column a=TITLE" in made.unplaced
    assert "ann, b: 1 points, no column for b" in made.unplaced
    named = new_gradebook(labs, rows, {"a": "Lab (1)", "b": "Lab (2)"})
    assert sheets.canvas_reads(named.content) == {(41, 1): 0, (41, 2): 1, (41, "Other"): 2}


@pytest.mark.parametrize("title", ["ID", "Section", "Final Score", "The Current Points of Ann"])
def test_a_title_that_is_a_column_of_canvas_is_named(make, title):
    """Its scores would be taken from the other column, or skipped in silence."""
    labs = [lab(make, "a", title), lab(make, "b", "Lab")]
    rows = entries([make.grade(None, make.result(), lab=each.slug) for each in labs])
    made = new_gradebook(labs, rows)
    assert (made.written, cells(made.content)[0][5:]) == (1, ["Lab"])
    assert f"'{title}' as a column of its own" in made.unplaced[0]


def test_a_title_that_ends_with_a_number_is_told(make):
    """For Canvas that is the assignment's number, so a lab "Lab (2026)" would be another's."""
    rows = entries([make.grade(None, make.result(), lab="a")])
    (told,) = new_gradebook([lab(make, "a", "Lab (2026)")], rows).notes
    assert "takes '2026'" in told


def test_an_id_that_is_a_formula_is_never_changed(make):
    """Its cell stays empty, where another id would stand, and it is named; ID says who it is."""
    who = make.student("=cmd")
    made = new_gradebook([make.lab], entries([make.grade(who, make.result())]))
    assert cells(made.content)[2] == ["=Cmd Doe".replace("=", "'="), "41", "", "", "g1", "100"]
    assert [each for each in made.notes if each.startswith("=cmd")]


def test_three_hundred_names_come_back(make, crowd, sheets):
    """Everyone by number with the score, and by the name as a spreadsheet may hold it."""
    rows = entries([make.grade(who, make.result(), raw=i / 4) for i, who in enumerate(crowd)])
    made = new_gradebook([make.lab], rows)
    assert made.unplaced == ()
    assert sheets.canvas_reads(made.content) == {
        (int(who.lms_id), "Adding up"): i / 4 for i, who in enumerate(crowd)
    }
    shown = [line[0] for line in cells(made.content)[2:]]
    assert shown == [inert(who.name).replace("Points Poss", "Points-Poss") for who in crowd]
