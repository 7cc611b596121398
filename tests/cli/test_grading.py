"""grade and regrade, and what they say of bad input."""

import json
import os
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from grader.cli import levels, main
from grader.cli.runs import Run
from grader.intake.bundle import pack
from grader.intake.inbox import deliver
from grader.sandbox import Level, probe
from grader.sandbox.probe import Layer, Probe
from grader.submissions import read_submission


@pytest.fixture
def inbox(course, tmp_path):
    """Three submissions: right, wrong, and one that does not load."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    solution = (course.root / "solutions/adding/adding.py").read_text()
    (folder / "ann.py").write_text(solution)
    (folder / "bob.py").write_text(solution.replace("x + y", "x - y"))
    (folder / "cy").mkdir()
    (folder / "cy" / "adding.py").write_text("def add(x, y)\n")
    return folder


def grade(course, *arguments):
    """`shardlab grade adding …` at the best level of this machine."""
    level = probe().level.word
    command = ["--course", course.root, "grade", "adding", "--isolation", level, *arguments]
    return CliRunner().invoke(main, [str(each) for each in command])


def graded_json(course, *paths):
    """The JSON of a grading run."""
    target = course.root / "grades.json"
    result = grade(course, *paths, "--json", target)
    return result, json.loads(target.read_text())


def test_json_has_the_promised_shape(course, inbox):
    """Keys, types and values are those that other programs rely on."""
    result, data = graded_json(course, inbox)
    assert result.exit_code == 0
    assert list(data) == ["lab", "isolation", "suite", "results"]
    assert (data["lab"], data["isolation"]) == ("adding", probe().level.word)
    assert [each["submission"] for each in data["results"]] == ["ann", "bob", "cy"]
    ann, bob, cy = data["results"]
    assert (ann["status"], ann["score"], ann["max_score"]) == ("graded", 100, 100)
    assert [each["item"] for each in bob["rubric"]] == ["add", "total"]
    lost = bob["rubric"][0]
    assert lost.keys() == {"item", "points", "max_points", "verdict", "finding", "message"}
    assert lost["finding"]["expected"] in lost["message"]
    assert (bob["score"], bob["rubric"][0]["verdict"]) == (0, "failed")
    assert "SyntaxError" in cy["rubric"][0]["message"]


def test_the_table_has_a_line_for_each(course, inbox):
    """Names, scores and the reason for a lost item are on one line each, 80 columns at most."""
    lines = grade(course, inbox).output.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("ann" in line and "100/100" in line for line in lines)
    assert any("cy" in line and "SyntaxError" in line for line in lines)
    assert lines[-1].startswith("3/3  2 graded, 1 not runnable")


def test_student_and_seed_reproduce_a_students_inputs(course, inbox):
    """`--student` gives everyone that student's inputs, and `--seed-for` prints their seed."""
    output = grade(course, inbox / "ann.py", "--seed-for", "ann", "--student", "ann").output
    assert "Seed of ann: " in output


