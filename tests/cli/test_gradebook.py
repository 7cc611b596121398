"""The commands on the gradebook, as an instructor types them."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.engine import ENGINE
from grader.gradebook.attempts import Arrival
from grader.gradebook.store import Gradebook
from grader.results import GRADED, WITHHELD, Result, RubricResult, Verdict
from grader.submissions import Submission

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
DEADLINE = "[deadlines.adding]\ndue = 2026-12-01T23:59:00Z\n"


@pytest.fixture
def run(course, monkeypatch):
    """Types a command at the course; gives its exit code and what it says."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    with (course.root / "course.toml").open("a") as file:
        file.write(DEADLINE)

    def invoke(*words, code=0):
        result = CliRunner().invoke(main, [str(each) for each in ("--course", course.root, *words)])
        assert result.exit_code == code, result.output
        if result.exception is not None:
            assert isinstance(result.exception, SystemExit), result.exception
        for line in result.output.splitlines():
            assert line.isprintable()
            assert code or len(line) <= 80, line
        return result.output

    return invoke


@pytest.fixture
def book(course):
    """The course's own gradebook: ann has 40 of 100, ben's score is withheld, cy waits."""
    with Gradebook.open(str(course.root / "gradebook.sqlite3"), who="staff") as book:
        for student in ("ann", "ben", "cy"):
            work = Submission(student, {"adding.py": student.encode()})
            attempt, _ = book.take_in("adding", [Arrival(work, DUE)])[0]
            rubric = (
                RubricResult("add", 40, 40, Verdict.PASSED),
                RubricResult("total", 0, 60, Verdict.FAILED),
            )
            results = {
                "ann": Result("x", GRADED, 40, 100, 0.1, rubric),
                "ben": Result("x", WITHHELD, None, 100, 0.1, (), "a fault\x1b[31m of ours"),
            }
            if student in results:
                facts = {"engine": ENGINE, "isolation": "full"}
                suite = course.lab("adding").suite_digest
                book.record(attempt, student[0] * 64, results[student], suite=suite, **facts)
        yield book


def test_the_table_says_what_made_each_grade(run, book):
    """Score, which attempt counts, and the remarks, on a line each."""
    run("override", "ann", "adding", "total", "10", "--reason", "valid", "--as", "carl")
    lines = run("grades", "adding").splitlines()
    assert lines[0] == "Due 2026-12-01 23:59 UTC; the best attempt counts."
    assert lines[1] == "Times are UTC, and so are days: course.toml has no timezone."
    assert lines[3].split()[:5] == ["ann", "50/100", "1", "of", "1"]
    assert "total set to 10 by carl" in lines[3]
    assert "withheld" in lines[4]
    assert "GRADER FAULT: a fault" in lines[4]
    assert lines[5].split() == ["of", "ours"], "a long remark is folded, not cut"
    assert "ungraded" in lines[6]
    assert lines[7] == "1 graded, 1 ungraded, 1 withheld"


def test_json_holds_the_same(run, book, tmp_path):
    """For programs."""
    run("grades", "adding", "--json", tmp_path / "grades.json")
    data = json.loads((tmp_path / "grades.json").read_text())
    ann, ben, _ = data["grades"]
    assert (data["lab"], ann["student"]["id"], ann["score"], ann["status"]) == (
        "adding", "ann", 40, "graded",
    )  # fmt: skip
    assert (ben["score"], ben["status"]) == (None, "withheld")


def test_points_for_an_item_that_was_renamed_are_told_as_void(run, book, course):
    """In the student's line and in the JSON; they don't count."""
    run("override", "ann", "adding", "add", "10", "--reason", "by hand")
    path = course.root / "assignments" / "adding" / "assignment.toml"
    path.write_text(path.read_text().replace('"add"', '"sum"'))
    said = run("grades", "adding", "--json", course.root / "grades.json")
    assert "void: add set to 10" in said
    ann = json.loads((course.root / "grades.json").read_text())["grades"][0]
    assert (ann["overrides"], [each["item"] for each in ann["void_overrides"]]) == ([], ["add"])


