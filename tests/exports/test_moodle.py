"""Moodle's worksheet, filled in: only `Grade` changes."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exports.exported import entries
from grader.exports.moodle import fill_worksheet
from grader.intake.moodle_words import LANGUAGES

DOWNLOADED = """\
Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 42","Ann Doe",,,"Submitted for grading",,100.00,"Sunday, 22 November 2026",-,
"Participant 41","Bobby D.",bob,,"Submitted for grading",3.00,100.00,-,"Monday, 23 November 2026",=x
"Participant 78","Cy Doe",,CY@school.example,"Submitted for grading",50.00,100.00,-,-,
"Participant 79","Eve Roe",,,"No submission",,100.00,-,-,
"""


def cells(text):
    """The sheet as csv.reader has it."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_only_grades_change(rows, make):
    """Ann by name, Bob by ID number; `Last modified (grade)` and the rest stay."""
    sheet = fill_worksheet(DOWNLOADED.encode(), make.lab, rows)
    before, after = cells(DOWNLOADED), cells(sheet.content)
    changed = {
        (i, j): each
        for i, line in enumerate(after)
        for j, each in enumerate(line)
        if before[i][j] != each
    }
    assert changed == {(1, 5): "100", (2, 5): "60"}
    assert sheet.written == 2


def test_whoever_has_no_place_or_no_score_is_named(rows, make):
    """Cy is found by address but withheld, Dee is missing, Eve is not in the roster."""
    sheet = fill_worksheet(DOWNLOADED.encode(), make.lab, rows)
    assert cells(sheet.content)[3][5] == "50.00"
    told = "\n".join(sheet.notes)
    assert "cy, adding: score withheld" in told
    assert "dee, adding: nothing handed in" in told
    assert "line 5 (Eve Roe): not in the roster" in told
    assert told.startswith("line 5")
    assert "told by the full name alone: line 2 (Ann Doe) is ann" in told
    without_ann = DOWNLOADED.replace("Ann Doe", "Ann B. Doe")
    assert fill_worksheet(without_ann.encode(), make.lab, rows).unplaced == (
        "ann, adding: 100 points, no line is theirs",
    )


@pytest.mark.parametrize("heading", ["Maximum Grade", "Maximum grade"])
def test_another_maximum_is_refused(rows, make, heading):
    """Moodle would skip such grades without a word; in Moodle 5 the heading is `Maximum grade`."""
    text = DOWNLOADED.replace("100.00", '"10,00"').replace("Maximum Grade", heading)
    with pytest.raises(UsageError, match="set it to 100 in Moodle"):
        fill_worksheet(text.encode(), make.lab, rows)


@pytest.mark.parametrize("gone", ["Identifier", "Grade,", "Last modified (grade)"])
def test_a_file_that_is_no_worksheet_is_refused(rows, make, gone):
    """The missing column is named, and the way to download a worksheet."""
    text = DOWNLOADED.replace(gone, "Other" + gone.strip("IGL"), 1)
    with pytest.raises(UsageError, match=r"no column .*Download grading worksheet"):
        fill_worksheet(text.encode(), make.lab, rows)


def test_a_participant_is_nobodys_lms_id(make):
    """Moodle's number belongs to one assignment: here it is Bob's, and says nothing about Ann.

    moodle, public/mod/assign/locallib.php, get_uniqueid_for_user: a row of assign_user_mapping.
    """
    ann = make.student("ann", lms_id="41")
    rows = entries([make.grade(ann, make.result())])
    made = fill_worksheet(DOWNLOADED.replace("Ann Doe", "A. D.").encode(), make.lab, rows)
    assert cells(made.content) == cells(DOWNLOADED.replace("Ann Doe", "A. D."))
    assert made.unplaced == ("ann, adding: 100 points, no line is theirs",)


def sheets_of(sheets):
    """Any worksheet of Moodle's, with any settings."""
    flag = st.booleans()
    return st.builds(
        sheets.Worksheet,
        language=st.sampled_from(sorted(LANGUAGES)),
        identity=st.permutations(["email", "number", "username", "phone"]).flatmap(
            lambda some: st.integers(0, 4).map(lambda n: tuple(some[:n]))
        ),
        overrides=flag, team=flag, marker=flag, workflow=flag, online_text=flag, comments=flag,
        old=flag, bom=flag,
    )  # fmt: skip