def test_a_missing_path_is_told_and_the_rest_graded(course, inbox):
    """One wrong path costs nobody else their grade; the exit code says that something was."""
    result, data = graded_json(course, inbox / "nobody.py", inbox / "ann.py")
    assert result.exit_code == 2
    assert "nobody.py: no such file" in " ".join(result.output.split())
    assert data["results"][0]["score"] == 100


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"\x00\x01\x02"), "NUL"),
        (lambda path: path.write_bytes(b"\xff\xfe\xfa"), "UTF-8"),
        (lambda path: path.write_bytes(b"#" * (5 << 20)), "larger than"),
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "no regular file"),
        (lambda path: path.symlink_to("/etc/passwd"), "symbolic link"),
        (lambda path: path.write_text("def add(:\n"), "SyntaxError"),
        (lambda path: path.write_text("import adding_helpers\n"), "ModuleNotFoundError"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(course, inbox, make, words):
    """Whatever lies in an inbox, it is told in words, and the others are graded."""
    make(inbox / "odd.py")
    result, data = graded_json(course, inbox)
    scores = {each["submission"]: each["score"] for each in data["results"]}
    assert scores["odd"] == 0
    assert scores["ann"] == 100
    assert any("odd" in line and words in line for line in result.output.splitlines())
    assert "Traceback" not in result.output


def test_an_empty_folder_of_a_student_is_not_lost(course, inbox):
    """A sub-folder without the lab's file is a submission with nothing in it."""
    (inbox / "dee").mkdir()
    _, data = graded_json(course, inbox)
    assert {each["submission"] for each in data["results"]} == {"ann", "bob", "cy", "dee"}


def test_less_isolation_is_never_taken_in_silence(course, inbox, monkeypatch):
    """Where the level asked for is missing, nothing is graded and the way out is named."""
    poor = Probe(Level.NONE, (Layer("landlock", False, "why", "how to mend"),))
    monkeypatch.setattr(levels, "probe", lambda: poor)
    arguments = ["--course", str(course.root), "grade", "adding", str(inbox)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 3
    assert "how to mend" in result.output
    assert "--isolation none" in result.output


def test_less_isolation_is_stamped(course, inbox):
    """Grading without isolation is said in the output and in every result file."""
    target = course.root / "grades.json"
    arguments = ["--course", course.root, "grade", "adding", inbox / "ann.py", "--isolation",
                 "none", "--json", target]  # fmt: skip
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert "NOT FULL ISOLATION" in result.output
    assert json.loads(target.read_text())["isolation"] == "none"


def test_a_fault_of_ours_ends_with_3_and_no_score(course, inbox):
    """A broken suite withholds every score and says so; it is no zero."""
    (course.root / "tests/hidden/adding/test_adding.py").write_text("1 / 0\n")
    result, data = graded_json(course, inbox / "ann.py")
    assert result.exit_code == 3
    assert "GRADER FAULT" in result.output
    assert (data["results"][0]["status"], data["results"][0]["score"]) == ("withheld", None)


def test_a_lab_that_needs_what_is_not_installed_is_refused_at_once(course, inbox):
    """One line that names the mend, not a fault for each submission."""
    path = course.root / "assignments/adding/assignment.toml"
    text = path.read_text()
    path.write_text(
        text.replace("minutes = 5", 'minutes = 5\npreload = ["numpy", "nothing_of_that_name"]')
    )
    result = grade(course, inbox)
    assert result.exit_code == 3
    assert "pip install nothing_of_that_name" in " ".join(result.output.split())
    assert "withheld" not in result.output


# -- with the gradebook --------------------------------------------------------------------


def shardlab(course, *arguments):
    """Any command of the course, at the best level of this machine where it grades."""
    command = ["--course", course.root, *arguments]
    if arguments[0] in ("grade", "regrade"):
        command += ["--isolation", probe().level.word]
    return CliRunner().invoke(main, [str(each) for each in command])


def test_a_second_run_shows_the_same_and_grades_nothing(course, inbox):
    """Results come from the gradebook, to the last field of the JSON."""
    _, first = graded_json(course, inbox)
    result, second = graded_json(course, inbox)
    assert second == first
    assert "Grading 0 submissions of adding. 3 have results already." in result.output


def test_without_a_path_everything_pending_is_graded(course, inbox):
    """collect takes in, grade grades; with nothing left to do it says so."""
    assert shardlab(course, "collect", inbox).exit_code == 0
    result = shardlab(course, "grade")
    assert result.exit_code == 0
    assert "3/3  2 graded, 1 not runnable" in result.output
    assert shardlab(course, "grade").output == "Nothing to grade: every submission has a result.\n"
    assert "Nothing to grade in adding" in shardlab(course, "grade", "adding").output


def test_a_lab_that_cannot_be_graded_keeps_back_no_other(course, inbox):
    """It is named with its mend, the others' results are shown, and the exit code is 3."""
    shardlab(course, "collect", inbox)
    (course.root / "course.toml").write_text('name = "Two"\nlabs = ["missing", "adding"]\n')
    result = shardlab(course, "grade")
    assert result.exit_code == 3
    assert "Error: missing: " in " ".join(result.output.split())
    assert "3/3  2 graded" in result.output


def test_nothing_is_recorded_when_asked_so(course, inbox):
    """--no-record grades anew each time and leaves no gradebook."""
    result = grade(course, inbox, "--no-record")
    assert "3/3  2 graded" in result.output
    assert "Nothing is recorded." in result.output
    assert not list(course.root.glob("*.sqlite3"))


def test_an_inbox_is_recognised_without_a_lab(course, inbox, tmp_path):
    """Bundles say which lab they are for, so `grade INBOX` is enough; JSON is by lab."""
    lab = course.lab("adding")
    work = read_submission(lab, inbox / "ann.py", "ann")
    drop = tmp_path / "drop"
    drop.mkdir()
    deliver(drop, pack(lab, "ann", work, now=datetime.now(UTC)))
    target = tmp_path / "grades.json"
    result = shardlab(course, "grade", drop, "--json", target)
    assert result.exit_code == 0, result.output
    (only,) = json.loads(target.read_text())["labs"]
    assert (only["lab"], only["results"][0]["submission"]) == ("adding", "ann")


def test_a_name_that_is_neither_lab_nor_path(course):
    """The labs there are, in one line."""
    result = shardlab(course, "grade", "addding")
    assert result.exit_code == 2
    assert "no lab 'addding' in this course; it has: adding" in result.output


def test_what_is_refused_shows_in_the_exit_code(course, tmp_path):
    """As with collect: the rest is graded, and a script learns that something was not."""
    folder = tmp_path / "in" / "adding" / "ann"
    folder.mkdir(parents=True)
    (folder / "bad.shardlab.zip").write_bytes(b"no zip")
    result = grade(course, tmp_path / "in")
    assert "REFUSED" in result.output
    assert result.exit_code == 1


def test_regrade_shows_whose_score_changes(course, inbox):
    """After a change of the suite: who changed, with overrides beside the new score."""
    grade(course, inbox)
    shardlab(course, "override", "bob", "adding", "total", "60", "--reason", "by hand")
    path = course.root / "tests/hidden/adding/test_adding.py"
    path.write_text(path.read_text().replace("x + y)", "x - y)"))  # now bob is right, ann wrong
    target = course.root / "regraded.json"
    result = shardlab(course, "regrade", "adding", "--json", target)
    assert result.exit_code == 0, result.output
    assert "  ann               100 -> 0" in result.output
    assert "override total (60, grading 0 -> 60): by hand" in result.output
    data = json.loads(target.read_text())
    assert data["graded"] == 3
    assert {each["student"] for each in data["changed"]} == {"ann", "bob"}


def test_regrade_touches_only_what_has_changed(course, inbox):
    """Nothing has: nothing is graded. With --again, what was asked for is."""
    grade(course, inbox)
    assert "0 of 3 grades changed." in shardlab(course, "regrade", "adding").output
    target = course.root / "regraded.json"
    again = ["regrade", "adding", "ann", "--again", "the machine was busy", "--json", target]
    assert shardlab(course, *again).exit_code == 0
    assert json.loads(target.read_text())["graded"] == 1
    assert "the machine was busy" in " ".join(shardlab(course, "audit").output.split())


def test_regrade_while_someone_else_collects(course, inbox, monkeypatch):
    """Who is new since it began has no grade that changed, and ends nothing."""
    grade(course, inbox)
    (course.root / "dee.py").write_text("x = 1\n")
    regrade = Run.regrade

    def meanwhile(self, *arguments, **options):
        shardlab(course, "collect", course.root / "dee.py")
        regrade(self, *arguments, **options)

    monkeypatch.setattr(Run, "regrade", meanwhile)
    result = shardlab(course, "regrade", "adding")
    assert result.exit_code == 0, result.exception
    assert "0 of 4 grades changed." in result.output


def test_regrade_of_a_stranger(course, inbox):
    """One line, and how to see who there is."""
    grade(course, inbox)
    result = shardlab(course, "regrade", "adding", "zoe")
    assert result.exit_code == 2
    assert "no submission of 'zoe'" in result.output


def test_a_scheduler_needs_its_executor(course, inbox):
    """An option that would be ignored is refused."""
    result = grade(course, inbox, "--scheduler", "tls://127.0.0.1:8786")
    assert result.exit_code == 2
    assert "--scheduler needs --executor dask" in result.output


def test_a_message_that_several_items_have_is_said_once(course, inbox):
    """A file that does not load loses every item for one reason."""
    output = grade(course, inbox / "cy", "--messages").output
    assert "    add: raised; total: blocked\n" in output
    assert output.count("SyntaxError") == 2  # in the table, and in the message
