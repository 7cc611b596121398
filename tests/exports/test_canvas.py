"""Canvas's gradebook, filled in: scores in the right cells, all else untouched."""

import csv
import io

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exports.canvas import fill_gradebook
from grader.exports.exported import entries

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


@pytest.fixture(scope="module")
def class_of_300(make, crowd):
    """Everyone's score in `adding`: 0 to 100, some with a half."""
    grades = [
        make.grade(who, make.result(), raw=(i * 7) % 101 + (i % 3 == 0) * 0.5)
        for i, who in enumerate(crowd)
    ]
    return entries(grades)


def courses(sheets):
    """Any course of Canvas's, with any settings."""
    flag = st.booleans()
    return st.builds(
        sheets.CanvasCourse,
        split=flag, sis=flag, integration=flag, trust=flag, weighted=flag, standard=flag,
        override=flag, posting=flag, semicolons=flag, bom=flag, totals=flag,
        language=st.sampled_from(["en", "de"]),
        period=st.sampled_from(["", "Fall 2026"]),
        groups=st.sampled_from([(), ("Labs",), ("Labs", "Adding up")]),
        notes=st.sampled_from([(), (("Notes", False),), (("Adding up", True), ("adding", False))]),
        assignments=st.permutations(
            [("Adding up", 881, 100.0), ("Essay (draft)", 7, 10.0), ("Adding up, again", 9, None)]
        ),
    )  # fmt: skip


@given(data=st.data())
@settings(derandomize=True, deadline=None, max_examples=150)
def test_whatever_canvas_writes_is_filled_in_and_read_back(make, crowd, sheets, data):
    """Every header that its exporter can write: one column changes, in it our scores alone.

    instructure/canvas-lms, master: lib/gradebook_exporter.rb (at 0140a2ef) and
    lib/gradebook_importer.rb (at 00b222d7). Names, Integration ID, Root Account, custom columns,
    posting, totals by group and period, grading scheme, override, the locale's separators.
    """
    course = data.draw(courses(sheets))
    some = crowd[::23]
    written = sheets.canvas(some, course, {(some[2].id, 881): "EX", (some[3].id, 881): 12.5})
    rows = entries([make.grade(who, make.result(), raw=7.5 + i) for i, who in enumerate(some)])
    made = fill_gradebook(written.encode(), [make.lab], rows)
    # Canvas takes a line that begins with these words for the one with the points
    taken = [who for who in some if "Points Possible" in who.name] + [some[2]]
    assert made.written == len(some) - len(set(taken))
    read = sheets.canvas_reads(made.content)
    before = sheets.canvas_reads(written.removeprefix("\ufeff"))
    assert read.keys() == before.keys()
    wanted = {(int(row.grade.student.lms_id), 881): row.score for row in rows}
    for key, value in read.items():
        assert value == (wanted[key] if key in wanted and before[key] != "EX" else before[key])
    if course.language == "de":
        assert "7,5" in made.content
        assert "7.5" not in made.content


def test_split_names_are_a_template_like_any_other(rows, make):
    """LastName and FirstName in place of Student; a line that is nobody's is named by both."""
    text = (
        "LastName,FirstName,ID,SIS Login ID,Section,Adding up (881)\n"
        "    Points Possible,,,,,100.00\nDoe,Ann,41,,g1,\nTest,Student,9,,g1,\n"
    )
    made = filled(rows, make, text)
    assert cells(made.content)[2] == ["Doe", "Ann", "41", "", "g1", "100"]
    assert "line 4 (Test, Student): not in the roster; left as it was" in made.notes


def test_a_template_lacks_one_of_two_names(rows, make):
    """LastName alone is no template of Canvas's."""
    with pytest.raises(UsageError, match="no column FirstName"):
        filled(rows, make, "LastName,ID,Section,Adding up (881)\n")


def test_split_names_go_back_without_a_byte_order_mark(rows, make, sheets):
    """Canvas writes one, and then refuses its own sheet: it looks for exactly `LastName`.

    lib/gradebook_importer.rb, update_column_count: row[0] == "LastName".
    """
    course = sheets.CanvasCourse(split=True, bom=True)
    text = sheets.canvas([each.grade.student for each in rows], course)
    with pytest.raises(sheets.RefusedByCanvasError):
        sheets.canvas_reads(text)
    assert sheets.canvas_reads(filled(rows, make, text).content)[41, 881] == 100


def test_a_lab_without_a_column_blocks_no_other(rows, make):
    """The other lab is filled in, each score of this one is named, and so is the mend."""
    other = msgspec.structs.replace(make.lab, slug="other", title="Other lab")
    more = entries([make.grade(make.student("ann"), make.result(), lab="other")])
    made = fill_gradebook(DOWNLOADED.encode(), [other, make.lab], [*more, *rows])
    assert made.written == 2
    assert made.unplaced[0].startswith("other: the template has no column for other")
    assert made.unplaced[1] == "ann, other: 100 points, no column for other"


def test_a_lab_with_other_points_blocks_no_other(rows, make):
    """The essay has 10 points in Canvas and 100 here: its scores are named, not written."""
    essay = msgspec.structs.replace(make.lab, slug="essay", title="Essay")
    more = entries([make.grade(make.student("ann"), make.result(), lab="essay")])
    made = fill_gradebook(DOWNLOADED.encode(), [make.lab, essay], [*rows, *more])
    assert (made.written, cells(made.content)[5][7]) == (2, "8.00")
    assert "set them to 100 in Canvas" in made.unplaced[0]


def test_two_labs_in_one_column_are_named(rows, make):
    """One's scores would be written over the other's."""
    other = msgspec.structs.replace(make.lab, slug="other")
    with pytest.raises(UsageError, match="is the column of adding and other"):
        fill_gradebook(DOWNLOADED.encode(), [make.lab, other], rows)


def test_a_custom_column_is_no_assignment(rows, make):
    """A note that is called like the lab stays: Canvas heads assignments with their number."""
    text = DOWNLOADED.replace("Notes", "Adding up")
    assert cells(filled(rows, make, text).content)[5][5:7] == ["", "100"]


def test_the_line_of_posting_is_no_student(rows, make):
    """Whatever language it speaks: it has neither a name nor an ID."""
    text = DOWNLOADED.replace("Manual Posting", "Manuelle Veröffentlichung")
    assert not any(each.startswith("line 2 ") for each in filled(rows, make, text).notes)


def test_thousands_are_no_decimals(rows, make):
    """Points are read as Canvas's importer reads them: the last mark is the decimal's."""
    lab = msgspec.structs.replace(make.lab, max_score=1000)
    text = DOWNLOADED.replace("100.00,10.00", '"1,000.00",10.00')
    assert fill_gradebook(text.encode(), [lab], rows).written == 2


def test_three_hundred_names_come_back(class_of_300, make, sheets):
    """Each score at its own student, whatever the name; only one that poses as the points is not.

    Canvas takes any line that begins with "Points Possible" for that of the points, so a student
    of that name can't be graded by a sheet at all: named, with their score.
    """
    students = [each.grade.student for each in class_of_300]
    made = fill_gradebook(sheets.canvas(students).encode(), [make.lab], class_of_300)
    lost = [each for each in class_of_300 if "Points Possible" in each.grade.student.name]
    read = sheets.canvas_reads(made.content)
    assert {key: value for key, value in read.items() if key[1] == 881} == {
        (int(each.grade.student.lms_id), 881): each.score
        for each in class_of_300
        if each not in lost
    }
    assert [each.split(",")[0] for each in made.unplaced] == [each.student for each in lost]
    assert cells(made.content)[2][0] == students[0].name
