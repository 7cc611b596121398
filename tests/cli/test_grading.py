"""An instructor's commands: grade, and what it says of bad input."""

import json
import os

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.sandbox import Level, probe


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
    assert bob["rubric"][0].keys() == {"item", "points", "max_points", "verdict", "message"}
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
    assert "nobody.py: no such file" in result.output
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
    from grader import sandbox

    poor = sandbox.Probe(Level.NONE, (sandbox.Layer("landlock", False, "why", "how to mend"),))
    monkeypatch.setattr(sandbox, "probe", lambda: poor)
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
    assert "pip install nothing_of_that_name" in result.output
    assert "withheld" not in result.output
