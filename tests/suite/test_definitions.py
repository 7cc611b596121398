"""What is told where a call meets no function, or one with other parameters."""

import pytest

from grader.results import Finding
from grader.suite.explain.definitions import with_definition
from grader.suite.explain.description import Call

CALL = Call("shard_rows", (1, 2), {})
MISSING = Finding(error="AttributeError: lab.py defines no function shard_rows")
OTHER = Finding(error="TypeError: shard_rows() takes 1 positional argument but 2 were given")
KNOWN = ("shard_rows", "shard_columns")


def told(finding, source):
    return with_definition(
        finding, CALL, ("w", "world_size"), KNOWN, "lab.py", source.encode("utf-8", "replace")
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\ndef shard_row(w): pass\n", "you have shard_row (line 2)"),
        ("async def shard_rowz(w): pass\n", "you have shard_rowz (line 1)"),
        ("shard_row = lambda w: w\n", "you have shard_row (line 1)"),
        ("def Shard_Rows(w): pass\n", "you have Shard_Rows (line 1)"),
        ("def shard_row(w): pass\ndef shards_rows(w): pass\n", "you have shards_rows (line 2)"),
    ],
)
def test_a_renamed_function_is_told_by_its_name(source, words):
    """The name most like the one that is missing, and its line."""
    finding = told(MISSING, source)
    assert finding.error == f"{MISSING.error}; {words}"
    assert finding.nudge == "Does a line of your file begin with 'def shard_rows('?"


@pytest.mark.parametrize(
    "source",
    ["", "def shard_columns(w): pass\n", "def cut(w): pass\n", "# def shard_row(w)\n", "shard_row"],
)
def test_no_other_function_is_taken_for_it(source):
    """Neither another of the hand-out's, nor one of another name, nor what defines nothing."""
    assert told(MISSING, source).error == MISSING.error


def test_a_function_out_of_reach_is_told_where_it_stands():
    """Under what it stands, rather than a name that is like it."""
    finding = told(MISSING, "def shard_row(w): pass\nif True:\n    def shard_rows(w): pass\n")
    assert "lab.py:3 defines it within what begins at lab.py:2" in finding.note
    assert finding.error == MISSING.error


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("def shard_rows(w): pass\n", "def shard_rows(w)"),
        ("def shard_rows(\n    w,  # it\n):\n    pass\n", "def shard_rows( w,  # it )"),
        ("def shard_rows(w=(1, 2), *, n) -> int:\n    pass\n", "def shard_rows(w=(1, 2), *, n)"),
        ("x = 1\n", ""),
    ],
)
def test_another_head_is_told_beside_the_hand_outs(source, own):
    """The student's own as their line, the hand-out's as a note."""
    finding = told(OTHER, source)
    assert finding.source == own
    assert finding.note == "the hand-out has shard_rows(w, world_size)"
    assert finding.nudge == "Which parameters does the hand-out give this function?"


@pytest.mark.parametrize(
    "finding",
    [
        Finding(error="TypeError: no", nudge="n"),
        Finding(error=OTHER.error, source="shard_rows(w)", nudge="n"),
        Finding(error="TypeError: helper() takes 1 positional argument but 2 were given"),
        Finding(expected="1", got="2"),
    ],
)
def test_other_findings_stay_as_they_are(finding):
    """What is no matter of a definition: a TypeError of a line of the student's own, too."""
    assert told(finding, "def shard_rows(w): pass\n") == finding
