"""Names and notes of students are inert in a spreadsheet, and still legible."""

import csv
import io
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.exports.cells import csv_text, inert, plain

steady = settings(derandomize=True, deadline=None, max_examples=300)
STARTS = "=+-@＝＋－＠﹦﹢﹣﹫"
AROUND = " \t\r\n\0\x1b\x85\u00a0\u200b\u202e\u2028\ufeff\"'`“‘;,|"
ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from(STARTS + AROUND), max_size=12)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n", '"', ' "', "\u200b", "\ufeff", "\0"])
def test_a_formula_becomes_text(start, before):
    """An apostrophe comes first, whatever the formula hides behind."""
    assert inert(f"{before}{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("name", ["Ann Doe", "O'Brien", "Jean-Luc", "a@b.example", "1 + 1", "",
                                  "(-1)", "'=1",
                                  "Łukasz", "نرگس‌خانم", "李小龍", "x = 1"])  # fmt: skip
def test_harmless_text_is_unchanged(name):
    """Hyphens, apostrophes and at signs inside of names stay; so do joiners and all scripts."""
    assert inert(name) == name


def test_a_formula_after_a_separator_is_text_too():
    """A spreadsheet whose locale separates by semicolons would split there."""
    assert inert("x;=1+1") == "x;'=1+1"
    assert inert("Doe, -Ann") == "Doe,' -Ann"


def test_numbers_stay_numbers():
    """A negative number is no formula; a text that looks like one is."""
    assert csv_text([[-5, 0.5, None, "-5"]]) == "-5,0.5,,'-5\r\n"


def test_control_characters_and_turned_text_are_gone():
    """What would ring a bell, break a line or read backwards is left out."""
    assert plain("a\x07\x1b[2Jb\u202ec\ud800\r\nd") == "a[2Jbc  d"


@given(st.lists(st.lists(ANY, min_size=2, max_size=4), max_size=4))
@example([["\r=1", '"\n-'], [";\u200b=1", "a,,-b"]])
@steady
def test_any_table_is_read_back_cell_by_cell(table):
    """csv.reader gives the cells as they were made inert; none starts a formula anywhere."""
    text = csv_text(table)
    text.encode("utf-8")
    back = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert back == [[inert(each) for each in row] for row in table]
    for each in (each for row in back for each in row):
        assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in each)
        for part in each.replace(",", ";").replace("|", ";").split(";"):
            bare = part.lstrip(' \u00a0\u200b\ufeff"`“‘')
            assert not bare.startswith(tuple(STARTS))


@given(ANY)
@steady
def test_inert_text_is_left_alone(text):
    """Doing it twice changes nothing more."""
    assert inert(inert(text)) == inert(text)