@given(data=st.data())
@settings(derandomize=True, deadline=None, max_examples=200)
def test_whatever_moodle_writes_is_filled_in_and_read_back(make, crowd, sheets, data):
    """Every heading of its source in twenty languages; who is known by nothing but a name, too.

    moodle/moodle 5.1, public/mod/assign/gradingtable.php (at 0ade5ccf), and
    mod/assign/feedback/offline/importgradeslib.php (at 452e36fc); `Maximum Grade` up to 4.0.
    """
    sheet = data.draw(sheets_of(sheets))
    some = crowd[::29]
    written = sheets.moodle(some, sheet, {some[1].id: 12.5})
    rows = entries([make.grade(who, make.result(), raw=7.5 + i) for i, who in enumerate(some)])
    made = fill_worksheet(written.encode(), make.lab, rows)
    before, after = cells(written), cells(made.content)
    column = before[0].index(LANGUAGES[sheet.language].grade)
    assert sheets.moodle_reads(made.content, sheet) == {
        sheets.participant(who): 7.5 + i for i, who in enumerate(some)
    }
    assert after[1][column] == f"7{sheets.decimal(sheet)}5"
    assert made.content.startswith("\ufeff") == sheet.bom
    for line, filled in zip(before, after, strict=True):
        assert line[:column] + line[column + 1 :] == filled[:column] + filled[column + 1 :]
    assert any("tick 'Allow" in each for each in made.notes) == (sheet.language != "en")


def test_a_language_that_is_not_known_is_refused(rows, make):
    """With what is missing and how to get one that is."""
    text = DOWNLOADED.replace("Identifier", "Aitheantoir").replace("Grade,", "Grád,")
    with pytest.raises(UsageError, match=r"no column Identifier and none Grade; .* in English"):
        fill_worksheet(text.encode(), make.lab, rows)


def test_an_anonymous_worksheet_is_refused(rows, make, sheets):
    """Blind marking leaves the participant's number alone, which is in no roster."""
    students = [each.grade.student for each in rows]
    text = sheets.moodle(students, sheets.Worksheet(blind=True))
    with pytest.raises(UsageError, match="reveal identities"):
        fill_worksheet(text.encode(), make.lab, rows)


def test_a_scale_is_refused(rows, make, sheets):
    """Moodle would look for "100" among the words of the scale, and skip every line."""
    students = [each.grade.student for each in rows]
    text = sheets.moodle(students, sheets.Worksheet(scale=True))
    with pytest.raises(UsageError, match="on a scale"):
        fill_worksheet(text.encode(), make.lab, rows)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_locked_grade_is_named_and_blocks_nobody(rows, make, sheets, language):
    """Moodle skips one that can't be changed: it is named with the score, Bob is in."""
    sheet = sheets.Worksheet(language, locked=frozenset({"ann"}))
    students = [each.grade.student for each in rows]
    made = fill_worksheet(sheets.moodle(students, sheet).encode(), make.lab, rows)
    assert made.unplaced == ("ann, adding: 100 points, line 2 is locked: Moodle would skip it",)
    assert made.written == 1


def test_one_line_with_another_maximum_blocks_nobody(rows, make):
    """A line that somebody changed by hand is named, all others are filled in."""
    text = DOWNLOADED.replace(",3.00,100.00", ",3.00,10.00")
    made = fill_worksheet(text.encode(), make.lab, rows)
    assert (made.written, made.unplaced) == (
        1, ("bob, adding: 60 points, line 3 has the maximum 10",),
    )  # fmt: skip


def test_equal_names_are_nobodys_without_a_mail(make):
    """Two in the sheet, or two in the roster: neither gets a score by the name."""
    ann, twin = make.student("ann"), make.student("twin", name="Doe, Ann")
    text = DOWNLOADED + '"Participant 9","ANN  Doe",,,,,100.00,-,-,\n'
    alone = fill_worksheet(text.encode(), make.lab, entries([make.grade(ann, make.result())]))
    both = [make.grade(each, make.result()) for each in (ann, twin)]
    twins = fill_worksheet(DOWNLOADED.encode(), make.lab, entries(both))
    assert (alone.written, twins.written) == (0, 0)
    assert len(twins.unplaced) == 2


