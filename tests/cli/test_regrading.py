"""A mended suite: one command changes scores, and says whose; all others say what is stale."""

import json

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.cli import runs as cli_runs
from grader.gradebook.store import Gradebook
from grader.sandbox import probe

pytestmark = pytest.mark.usefixtures("one_process")

STALE = "of an older suite"
MEND = "'shardlab regrade adding' grades again and shows whose score changes."


class Typed:
    """Types commands at a course, and changes its hidden suite."""

    def __init__(self, course):
        self.course = course
        self.suite = course.root / "tests/hidden/adding/test_adding.py"
        self.first = self.suite.read_text()

    def __call__(self, *words, code=0, isolation=None):
        command = ["--course", self.course.root, *words]
        if words[0] in ("grade", "regrade"):
            command += ["--isolation", isolation or probe().level.word, "--jobs", "1"]
        result = CliRunner().invoke(main, [str(each) for each in command])
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    def data(self, *words, **options):
        target = self.course.root / "said.json"
        self(*words, "--json", target, **options)
        return json.loads(target.read_text())

    def mend(self):
        """Another suite, by which bob is right and ann is wrong."""
        self.suite.write_text(self.first.replace("x + y)", "x - y)"))

    def touch(self, words="another suite"):
        """Another suite that comes to the same."""
        self.suite.write_text(f"{self.first}\n# {words}\n")

    def back(self):
        self.suite.write_text(self.first)

    def scores(self):
        found = self.data("grades", "adding")["grades"]
        return {each["student"]["id"]: each["score"] for each in found}

    def changed(self, *words):
        told = self.data("regrade", "adding", *words)["changed"]
        return {each["student"]: (each["before"], each["after"]) for each in told}


@pytest.fixture
def inbox(course, tmp_path):
    """Ann is right and bob is wrong."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    solution = (course.root / "solutions/adding/adding.py").read_text()
    (folder / "ann.py").write_text(solution)
    (folder / "bob.py").write_text(solution.replace("x + y", "x - y"))
    return folder


@pytest.fixture
def run(course, inbox, monkeypatch):
    """A course with two graded submissions."""
    monkeypatch.delenv("SHARDLAB_DB", raising=False)
    typed = Typed(course)
    typed("collect", inbox)
    typed("grade")
    assert typed.scores() == {"ann": 100, "bob": 0}
    return typed


@pytest.mark.parametrize("how", ["all", "lab", "files"])
def test_grade_changes_no_score(run, inbox, how):
    """What has a result keeps it, from the gradebook and from files; what is stale is told.

    Then regrade finds both changes: today's grade redid them in silence before it.
    """
    run.mend()
    said = run("grade", *{"all": [], "lab": ["adding"], "files": ["adding", inbox]}[how])
    assert f"2 results are {STALE}; {MEND}" in said
    assert run.scores() == {"ann": 100, "bob": 0}
    said = run("regrade", "adding")
    assert "ann 100 -> 0" in said
    assert "bob 0 -> 100" in said
    assert "2 of 2 grades changed." in said
    assert run.scores() == {"ann": 0, "bob": 100}
    assert STALE not in run("grade")


def test_what_is_new_is_graded_beside_what_is_stale(run, inbox):
    """With the present suite; the others wait for regrade."""
    run.mend()
    (inbox / "cy.py").write_text((inbox / "bob.py").read_text())
    data = run.data("grade", "adding", inbox)
    found = {each["submission"]: (each["score"], each["stale"]) for each in data["results"]}
    assert found == {"ann": (100, STALE), "bob": (0, STALE), "cy": (100, "")}
    assert run.changed() == {"ann": (100, 0), "bob": (0, 100)}


def test_an_interrupted_regrade_tells_all_changes(run, monkeypatch):
    """Stopped after the first of two, and run again: both are told, and told again when asked."""
    run.mend()
    grade_pending = cli_runs.grade_pending

    def one_only(backlog, workers):
        yield next(iter(grade_pending(backlog, workers)))
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_runs, "grade_pending", one_only)
    run("regrade", "adding", code=130)
    monkeypatch.undo()
    assert sorted(run.scores().values()) != [0, 100], "one of them has its new score"
    assert run.changed() == {"ann": (100, 0), "bob": (0, 100)}
    assert run.changed() == {"ann": (100, 0), "bob": (0, 100)}, "nothing was graded this time"


def test_a_change_is_told_whatever_was_published(run):
    """Also of whoever was told the new score already, and with the score that each was told."""
    run("override", "bob", "adding", "add", "40", "--reason", "valid")
    run("publish", "adding")
    run.mend()
    said = run("regrade", "adding")
    assert "ann 100 -> 0 published 100" in said
    assert "bob 40 -> 100 published 40; override add (40, grading 0 -> 40): valid" in said


def test_a_change_below_an_override_is_told(run):
    """The score stays, and what grading now says of the item stands beside it."""
    run("override", "ann", "adding", "add", "7.5", "--reason", "by hand")
    run("override", "ann", "adding", "total", "60", "--reason", "by hand")
    run.mend()
    told = {each["student"]: each for each in run.data("regrade", "adding")["changed"]}
    assert (told["ann"]["before"], told["ann"]["after"]) == (67.5, 67.5)
    assert told["ann"]["hidden"] == [
        {"item": "add", "before": 40, "after": 0},
        {"item": "total", "before": 60, "after": 0},
    ]
    assert "1 of 2 grades changed." in run("regrade", "adding")


def test_a_dry_run_counts_and_changes_nothing(run):
    """Neither a result, nor which of two results counts."""
    run.mend()
    assert run.data("regrade", "adding", "--dry-run")["why"] == {STALE: 2}
    assert "Would grade 2 submissions: 2 of an older suite" in run("regrade", "adding", "--dry-run")
    run("regrade", "adding")
    run.back()
    data = run.data("regrade", "adding", "--dry-run")
    assert (data["would_grade"], data["why"]) == (0, {STALE: 2})
    assert run.scores() == {"ann": 0, "bob": 100}


def test_a_suite_that_is_changed_back_is_a_change(run):
    """The old results are there already: grade lets them lie, regrade takes and tells them."""
    run.mend()
    run("regrade", "adding")
    run.back()
    assert f"2 results are {STALE}" in run("grade")
    assert run.scores() == {"ann": 0, "bob": 100}
    assert run.changed() == {"ann": (0, 100), "bob": (100, 0)}
    assert run.scores() == {"ann": 100, "bob": 0}


def test_a_regrade_that_was_asked_for_is_taken_back(run):
    """What stood before counts again at once; and grade then has nothing to do."""
    run.mend()
    assert run.changed("--again", "the machine was busy") == {"ann": (100, 0), "bob": (0, 100)}
    with Gradebook.open(str(run.course.root / "gradebook.sqlite3")) as book:
        entry = next(each.id for each in book.audit() if each.what == "regrade")
    run("undo", entry)
    assert run.scores() == {"ann": 100, "bob": 0}


def test_only_those_who_were_named(run):
    """The others' results stay as they are, stale."""
    run.mend()
    assert run.changed("bob") == {"bob": (0, 100)}
    assert run.scores() == {"ann": 100, "bob": 100}
    assert f"1 result is {STALE}" in run("grade")