def test_parts_of_a_point_are_shown_alike_everywhere(run, book, course, monkeypatch):
    """In what is said, in the table and as numbers in JSON: 47.5 and 8, never 8.0 or "7.5"."""
    monkeypatch.chdir(course.root)
    said = run("override", "ann", "adding", "total", "7.50", "--reason", "valid")
    assert "total: 7.5 of 60 points." in said
    assert "Score now: 47.5/100" in said
    assert "47.5/100" in run("grades", "adding", "--json", course.root / "grades.json")
    text = (course.root / "grades.json").read_text()
    assert ('"score": 47.5,' in text, '"points": 7.5,' in text) == (True, True)
    run("override", "ann", "adding", "total", "8.00", "--reason", "valid")
    run("grades", "adding", "--json", course.root / "grades.json")
    text = (course.root / "grades.json").read_text()
    assert ('"score": 48,' in text, '"points": 8,' in text) == (True, True)
    run("publish", "adding")
    run("override", "ann", "adding", "total", "8.25", "--reason", "valid")
    assert "published 48" in run("grades", "adding")
    assert "Score: mean 48.2, median 48.25" in run("stats", "adding", "--json", "-")
    for form, shown in (("csv", ",48.25,"), ("nbgrader", ",48.25,"), ("junit", "8.25 of 60")):
        run("export", "adding", "--to", form, f"grades.{form}")
        assert shown in (course.root / f"grades.{form}").read_text(), form
    run("export", "adding", "--to", "gradescope", "gradescope")
    assert '"score": 48.25' in (course.root / "gradescope" / "ann.json").read_text()
    run("report", "adding", "--to", "report")
    assert "<td>48.25<" in (course.root / "report" / "index.html").read_text()
    page = run("feedback", "adding", "ann", "--text", "--no-pictures")
    assert "48.25 of 100 points" in page
    assert "8.25/60" in page


def test_an_override_that_a_later_attempt_outdoes_is_told(run, book, course):
    """In the table, in JSON and in the student's feedback."""
    run("override", "ann", "adding", "add", "7.5", "--reason", "by hand", "--as", "carl")
    work = Submission("ann", {"adding.py": b"better"})
    attempt, _ = book.take_in("adding", [Arrival(work, DUE)])[0]
    rubric = (RubricResult("add", 40, 40, Verdict.PASSED),)
    better = Result("x", GRADED, 40, 100, 0.1, rubric)
    book.record(attempt, "d" * 64, better, suite="s", engine="e", isolation="full")
    said = run("grades", "adding", "--json", course.root / "grades.json")
    told = "add set to 7.5 by carl; the newest attempt would earn 40 by itself"
    assert told in " ".join(said.split())
    ann = json.loads((course.root / "grades.json").read_text())["grades"][0]
    assert ann["overrides"][0]["outdone"] == 40
    page = run("feedback", "adding", "ann", "--text", "--no-pictures")
    assert "by hand; the newest attempt would earn 40 by itself" in " ".join(page.split())


def test_an_override_and_its_withdrawal(run, book, course):
    """Both say the score that is now in force."""
    said = run("override", "ann", "adding", "total", "60", "--reason", "valid")
    assert "Score now: 100/100" in said
    said = run("override", "ann", "adding", "total", "--withdraw", "--reason", "not valid")
    assert "Score now: 40/100" in said
    assert book.grade("ann", course.lab("adding")).overrides == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ann", "adding", "total"], "POINTS, or --withdraw"),
        (["ann", "adding", "total", "5", "--withdraw"], "POINTS, or --withdraw"),
        (["ann", "adding", "floats", "5"], "it has: add, total"),
        (["ann", "adding", "total", "61"], "0 to 60"),
        (["eve", "adding", "total", "5"], "it has: ann, ben, cy"),
        (["ann", "ading", "total", "5"], "it has: adding"),
        (["ann", "adding", "total", "five"], "'five' is no number"),
        (["ann", "adding", "total", "7,5"], "write 7.5"),
        (["ann", "adding", "total", "7.125"], "two places"),
        (["ann", "adding", "total", "nan"], "no number"),
        (["ann", "adding", "total", "-5"], "0 to 60 points, not -5"),
        (["ann", "adding", "total", "--withdra"], "No such option"),
    ],
)
def test_an_override_that_can_not_be_meant_is_one_line(run, book, words, told):
    """What is wrong, and what there is; exit code 2."""
    assert told in run("override", *words, "--reason", "r", code=2)


