"""Canvas's gradebook, new and filled in: scores in the right cells, all else untouched."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exports.canvas import COLUMNS, fill_gradebook, new_gradebook
from grader.exports.entry import entries

DOWNLOADED = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Adding up (881),Essay (7),Final Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,100.00,10.00,(read only)
"Doe, Cy",43,,cy,Mon,=HYPERLINK("x"),55.00,9.00,90
"Doe, Bob",999,,bob,Mon,,12.00,,
"Doe, Ann",41,A-1,ann@school.example,Tue,,,8.00,
"Student, Test",900,,t,Mon,,,,
"Doe, Dee",44,,dee,Mon,,7.00,,
"""


def cells(text):
    """The sheet as csv.reader has it."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def filled(rows, make, text=DOWNLOADED, **columns):
    """The template, filled in."""
    return fill_gradebook(text.encode(), [make.lab], rows, columns)


def test_scores_are_found_by_id_and_sis_ids(rows, make):
    """Ann by number and address, Bob by login alone; the test student is named."""
    sheet = filled(rows, make)
    column = {line[0]: line[6] for line in cells(sheet.content)}
    assert (column["Doe, Ann"], column["Doe, Bob"]) == ("100", "60")
    assert sheet.written == 2
    assert any("Student, Test" in each and "not in the roster" in each for each in sheet.notes)


def test_no_score_leaves_canvas_as_it_was(rows, make):
    """An empty cell would take a score away; both are named with the reason."""
    sheet = filled(rows, make)
    column = {line[0]: line[6] for line in cells(sheet.content)}
    assert (column["Doe, Cy"], column["Doe, Dee"]) == ("55.00", "7.00")
    assert any(each.startswith("cy, adding: score withheld") for each in sheet.notes)
    assert any(each.startswith("dee, adding: nothing handed in") for each in sheet.notes)


def test_every_other_cell_is_untouched(rows, make):
    """Rows, their order, other columns, and formulas that are Canvas's own."""
    before, after = cells(DOWNLOADED), cells(filled(rows, make).content)
    changed = {
        (i, j)
        for i, line in enumerate(before)
        for j, each in enumerate(line)
        if after[i][j] != each
    }
    assert changed == {(4, 6), (5, 6)}
    assert len(before) == len(after)


@pytest.mark.parametrize(("bom", "delimiter", "newline"),
                         [("\ufeff", ",", "\r\n"), ("", ";", "\n"), ("", "\t", "\n")])  # fmt: skip
