"""`feedback --for canvas|moodle`: published feedback under the LMS's own names, the rest named."""

import hashlib
import zipfile
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.results import Result, RubricResult, Verdict
from grader.submissions import Submission

WHEN = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
CANVAS = {"ann": "doeann_41_90_adding.py", "bob": "doebob_LATE_42_91_adding-1.py",
          "cy": "doecy_43_92_adding.py"}  # fmt: skip
MOODLE = {who: f"{who.title()} Doe_{n}_assignsubmission_file/adding.py"
          for n, who in enumerate(CANVAS, 7)}  # fmt: skip
WORKSHEET = """\
Identifier,Full name,Email address,Grade,Maximum grade,Last modified (grade)
Participant 907,Ann Doe,ann@x.example,,100.00,-
Participant 908,Robert Doe,bob@x.example,,100.00,-
"""


@pytest.fixture
def shardlab(course):
    """`shardlab …` in this course."""

    def run(*arguments):
        return CliRunner().invoke(
            main, [str(each) for each in ("--course", course.root, *arguments)]
        )

    return run


@pytest.fixture
def collected(course, shardlab, tmp_path):
    """Collects a download of these names, grades all but Cy's and publishes that."""

    def collect(names, first=41):
        path = tmp_path / "download.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for who, name in names.items():
                archive.writestr(name, f"# {who}\n")
        with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
            book.add_students(
                [Student(each, f"{each.title()} Doe", f"{each}@x.example", lms_id=str(first + i))
                 for i, each in enumerate((*CANVAS, "dee"))]
            )  # fmt: skip
        ended = shardlab("collect", path, "--lab", "adding")
        assert ended.exit_code == 0, ended.output
        graded(course, shardlab)

    return collect


def graded(course, shardlab):
    """All but Cy's work has 100 points, which are published."""
    rubric = (
        RubricResult("add", 40, 40, Verdict.PASSED),
        RubricResult("total", 60, 60, Verdict.PASSED),
    )
    result = Result("a", "graded", 100, 100, 1.0, rubric)
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        for attempt in book.attempts("adding"):
            if attempt.student != "cy":
                key = hashlib.sha256(attempt.student.encode()).hexdigest()
                book.record(attempt, key, result, suite="s", engine="e", isolation="full")
    assert shardlab("publish", "adding").exit_code == 0


def members(path):
    """What a zip holds, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_to_canvas_under_the_names_of_its_download(shardlab, collected, tmp_path):
    """Ann's and Bob's, by the names that `collect` saw; Cy's is not published, and is named."""
    collected(CANVAS)
    ended = shardlab(
        "feedback", "adding", "--to", tmp_path / "f.zip", "--for", "canvas", "--no-pictures"
    )
    assert ended.exit_code == 0, ended.output
    made = members(tmp_path / "f.zip")
    assert list(made) == [CANVAS["ann"], CANVAS["bob"]]
    assert made[CANVAS["ann"]].startswith("# Ann Doe")
    assert "# 100 of 100 points" in made[CANVAS["ann"]]
    assert "cy: not published\ndee: nothing handed in\n" in ended.stderr
    assert "feedback for 2 students" in ended.stdout


def test_to_moodle_under_the_names_of_its_download(shardlab, collected, tmp_path):
    """A page each, beside the student's own file."""
    collected(MOODLE, first=7)
    ended = shardlab(
        "feedback", "adding", "--to", tmp_path / "f.zip", "--for", "moodle", "--no-pictures"
    )
    assert ended.exit_code == 0, ended.output
    made = members(tmp_path / "f.zip")
    assert list(made) == [
        "Ann Doe_7_assignsubmission_file/feedback.html",
        "Bob Doe_8_assignsubmission_file/feedback.html",
    ]
    shardlab("feedback", "adding", "--to", tmp_path / "pages", "--no-pictures")
    page = (tmp_path / "pages" / "adding" / "ann.html").read_text()
    assert made["Ann Doe_7_assignsubmission_file/feedback.html"] == page


def test_a_changed_score_does_not_go_out(shardlab, collected, tmp_path):
    """Nobody learns of a score from a page before it is published."""
    collected(CANVAS)
    shardlab("override", "ann", "adding", "add", "10", "--reason", "half")
    ended = shardlab(
        "feedback", "adding", "--to", tmp_path / "f.zip", "--for", "canvas", "--no-pictures"
    )
    assert "ann: the score has changed since it was published; publish again" in ended.stderr
    assert list(members(tmp_path / "f.zip")) == [CANVAS["bob"]]


