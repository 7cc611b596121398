"""`shardlab export`: files that are whole, and nobody left out in silence."""

import csv
import hashlib
import json
import os
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.exports.formats import Export, Format, names
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.results import Finding, Result, RubricResult, Verdict
from grader.submissions import Submission

WHEN = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Adding up (881)
    Points Possible,,,,,100.00
"Doe, Ann",41,,,g1,
"Roe, Eve",900,,,g1,3
"""


def result(points):
    """A result with one item that is right, and one with so many points."""
    full = Verdict.PASSED if points == 60 else Verdict.FAILED
    rubric = (
        RubricResult("add", 40, 40, Verdict.PASSED),
        RubricResult("total", points, 60, full, Finding(text="each rank has only its part")),
    )
    return Result("a", "graded", 40 + points, 100, 1.0, rubric)


@pytest.fixture
def book(tmp_path):
    """Ann is right, Bob is not, Cy handed in and is not graded, Dee handed in nothing."""
    file = tmp_path / "book.sqlite3"
    with Gradebook.open(str(file), who="test") as book:
        book.add_students(
            [Student(name, f"{name.title()} Doe", f"{name}@x.example", "g1", str(41 + i))
             for i, name in enumerate(("ann", "bob", "cy", "dee"))]
        )  # fmt: skip
        for name, points in (("ann", 60), ("bob", 0), ("cy", None)):
            submission = Submission(name, {"adding.py": f"# {name}\n".encode()})
            attempt, _ = book.take_in("adding", [Arrival(submission, WHEN)])[0]
            if points is not None:
                key = hashlib.sha256(name.encode()).hexdigest()
                book.record(attempt, key, result(points),
                            suite="s", engine="e", isolation="full")  # fmt: skip
    return file


@pytest.fixture
def export(course, book):
    """`shardlab export … --db` of this gradebook."""

    def run(*arguments):
        command = ["--course", course.root, "export", *arguments, "--db", book]
        return CliRunner().invoke(main, [str(each) for each in command])

    return run


def test_a_folder_is_no_file(export, monkeypatch, tmp_path):
    """The folder one stands in has no name of its own to write beside; told in a line."""
    monkeypatch.chdir(tmp_path)
    ended = export("adding", ".", "--to", "csv")
    assert (ended.exit_code, ended.stderr.splitlines()[-1]) == (
        2,
        "Error: . is a folder; name a file",
    )


@pytest.mark.parametrize("form", ["csv", "canvas", "nbgrader", "junit"])
def test_each_format_is_written_and_the_rest_named(export, tmp_path, form):
    """Two scores in the file; Cy and Dee on standard error with their reasons."""
    target = tmp_path / "grades"
    ended = export("adding", target, "--to", form)
    assert ended.exit_code == 0, ended.output
    assert target.stat().st_size
    assert "2 scores of adding" in ended.stdout
    assert "cy, adding: not graded yet" in ended.stderr
    assert "dee, adding: nothing handed in" in ended.stderr
    assert max(map(len, ended.stderr.splitlines())) <= 80


def test_a_format_says_in_what_codec_its_text_is(export, tmp_path, monkeypatch):
    """Another system may ask for another than UTF-8; the mark of the byte order is the format's."""
    made = Export("\ufeffAda \u00c5", 0, encoding="utf-16-le")
    monkeypatch.setattr("grader.exports.csv.FORMAT", Format(lambda _: made))
    assert export("adding", tmp_path / "grades", "--to", "csv").exit_code == 0
    assert (tmp_path / "grades").read_bytes().decode("utf-16") == "Ada \u00c5"