def test_a_name_that_another_has_by_mail_is_nobodys(make):
    """Ann's own line is known by her mail: a stranger of her name gets nothing of hers."""
    ann = make.student("ann")
    text = DOWNLOADED + '"Participant 9","A. D.",,ann@school.example,,,100.00,-,-,\n'
    made = fill_worksheet(text.encode(), make.lab, entries([make.grade(ann, make.result())]))
    assert [line[5] for line in cells(made.content)] == ["Grade", "", "3.00", "50.00", "", "100"]


def test_a_name_of_two_lines_is_nobodys_though_one_is_known(make):
    """Two people of the course are called Ann Doe, one of them Anna in the roster: which is Ann?"""
    students = [make.student("ann"), make.student("anna", name="Anna")]
    text = DOWNLOADED + '"Participant 9","Ann Doe",anna,,,,100.00,-,-,\n'
    rows = entries([make.grade(each, make.result()) for each in students])
    made = fill_worksheet(text.encode(), make.lab, rows)
    assert made.unplaced == ("ann, adding: 100 points, no line is theirs",)


def test_an_id_of_before_is_theirs_still(make):
    """Moodle's ID number is the student's first id, or that of a record merged into theirs."""
    for who in ({"first_id": "bob"}, {"aliases": ("x", "bob")}):
        student = make.student("robert", name="", email="", **who)
        made = fill_worksheet(
            DOWNLOADED.encode(), make.lab, entries([make.grade(student, make.result())])
        )
        assert cells(made.content)[2][5] == "100"


def test_a_suspended_participants_name_is_marked_up(make):
    """Moodle writes the mark into the sheet: it is no part of the name, and stays where it is."""
    marked = '<span class=""usersuspended"">Ann Doe</span> <img src=""x"" />'
    text = DOWNLOADED.replace("Ann Doe", marked)
    rows = entries([make.grade(make.student(), make.result())])
    made = fill_worksheet(text.encode(), make.lab, rows)
    assert (made.written, cells(made.content)[1][1]) == (1, marked.replace('""', '"'))


@pytest.mark.parametrize("name", ["Jose\u0301 Núñez", "JOSÉ  NÚÑEZ", "Núñez, José", "José Núñez"])
def test_a_name_is_the_same_however_it_is_written(make, name):
    """Accents in one or two characters, capitals, space, last name first with a comma."""
    who = make.student(name="José Núñez" if "," in name else "Núñez, José")
    text = DOWNLOADED.replace("Ann Doe", name)
    made = fill_worksheet(text.encode(), make.lab, entries([make.grade(who, make.result())]))
    assert made.written == 1


def test_a_mail_decides_before_a_name(make):
    """Another Ann Doe, whom the roster doesn't know, gets nothing of Ann's."""
    ann = make.student("ann")
    text = DOWNLOADED + '"Participant 9","Doe, Ann",,ANN@school.example,,,100.00,-,-,\n'
    made = fill_worksheet(text.encode(), make.lab, entries([make.grade(ann, make.result())]))
    assert [line[5] for line in cells(made.content)] == ["Grade", "", "3.00", "50.00", "", "100"]


@pytest.mark.parametrize("identity", [("email",), ("number",), ()])
def test_three_hundred_names_come_back(make, crowd, sheets, identity):
    """Everyone by mail or ID number; by names alone all but those whose name another has, too."""
    sheet = sheets.Worksheet(identity=identity)
    rows = entries([make.grade(who, make.result(), raw=i / 4) for i, who in enumerate(crowd)])
    made = fill_worksheet(sheets.moodle(crowd, sheet).encode(), make.lab, rows)
    read = sheets.moodle_reads(made.content, sheet)
    wanted = {sheets.participant(who): i / 4 for i, who in enumerate(crowd)}
    if not identity:
        twins = {"王伟", "Smith, John", "john smith"}
        wanted = {
            sheets.participant(who): i / 4 for i, who in enumerate(crowd) if who.name not in twins
        }
    assert read == wanted
    assert len(made.unplaced) == len(crowd) - len(wanted)