def test_it_is_written_as_it_was_read(rows, make, bom, delimiter, newline):
    """Canvas writes semicolons for some locales, and a mark that says UTF-8 when asked."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=newline).writerows(cells(DOWNLOADED))
    sheet = filled(rows, make, bom + file.getvalue())
    assert sheet.content.startswith(bom + "Student" + delimiter)
    assert sheet.content.count(newline) == len(cells(DOWNLOADED))
    back = csv.reader(io.StringIO(sheet.content, newline=""), delimiter=delimiter)
    assert list(back)[5][6] == "100"


def test_a_score_without_a_line_is_never_lost_in_silence(rows, make):
    """Ann is not in the file: her score is told as unplaced."""
    text = "".join(each for each in DOWNLOADED.splitlines(keepends=True) if "Ann" not in each)
    assert filled(rows, make, text).unplaced == ("ann, adding: 100 points, no line is theirs",)


def test_a_line_of_two_students_gets_nothing(rows, make):
    """ID says Ann, login says Bob: a wrong score is worse than none."""
    text = DOWNLOADED.replace('"Doe, Bob",999,,bob', '"Doe, Bob",41,,bob')
    sheet = filled(rows, make, text)
    assert cells(sheet.content)[4][6] == "12.00"
    assert any("could be ann and bob" in each for each in sheet.notes)


def test_two_lines_of_one_student_get_nothing(rows, make):
    """Which of them is the student's can't be known."""
    text = DOWNLOADED + '"Doe, Ann",41,,,Tue,,3.00,,\n'
    sheet = filled(rows, make, text)
    assert (cells(sheet.content)[5][6], cells(sheet.content)[8][6]) == ("", "3.00")
    assert sheet.unplaced
    assert any("lines 6, 9" in each for each in sheet.notes)


@pytest.mark.parametrize("word", ["EX", "ex", "N/A"])
def test_excused_stays_excused(rows, make, word):
    """What a person decided in Canvas is kept, and told."""
    sheet = filled(rows, make, DOWNLOADED.replace("Mon,,12.00", f"Mon,,{word}"))
    assert cells(sheet.content)[4][6] == word
    assert any(each.startswith(f"bob, adding: {word} kept") for each in sheet.notes)


@pytest.mark.parametrize("possible", ["10.00", "10,5", "(read only)"])
def test_other_points_possible_are_refused(rows, make, possible):
    """100 points in a column of 10 would be a wrong grade; the mend is named."""
    text = DOWNLOADED.replace("100.00,10.00", f'"{possible}",10.00')
    with pytest.raises(UsageError, match="set them to 100 in Canvas"):
        filled(rows, make, text)


def test_the_column_can_be_named(rows, make):
    """By title, with the id or without, where Canvas calls the lab something else."""
    text = DOWNLOADED.replace("Adding up (881)", "Homework 1 (881)")
    for given_name in ("Homework 1", "homework  1", "Homework 1 (881)"):
        assert filled(rows, make, text, adding=given_name).written == 2
    with pytest.raises(UsageError, match="--column adding=TITLE; it has: 'Homework 1"):
        filled(rows, make, text)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column Student"),
        (b"Student,Section\n", "no column ID"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"Student,ID,Section," + b'"x' * 100_000, "no CSV"),
    ],
)
def test_a_template_that_is_none_is_refused_with_the_way_to_get_one(rows, make, content, words):
    """One line that names what is wrong and where to download."""
    with pytest.raises(UsageError, match=words) as told:
        fill_gradebook(content, [make.lab], rows)
    assert "Export Entire Gradebook" in str(told.value)


def test_a_new_gradebook_has_canvas_columns(rows, make):
    """The five columns, the points in row 2 with its four spaces, scores by lab."""
    sheet = new_gradebook([make.lab], rows, {"adding": "Adding up (881)"})
    heading, possible, ann, bob = cells(sheet.content)
    assert heading == [*COLUMNS, "Adding up (881)"]
    assert possible == ["    Points Possible", "", "", "", "", "100"]
    assert ann == ["Ann Doe", "41", "", "ann", "g1", "100"]
    assert bob == ["Bob Doe", "42", "", "bob", "g1", "60"]
    assert len(sheet.notes) == 2


def test_a_new_gradebook_needs_everyones_id(make):
    """Without numbers Canvas would match by name; the two mends are named."""
    who = make.student(lms_id=" ")
    with pytest.raises(UsageError, match=r"lms_id.*ann.*--template"):
        new_gradebook([make.lab], entries([make.grade(who, make.result())]))


def test_two_students_with_one_id_are_refused(make):
    """One of them would get the other's score."""
    both = [make.grade(make.student(each), make.result()) for each in ("ann", "bob")]
    with pytest.raises(UsageError, match="ann and bob have the same lms_id"):
        new_gradebook([make.lab], entries(both))


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


CELL = st.text(st.characters(codec="utf-8") | st.sampled_from("=+-@\"',;\r\n\t"), max_size=8)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=4))
@settings(derandomize=True, deadline=None)
def test_any_cells_of_a_template_come_back(make, odd):
    """Names and notes of the template are Canvas's own: given back as they came."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
        [
            ["Student", "ID", "Section", "Adding up (1)", "Notes"],
            *([name, str(900 + i), "s", "", note] for i, (name, note) in enumerate(odd)),
        ]
    )
    rows = entries([make.missing(make.student())])
    text = fill_gradebook(file.getvalue().encode(), [make.lab], rows).content
    assert cells(text) == cells(file.getvalue())