def test_all_labs_without_a_name(export, tmp_path):
    """The lab may be left out: then it is all of them."""
    assert export(tmp_path / "grades.csv", "--to", "csv").exit_code == 0
    with (tmp_path / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {name: row["score"] for name, row in rows.items()} == {
        "ann": "100", "bob": "40", "cy": "", "dee": "",
    }  # fmt: skip
    assert rows["bob"]["adding/total"] == "0"


def test_junit_says_what_is_wrong(export, tmp_path):
    """Bob's lost item is a failure with its message."""
    export("adding", tmp_path / "g.xml", "--to", "junit")
    (failure,) = ET.parse(tmp_path / "g.xml").iter("failure")
    assert "each rank has only its part" in failure.text


def test_a_canvas_gradebook_is_filled_in(export, tmp_path):
    """Ann's score is in; Bob's has no line there, so the command ends with 1 and says so."""
    template, target = tmp_path / "canvas.csv", tmp_path / "out.csv"
    template.write_text(CANVAS)
    ended = export("adding", target, "--to", "canvas", "--template", template)
    assert ended.exit_code == 1
    assert "bob, adding: 40 points, no line is theirs" in ended.stderr
    assert '"Doe, Ann",41,,,g1,100\n"Roe, Eve",900,,,g1,3\n' in target.read_text()


def test_a_moodle_worksheet_is_filled_in(export, tmp_path):
    """By name and by address; everything else is as it was."""
    template, target = tmp_path / "moodle.csv", tmp_path / "out.csv"
    heading = 'Identifier,"Full name","Email address",Grade,"Last modified (grade)"\n'
    template.write_text(
        heading + '"Participant 42",Ann Doe,,,-\n"Participant 7",B,bob@x.example,,-\n'
    )
    ended = export("adding", target, "--to", "moodle", "--template", template)
    assert ended.exit_code == 0, ended.output
    assert (
        "Participant 42,Ann Doe,,100,-\nParticipant 7,B,bob@x.example,40,-\n" in target.read_text()
    )


def test_gradescope_is_a_folder_or_one_file(export, tmp_path):
    """A file for each who handed in; with --student just that one's."""
    folder, one = tmp_path / "gs", tmp_path / "results.json"
    assert export("adding", folder, "--to", "gradescope").exit_code == 0
    assert {each.name for each in folder.iterdir()} == {"ann.json", "bob.json", "cy.json"}
    assert export("adding", one, "--to", "gradescope", "--student", "bob").exit_code == 0
    assert json.loads(one.read_text()) == json.loads((folder / "bob.json").read_text())
    again = export("adding", folder, "--to", "gradescope")
    assert (again.exit_code, "is there already" in " ".join(again.stderr.split())) == (2, True)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".gs")]


def test_who_has_no_number_in_canvas_blocks_nobody(export, book, tmp_path):
    """Bob's is none: he is named with his score, all others are written, it ends with 1."""
    with Gradebook.open(str(book), who="test") as gradebook:
        gradebook.add_students([Student("bob", lms_id="41x")])
    ended = export("adding", tmp_path / "g.csv", "--to", "canvas")
    assert ended.exit_code == 1
    assert "1 score of adding" in ended.stdout
    assert "bob, adding: 40 points, bob: '41x' is no Canvas ID" in " ".join(ended.stderr.split())
    assert "Ann Doe,41,,ann,g1,100" in (tmp_path / "g.csv").read_text()


def test_a_lab_that_can_not_be_read_blocks_no_other(export, course, tmp_path):
    """Its error is told, the other lab's scores are written, and the command ends with 1."""
    settings = course.root / "course.toml"
    settings.write_text(settings.read_text().replace('["adding"]', '["adding", "broken"]'))
    folder = course.root / "assignments" / "broken"
    folder.mkdir()
    (folder / "assignment.toml").write_text("order = [")
    ended = export(tmp_path / "g.csv", "--to", "csv")
    assert (ended.exit_code, "2 scores of adding" in ended.stdout) == (1, True)
    assert "broken: no score of it is written" in ended.stderr
    assert "broken" in export("broken", tmp_path / "h.csv", "--to", "csv").stderr
    assert not (tmp_path / "h.csv").exists()


@pytest.mark.parametrize(
    ("form", "zero"),
    [
        ("csv", "dee,Dee Doe,g1,adding,,,missing,,,,,0,100"),
        ("canvas", "Dee Doe,44,,dee,g1,0"),
        ("nbgrader", "dee,Dee Doe,,dee@x.example,0.0,0.0,0.0,100.0"),
        ("junit", 'message="0 of 100 points"'),
        ("gradescope", '"score": 0,'),
    ],
)
def test_nothing_handed_in_is_a_zero_where_that_is_asked_for(export, tmp_path, form, zero):
    """Dee's alone, in every format with scores; Cy's, who is not graded, is none. It is said."""
    ended = export("adding", tmp_path / "g", "--to", form, "--missing-as", "0")
    assert ended.exit_code == 0, ended.output
    assert "3 scores of adding" in ended.stdout
    assert "1 zero among them, for work that was not handed in." in ended.stdout
    assert "dee" not in ended.stderr
    assert "cy, adding: not graded yet" in ended.stderr
    written = tmp_path / "g" / "dee.json" if form == "gradescope" else tmp_path / "g"
    assert written.read_text().count(zero) == 1