@pytest.mark.parametrize(
    ("until", "due"),
    [
        ("+2d", "2026-12-03 23:59"),
        ("+12h", "2026-12-02 11:59"),
        ("+30m", "2026-12-02 00:29"),
        ("2026-12-05T10:00Z", "2026-12-05 10:00"),
        ("2026-12-05T10:00+02:00", "2026-12-05 08:00"),
    ],
)
def test_an_extension(run, book, until, due):
    """To a time, or by so much."""
    assert f"due for ann at {due} UTC" in run(
        "extend", "ann", "adding", "--until", until, "--reason", "ill"
    )
    assert f"due {due} UTC" in run("grades", "adding")


def test_extensions_add_up(run, book):
    """Two days more than the student had."""
    for due in ("2026-12-03 23:59", "2026-12-05 23:59"):
        assert due in run("extend", "ann", "adding", "--until", "+2d", "--reason", "ill")


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("soon", "expected a time like"),
        ("2026-12-05T10:00", "2026-12-05T10:00:00Z, or add timezone"),
        ("2026-12-05", "2026-12-05T23:59:59Z, or add timezone"),
        ("+2", "expected a time like"),
        ("+99999999999d", "expected a time like"),
        ("+²d", "expected a time like"),
        ("+-2d", "expected a time like"),
        ("2026-11-30T10:00Z", "before the lab is due"),
    ],
)
def test_an_extension_that_can_not_be_meant(run, book, until, told):
    """Times without an offset could be anyone's."""
    words = ("extend", "ann", "adding", "--until", until, "--reason", "ill")
    assert told in run(*words, code=2)


def test_a_lab_that_is_never_late_needs_no_extension(run, book, course):
    """And the key that would make it due is named."""
    path = course.root / "course.toml"
    path.write_text(path.read_text().replace(DEADLINE, ""))
    words = ("extend", "ann", "adding", "--until", "+2d", "--reason", "ill")
    assert "[deadlines.adding]" in run(*words, code=2)


def test_publishing_says_who_is_left_out(run, book, course):
    """And by whom it was done stands in the log."""
    said = run("publish", "adding", "--as", "dora")
    assert "Published 1 score of adding; 1 new or changed." in said
    assert "Left out: 1 withheld, 1 not graded yet." in said
    assert book.grade("ann", course.lab("adding")).published == 40
    assert book.audit()[-1].who == "dora"


def test_a_roster_is_read_but_for_its_wrong_lines(run, book, tmp_path):
    """Which are told by their numbers; the exit code says that there were some."""
    path = tmp_path / "students.csv"
    path.write_text("id,name\nann,Ann\ndan,Dan\n,Nobody\n")
    said = run("roster", path, code=2)
    assert "1 new, 1 changed, 0 as before." in said
    assert "line 4" in said
    path.write_text("id,name\nann,Ann\n")
    assert run("roster", path).splitlines()[0] == "0 new, 0 changed, 1 as before."


def test_the_log_is_told(run, book, tmp_path):
    """Oldest first, wrapped to the terminal, and as JSON."""
    run("override", "ann", "adding", "total", "5", "--reason", "why\x1b[31m " * 20)
    said = run("audit", "--json", tmp_path / "audit.json")
    assert said.index("take in ann adding") < said.index("override ann adding total")
    assert json.loads((tmp_path / "audit.json").read_text())[-1]["what"] == "override"


def test_another_gradebook_may_be_named(run, book, tmp_path, monkeypatch):
    """With --db, or SHARDLAB_DB; an unusable one is the system's fault, exit code 3."""
    other = tmp_path / "other.sqlite3"
    assert "No students." in run("grades", "adding", "--db", other)
    monkeypatch.setenv("SHARDLAB_DB", str(other))
    assert "No students." in run("grades", "adding")
    other.write_text("no database at all, but a text of some length\n" * 20)
    assert "not a database" in run("grades", "adding", code=3)