def test_whoever_has_no_name_there_is_named(shardlab, collected, tmp_path):
    """By the inbox came no name of Moodle's: they are named, with the mend, and it ends with 1."""
    collected(CANVAS)
    asked = ("feedback", "adding", "--to", tmp_path / "f.zip", "--for", "moodle", "--no-pictures")
    ended = shardlab(*asked)
    assert ended.exit_code == 1
    assert "ann: no file of theirs is known from a download of Moodle's" in ended.stderr
    assert "--worksheet FILE.csv" in ended.stdout
    assert not (tmp_path / "f.zip").exists()
    (tmp_path / "w.csv").write_text(WORKSHEET)
    ended = shardlab(*asked, "--worksheet", tmp_path / "w.csv")
    assert ended.exit_code == 0, ended.output
    assert list(members(tmp_path / "f.zip")) == [
        "Ann Doe_907_assignsubmission_file_feedback.html",
        "Robert Doe_908_assignsubmission_file_feedback.html",
    ]


def test_a_download_says_the_names(course, shardlab, tmp_path):
    """Of the gradebook's files none has a name of Canvas's; the zip that is given has Ann's."""
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        book.add_students([Student("ann", lms_id="41"), Student("bob", lms_id="42")])
        work = [Submission(who, {"adding.py": who.encode()}) for who in ("ann", "bob")]
        book.take_in("adding", [Arrival(each, WHEN, "plain file") for each in work])
    graded(course, shardlab)
    asked = ("feedback", "adding", "--to", tmp_path / "f.zip", "--for", "canvas", "--no-pictures")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr(CANVAS["ann"], "x")
    ended = shardlab(*asked, "--download", tmp_path / "c.zip")
    assert (ended.exit_code, list(members(tmp_path / "f.zip"))) == (1, [CANVAS["ann"]])
    assert "bob: no file of theirs is known from a download of Canvas's" in ended.stderr
    assert "1 student left out" in ended.stdout


def test_a_group_has_one_page_on_canvas(shardlab, collected, tmp_path):
    """Dee shares in Bob's work: Canvas shows both what is attached to his file, without a name."""
    collected(CANVAS)
    shared = shardlab("attempt", "adding", "bob", "1", "--share-with", "dee", "--reason", "team")
    assert shared.exit_code == 0, shared.output
    assert shardlab("publish", "adding").exit_code == 0
    asked = ("feedback", "adding", "--to", tmp_path / "f.zip", "--for", "canvas", "--no-pictures")
    ended = shardlab(*asked)
    assert "feedback for 3 students" in ended.stdout
    page = members(tmp_path / "f.zip")[CANVAS["bob"]]
    assert "Bob" not in page
    assert "100 of 100 points" in page
    shardlab("override", "dee", "adding", "add", "10", "--reason", "was away")
    shardlab("publish", "adding", "--yes")
    ended = shardlab(*asked)
    assert list(members(tmp_path / "f.zip")) == [CANVAS["ann"]]
    assert "Canvas would show one page to bob, dee, and theirs differ" in ended.stderr


def test_only_who_is_named_gets_a_page(shardlab, collected, tmp_path):
    """With STUDENT one page, and no remark on others."""
    collected(CANVAS)
    ended = shardlab(
        "feedback", "adding", "bob", "--to", tmp_path / "f.zip", "--for", "canvas", "--no-pictures"
    )
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert list(members(tmp_path / "f.zip")) == [CANVAS["bob"]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--for", "moodle"], "needs a LAB, and --to FILE.zip"),
        (["adding", "--for", "canvas"], "needs a LAB, and --to FILE.zip"),
        (["adding", "--to", "f.zip", "--for", "canvas", "--worksheet", "w.csv"], "is for moodle"),
        (["adding", "--to", "f", "--download", "w.csv"], "need --for"),
        (["adding", "--to", "w.csv"], "is a file"),
        (["adding", "--to", "f.zip"], "is a file"),
        (["adding", "--to", "f.zip", "--for", "canvas", "--download", "w.csv"], "is no zip"),
        (["adding", "--to", "f.zip", "--for", "moodle", "--worksheet", "none"], "can't be read"),
        (["adding", "--to", "f.zip", "--for", "moodle", "--worksheet", "w.csv"], "no column Ident"),
    ],
)
def test_what_can_not_be_meant_is_told(
    shardlab, collected, tmp_path, monkeypatch, arguments, words
):
    """Exit code 2, the mend in words, and nothing written."""
    collected(CANVAS)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.csv").write_text("a,b\n")
    ended = shardlab("feedback", *arguments, "--no-pictures")
    assert (ended.exit_code, words in " ".join(ended.stderr.split())) == (2, True), ended.output
    assert not (tmp_path / "f.zip").exists()