def test_a_void_attempt_is_no_zero(export, course, book, tmp_path):
    """Ann's only attempt does not count: she has no score, is no zero, and is told with the why."""
    void = ["--course", course.root, "attempt", "adding", "ann", "1", "--void", "--reason", "x"]
    ended = CliRunner().invoke(main, [str(each) for each in (*void, "--db", book)])
    assert ended.exit_code == 0, ended.output
    ended = export("adding", tmp_path / "g.csv", "--to", "csv", "--missing-as", "0")
    assert "ann, adding: what was handed in does not count" in ended.stderr
    assert "1 zero among them" in ended.stdout
    with (tmp_path / "g.csv").open(newline="") as file:
        scores = {row["student"]: row["score"] for row in csv.DictReader(file)}
    assert scores == {"ann": "", "bob": "40", "cy": "", "dee": "0"}


def test_a_zero_before_the_due_date_is_told(export, course, tmp_path):
    """It is written, since a person asked for it, and said to be early."""
    settings = course.root / "course.toml"
    settings.write_text(settings.read_text() + "\n[deadlines.adding]\ndue = 2999-01-01T00:00:00Z\n")
    ended = export("adding", tmp_path / "g.csv", "--to", "csv", "--missing-as", "0")
    assert "dee, adding: 0, though it is due at 2999-01-01 00:00 UTC only" in ended.stderr
    assert (ended.exit_code, "1 zero among them" in ended.stdout) == (0, True)


def test_zeros_go_into_a_sheet_of_the_others(export, tmp_path):
    """Into Moodle's; a zero that has no line there is named, and not counted."""
    template = tmp_path / "moodle.csv"
    heading = "Identifier,Email address,Grade,Maximum grade,Last modified (grade)\n"
    line = 'Participant 4,dee@x.example,,"100,00",-\n'
    for text, zeros, code in ((heading + line, "1 zero", 1), (heading, "0 zeros", 1)):
        template.write_text(text)
        ended = export("adding", tmp_path / "g.csv", "--to", "moodle", "--template", template,
                       "--missing-as", "0")  # fmt: skip
        assert (ended.exit_code, f"{zeros} among them" in ended.stdout) == (code, True)
    assert "dee, adding: 0 points, no line is theirs" in ended.stderr


def test_published_only(export, tmp_path):
    """Nothing was published: nothing goes out, and each is told."""
    ended = export(tmp_path / "g.csv", "--to", "csv", "--published")
    assert "0 scores" in ended.stdout
    assert ended.stderr.count("not published") == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["g.csv", "--to", "moodle"], "--template"),
        (["g.csv", "--to", "csv", "--template", os.devnull], "--template is for canvas"),
        (["g.csv", "--to", "junit", "--column", "adding=x"], "--column is for canvas"),
        (["g.csv", "--to", "canvas", "--column", "adding"], "expected LAB=TITLE"),
        (["g.csv", "--to", "canvas", "--column", "other=x"], "expected LAB=TITLE"),
        (["other", "g.csv", "--to", "csv"], "no lab 'other'"),
        (["g.csv", "--to", "csv", "--student", "zoe"], "no student 'zoe'"),
        (["a", "b", "c", "--to", "csv"], "[LAB] FILE"),
        (["nowhere/g.csv", "--to", "csv"], "can't be written"),
        (["g.csv"], "--to"),
    ],
)
def test_what_can_not_be_meant_is_one_line(export, tmp_path, monkeypatch, arguments, words):
    """Exit code 2, the mend in words, and no file."""
    monkeypatch.chdir(tmp_path)
    arguments = [each if each != os.devnull else str(tmp_path / "t.csv") for each in arguments]
    (tmp_path / "t.csv").write_text(CANVAS)
    ended = export(*arguments)
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert not (tmp_path / "g.csv").exists()


def test_every_format_is_offered():
    """Shardlab's own, in the order of --help."""
    assert names() == ["csv", "canvas", "moodle", "gradescope", "junit", "nbgrader"]
