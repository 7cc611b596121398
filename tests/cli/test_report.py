"""`feedback`, `report` and `stats`: pages and numbers from a gradebook, or of one's own work."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.gradebook.attempts import Arrival
from grader.gradebook.rows import Student
from grader.gradebook.store import Gradebook
from grader.gradebook.work import key_of
from grader.judge import grade
from grader.sandbox import probe
from grader.student.workspace import start
from grader.submissions import from_source

LEVEL = probe().level.word
AT = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)


@pytest.fixture
def graded(course, judge):
    """A gradebook with three students: one right, one wrong, one who handed in nothing."""
    lab = course.lab("adding")
    solution, keys = (course.solutions(lab) / "adding.py").read_text(), {}
    sources = {"ann": solution, "Bob/../": solution.replace("x + y", "x - y")}
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        for name in (*sources, "cy"):
            book.add_students([Student(name, f"{name.title()} Person")])
        for name, source in sources.items():
            submission = from_source(lab, name, source.encode())
            attempt, _ = book.take_in("adding", [Arrival(submission, AT)])[0]
            suite, seed = lab.suite_digest, lab.seed(name)
            keys[attempt.id] = key = key_of(attempt, suite, "engine", seed, LEVEL)
            book.pending("adding", lambda each: keys[each.id])
            result = grade(judge, submission)
            book.record(attempt, key, result, suite=suite, engine="engine", isolation=LEVEL)
    return course


def run(course, *arguments):
    """The command's outcome; its lines are at most 80 columns wide."""
    words = [str(each) for each in ("--course", course.root, *arguments)]
    result = CliRunner().invoke(main, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# -- feedback ------------------------------------------------------------------------------


def test_every_student_gets_a_page(graded, tmp_path):
    """In the lab's folder under a harmless name, with the picture of a run that passed."""
    result = run(graded, "feedback", "adding", "--to", tmp_path / "out", "--isolation", LEVEL)
    assert result.exit_code == 0, result.output
    pages = {path.name: path.read_text() for path in (tmp_path / "out" / "adding").iterdir()}
    assert len(pages) == 3
    assert "Wrote 3 pages to" in result.output
    assert "all_reduce gives" in pages["ann.html"]
    assert "100</strong> of 100 points" in pages["ann.html"]
    (bob,) = (page for name, page in pages.items() if name.startswith("bob~"))
    assert "add adds" in bob
    assert "Bob/../ Person" in bob
    assert "all_reduce gives" not in bob
    assert "Nothing was handed in." in pages["cy.html"]


def test_named_students_alone_as_text_and_json(graded, tmp_path):
    """The same facts in a terminal and for programs."""
    target = tmp_path / "ann.json"
    result = run(graded, "feedback", "adding", "ann", "--text", "--no-pictures", "--json", target)
    assert result.exit_code == 0
    assert "100 of 100 points" in result.output
    assert "Bob" not in result.output
    (told,) = json.loads(target.read_text())
    assert (told["student"], told["score"], told["lab"]) == ("Ann Person", 100, "adding")
    assert [each["status"] for each in told["items"]] == ["passed", "passed"]


def test_an_unknown_student_is_one_line_and_the_rest_goes_on(graded, tmp_path):
    """Pages of the others are written; the exit code is that of usage."""
    result = run(graded, "feedback", "adding", "ann", "zoe", "--to", tmp_path, "--no-pictures")
    assert result.exit_code == 2
    assert "no student 'zoe' in the gradebook; the rest goes on" in result.output
    assert (tmp_path / "adding" / "ann.html").is_file()


def test_a_student_makes_the_page_of_their_own_checks(course, tmp_path, monkeypatch):
    """In the workspace, with what they predicted; nothing of the gradebook is asked for."""
    here = start(course.lab("adding"), tmp_path)
    solution = (course.root / "solutions/adding/adding.py").read_text()
    here.file.write_text(solution)
    state = here.state()
    state.predictions["How many all-reduces does total need?"] = "Perhaps <two>"
    here.remember(state)
    monkeypatch.chdir(here.folder)
    result = run(course, "feedback", "--json", "own.json")
    assert result.exit_code == 0
    page = (here.folder / "feedback.html").read_text()
    assert "Public checks passed. Hidden checks run at grading." in page
    assert "Perhaps &lt;two&gt;" in page
    assert "One." in page
    assert json.loads((here.folder / "own.json").read_text())["score"] is None


def test_a_failing_check_is_explained_on_the_page_too(course, tmp_path, monkeypatch):
    """A file that has not been touched says what is not written yet, for every item."""
    here = start(course.lab("adding"), tmp_path)
    monkeypatch.chdir(here.folder)
    result = run(course, "feedback", "--text")
    assert "not written yet: add: the sum of both" in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    assert not (here.folder / "feedback.html").exists()


# -- the class -----------------------------------------------------------------------------


def test_the_class_page_and_what_the_terminal_says(graded, tmp_path):
    """index.html, with links to pages that are there; invariants that broke in the terminal."""
    run(graded, "feedback", "adding", "ann", "--to", tmp_path, "--no-pictures")
    result = run(graded, "report", "--to", tmp_path, "--json", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert "I1 broke for 1 student" in result.output
    assert f"Wrote {tmp_path}/index.html" in result.output
    page = (tmp_path / "index.html").read_text()
    assert 'href="adding/ann.html"' in page
    assert page.count('href="adding/') == 1
    data = json.loads((tmp_path / "r.json").read_text())
    assert [row["who"] for row in data["labs"][0]["rows"]][1] == "Ann Person (ann)"


def test_the_anonymous_page_names_nobody(graded, tmp_path):
    """Neither the page, nor the JSON, nor the terminal; nor does it replace the named page."""
    run(graded, "feedback", "adding", "--to", tmp_path, "--no-pictures")
    result = run(graded, "report", "--to", tmp_path, "--anonymous", "--json", "-", "--text")
    page = (tmp_path / "anonymous.html").read_text()
    assert not (tmp_path / "index.html").exists()
    for name in ("Ann", "Bob", "Person", "ann.html", "bob~"):
        assert name not in page
        assert name not in result.output


def test_an_empty_gradebook_says_what_to_do(course, tmp_path):
    """No page of nothing."""
    result = run(course, "report", "--to", tmp_path)
    assert result.exit_code == 1
    assert "Nothing was handed in yet. First: shardlab collect" in result.output


def test_stats_are_the_same_facts(graded):
    """Distribution, hardest items, invariants and times, in a terminal's width."""
    result = run(graded, "stats", "adding", "--json", "-")
    text, facts = result.stderr, json.loads(result.stdout)
    assert max(map(len, text.splitlines())) <= 80
    assert "3 students, 2 graded, 1 missing" in text
    assert "Time a submission" in text
    assert facts["counts"]["missing"] == 1
    assert [each["lost"] for each in facts["items"]] == [1, 0]


def test_a_place_that_cannot_be_written_is_told(graded, tmp_path):
    """By its name, in one line."""
    (tmp_path / "file").write_text("")
    result = run(graded, "report", "--to", tmp_path / "file" / "in")
    assert result.exit_code == 2
    assert "can't be made" in result.output
