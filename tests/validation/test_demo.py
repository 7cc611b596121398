"""`shardlab demo` shows the grader at work in any course that can grade."""

import shutil

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.errors import CourseError, UsageError
from grader.validation.demo import demo_class

HOSTILE = {"crashes", "hangs", "exits", "floods", "syntax_error", "binary"}


def test_a_course_without_members_of_its_own_is_given_some(course):
    """Its right and wrong answers, and hostile ones with the functions of its lab."""
    lab, submissions = demo_class(course)
    names = {each.name for each in submissions}
    assert lab.slug == "adding"
    assert {"the_other_way_round", "one_too_many"} | HOSTILE <= names
    crashing = next(each for each in submissions if each.name == "crashes")
    assert crashing.files["adding.py"].count(b"def ") == len(lab.functions)


def test_members_of_the_course_s_own_come_first(course):
    """They know the lab better than ours do."""
    folder = course.root / "tests/demo/adding"
    folder.mkdir(parents=True)
    (folder / "shouts.py").write_text("def add(x, y):\n    raise ValueError('no')\n")
    names = {each.name for each in demo_class(course)[1]}
    assert "shouts" in names
    assert not names & HOSTILE


def test_a_lab_without_variants_shows_its_solution(course):
    """A good member there is in any case."""
    shutil.rmtree(course.root / "solutions/adding/variants")
    assert "solution" in {each.name for each in demo_class(course)[1]}


@pytest.mark.parametrize("lost", ["solutions/adding/adding.py", "tests/hidden"])
def test_a_student_s_copy_is_told_what_it_lacks(course, lost):
    """By the path that is missing, and who has it."""
    path = course.root / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(UsageError, match=r"only the instructor's copy has") as caught:
        demo_class(course)
    assert str(course.root) in str(caught.value)
    with pytest.raises(CourseError):
        demo_class(course, "adding")


def test_demo_grades_a_class_in_any_course(course, monkeypatch, tmp_path):
    """Good ones pass, wrong ones lose, hostile ones are told what they did; nothing is a fault."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["demo", "--course", str(course.root), "--jobs", "1"])
    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line for line in result.output.splitlines() if line.split()}
    assert " 100/100 " in f"{rows['the_other_way_round']} "
    assert " 0/100 " in rows["one_too_many"]
    assert "syntax" in rows["syntax_error"].lower()
    assert "GRADER FAULT" not in result.output
