"""Moodle's worksheet, filled in: only `Grade` changes."""

import csv
import io

import pytest

from grader.errors import UsageError
from grader.exports.moodle import fill_worksheet

DOWNLOADED = """\
Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 41","Ann Doe",,,"Submitted for grading",,100.00,"Sunday, 22 November 2026",-,
"Participant 77","Bob Doe",bob,,"Submitted for grading",3.00,100.00,-,"Monday, 23 November 2026",=x
"Participant 78","Cy Doe",,CY@school.example,"Submitted for grading",50.00,100.00,-,-,
"Participant 79","Eve Roe",,,"No submission",,100.00,-,-,
"""


def cells(text):
    """The sheet as csv.reader has it."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_only_grades_change(rows, make):
    """Ann by participant, Bob by ID number; `Last modified (grade)` and the rest stay."""
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
    without_ann = DOWNLOADED.replace("Participant 41", "Participant 5")
    assert fill_worksheet(without_ann.encode(), make.lab, rows).unplaced == (
        "ann, adding: 100 points, no line is theirs",
    )


def test_another_maximum_is_refused(rows, make):
    """Moodle would skip such grades without a word."""
    text = DOWNLOADED.replace("100.00", '"10,00"')
    with pytest.raises(UsageError, match="set it to 100 in Moodle"):
        fill_worksheet(text.encode(), make.lab, rows)


@pytest.mark.parametrize("gone", ["Identifier", "Grade,", "Last modified (grade)"])
def test_a_file_that_is_no_worksheet_is_refused(rows, make, gone):
    """The missing column is named, and the way to download a worksheet."""
    text = DOWNLOADED.replace(gone, "Other" + gone.strip("IGL"), 1)
    with pytest.raises(UsageError, match=r"no column .*Download grading worksheet"):
        fill_worksheet(text.encode(), make.lab, rows)
