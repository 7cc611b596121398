"""Gradescope's results.json: its fields and no others, and a file per student."""

import json
from pathlib import PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exports.exported import entries
from grader.exports.formats import ExportOrder
from grader.exports.gradescope import FORMAT, file_name, results, results_files

TOP = {"score", "execution_time", "output", "output_format", "test_output_format",
       "test_name_format", "visibility", "stdout_visibility", "extra_data", "tests",
       "leaderboard"}  # fmt: skip
TEST = {"score", "max_score", "status", "name", "name_format", "number", "output",
        "output_format", "tags", "visibility", "extra_data"}  # fmt: skip
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


@pytest.fixture
def documents(make, rows):
    """What each student's file holds."""
    return [json.loads(results(each, make.lab)) for each in rows]


def test_only_gradescopes_fields(documents):
    """Every key is one of the specification; values are of the kinds that it names."""
    for each in documents:
        assert set(each) <= TOP
        assert each["visibility"] in VISIBILITIES
        assert each["stdout_visibility"] in VISIBILITIES
        for test in each.get("tests", ()):
            assert set(test) == TEST
            assert test["status"] in {"passed", "failed"}
            assert test["visibility"] in VISIBILITIES
            assert 0 <= test["score"] <= test["max_score"]


def test_items_are_tests_with_their_message(documents):
    """Points that count, the reason of an override, and the message of what was lost."""
    ann, bob, *_ = documents
    assert (ann["score"], [each["status"] for each in ann["tests"]]) == (100.0, ["passed"] * 2)
    total = bob["tests"][1]
    assert (bob["score"], total["score"], total["status"]) == (60.0, 30.0, "failed")
    assert total["output"] == "30 of 60 points by hand: half is right\nslow"
    assert "70 points, less 10: 1 day late." in bob["output"]


def test_a_withheld_score_is_no_number(documents):
    """Neither score nor tests, so Gradescope shows a failed autograder, not a zero."""
    assert "score" not in documents[2]
    assert "tests" not in documents[2]
    assert "withheld" in documents[2]["output"]


def test_a_folder_has_a_file_for_each_who_handed_in(make, rows, class_of_four):
    """Nothing for the missing; nothing of what is not published."""
    assert set(results_files(rows, make.lab)[0]) == {"ann.json", "bob.json", "cy.json"}
    told, _ = results_files(entries(class_of_four, published=True), make.lab)
    assert set(told) == {"ann.json", "bob.json"}
    assert json.loads(told["bob.json"])["score"] == 65.0


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("./\\\0~%: "), max_size=30))
@settings(derandomize=True, deadline=None)
def test_no_id_leads_out_of_the_folder(student):
    """A name is one visible part of a path, or the id is refused."""
    try:
        name = file_name(student)
    except UsageError:
        return
    assert PurePath(name).parts == (name,)
    assert not name.startswith(".")
    assert name.isprintable()
    assert len(name.encode()) <= 255


@pytest.mark.parametrize("student", ["", "x" * 300])
def test_an_id_that_gives_no_name_is_refused(student):
    """With a line that says where to mend it."""
    with pytest.raises(UsageError, match="roster"):
        file_name(student)


def test_two_ids_that_differ_by_case_block_nobody_else(make):
    """On some file systems they would be one file: both are named, Bob's file is there."""
    rows = entries(
        [make.grade(make.student(each), make.result()) for each in ("Ann", "ann", "bob")]
    )
    made = FORMAT.make(ExportOrder((make.lab,), tuple(rows)))
    assert (set(made.content), made.written) == ({"bob.json"}, 1)
    assert made.unplaced == (
        "Ann, adding: 100 points, the file Ann.json would be another student's, too",
        "ann, adding: 100 points, the file ann.json would be another student's, too",
    )


def test_an_id_that_gives_no_name_blocks_nobody_else(make):
    """It is named with its score and the mend."""
    rows = entries([make.grade(make.student(each), make.result()) for each in ("x" * 300, "bob")])
    made = FORMAT.make(ExportOrder((make.lab,), tuple(rows)))
    assert (set(made.content), made.written) == ({"bob.json"}, 1)
    assert "change it in the roster" in made.unplaced[0]


def test_a_zero_for_nothing_is_told_as_that(make):
    """It has a score, no tests, and says that nothing was handed in."""
    rows = entries([make.missing(make.student())], missing_as=0)
    made = FORMAT.make(ExportOrder((make.lab,), tuple(rows)))
    document = json.loads(made.content["ann.json"])
    assert (document["score"], document["tests"], made.zeros) == (0.0, [], 1)
    assert "Nothing was handed in: 0 points." in document["output"]


def test_three_hundred_names_come_back(make, crowd):
    """A file each, with the score."""
    rows = entries([make.grade(who, make.result(), raw=i / 4) for i, who in enumerate(crowd)])
    files, problems = results_files(rows, make.lab)
    assert problems == {}
    read = {name.removesuffix(".json"): json.loads(each)["score"] for name, each in files.items()}
    assert read == {who.id: i / 4 for i, who in enumerate(crowd)}


def test_halves_of_pairs_are_still_json(make):
    """A message that no file can hold is written with what can be."""
    outcome = make.result(note="odd \ud800 note")
    (row,) = entries([make.grade(None, outcome)])
    assert "odd ? note" in json.loads(results(row, make.lab).encode("utf-8"))["output"]