def test_other_points_and_another_level_are_told_by_name(run):
    """What made a result stale is said: points in assignment.toml, the isolation of a run."""
    assert "2 results are of isolation" in run("grade", isolation="none")
    assert "2 results are" not in run("grade")
    path = run.course.root / "assignments/adding/assignment.toml"
    text = path.read_text().replace("points = 40", "points = 30").replace("= 60", "= 70")
    path.write_text(text)
    assert "2 results are of other points" in run("grade")
    assert run.data("regrade", "adding", "--dry-run")["why"] == {"of other points": 2}
    run("regrade", "adding")
    assert "stale" not in run("grades", "adding")


def test_another_engine_is_told(run, monkeypatch):
    """An upgrade that judges otherwise changes no score until somebody regrades."""
    for place in ("gradebook.judged", "grading.pending"):
        monkeypatch.setattr(f"grader.{place}.ENGINE", "another")
    assert "2 results are of another engine" in run("grade")
    assert "stale, of another engine" in run("grades", "adding")
    run("regrade", "adding")
    assert "stale" not in run("grades", "adding")


def test_a_withheld_score_is_graded_again_by_itself(run, inbox):
    """A fault of ours is no result, so `grade` does that; and a regrade says what became of it."""
    run.suite.write_text("1 / 0\n")
    (inbox / "cy.py").write_text((inbox / "ann.py").read_text())
    run("grade", "adding", inbox, code=3)
    assert run.scores() == {"ann": 100, "bob": 0, "cy": None}
    run.back()
    run("grade")
    assert run.scores() == {"ann": 100, "bob": 0, "cy": 100}


def test_a_score_that_a_broken_suite_withheld_comes_by_itself(run):
    """Also where there was a score before: what is shown is a fault, and `grade` mends that."""
    run.suite.write_text("1 / 0\n")
    run("regrade", "adding", code=3)
    assert run.scores() == {"ann": None, "bob": None}
    run.touch()
    run("grade")
    assert run.scores() == {"ann": 100, "bob": 0}


def test_what_is_stale_is_marked_wherever_it_is_shown(run, course, monkeypatch):
    """Table, JSON, feedback, class page, statistics, exports and publishing."""
    monkeypatch.chdir(course.root)
    run.touch()
    assert f"stale, {STALE}" in run("grades", "adding")
    assert MEND in run("grades", "adding")
    assert {each["stale"] for each in run.data("grades", "adding")["grades"]} == {STALE}
    page = run("feedback", "adding", "ann", "--text", "--no-pictures", "--to", "pages")
    may_change = f"This result is {STALE}; the score may change once the lab is graded again."
    assert may_change in page
    assert may_change in (course.root / "pages/adding/ann.html").read_text()
    run("report", "adding", "--to", "report")
    report = (course.root / "report/index.html").read_text()
    assert "<td>100 stale" in report
    assert f"2 results are {STALE}" in report
    assert f"2 results are {STALE}" in run("report", "adding", "--text", "--to", "report")
    assert f"2 results are {STALE}" in run("stats", "adding")
    assert run.data("stats", "adding")["counts"]["stale"] == 2
    assert f"2 results are {STALE}" in run("export", "adding", "--to", "junit", "grades.xml")
    run("export", "adding", "--to", "csv", "grades.csv")
    assert (course.root / "grades.csv").read_text().count(STALE) == 2
    run("export", "adding", "--to", "gradescope", "gradescope")
    assert STALE in (course.root / "gradescope/ann.json").read_text()
    assert f"2 results are {STALE}" in run("publish", "adding")
    run("regrade", "adding")
    for words in (["grades"], ["stats"], ["publish"], ["report", "--text", "--to", "report"]):
        assert "stale" not in run(words[0], "adding", *words[1:])
        assert STALE not in run(words[0], "adding", *words[1:])


def test_a_copy_without_the_hidden_suite_can_be_read(run, course):
    """Nobody can tell what is stale there, so nothing is said to be."""
    run.suite.unlink()
    assert "stale" not in run("grades", "adding")
    with Gradebook.open(str(course.root / "gradebook.sqlite3")) as book:
        assert {each.stale for each in book.grades(course.lab("adding"))} == {""}
