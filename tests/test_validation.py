"""The course proves itself: each check finds the fault that it is there for."""

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.sandbox import probe


@pytest.fixture
def validate(course):
    """`shardlab validate` on the course as it lies there: (result, checks by name)."""

    def run(*arguments):
        target = course.root / "checks.json"
        command = ["--course", course.root, "validate", "--isolation", probe().level.word,
                   "--json", target, *arguments]  # fmt: skip
        result = CliRunner().invoke(main, [str(each) for each in command])
        checks = json.loads(target.read_text())["checks"] if target.exists() else []
        return result, {each["name"]: each for each in checks}

    return run


def edit(path, old, new):
    """Replaces a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_right_course_passes(validate, course):
    """Solution, stub, variants, mutants, garbage, hand-out and release all hold."""
    result, checks = validate("--junit", course.root / "checks.xml")
    assert result.exit_code == 0, result.output
    assert all(check["passed"] for check in checks.values())
    assert set(checks) == {
        "solution",
        "stub",
        "variants",
        "mutants",
        "garbage",
        "README",
        "release",
    }
    suite = ET.parse(course.root / "checks.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("7", "0")


def test_a_wrong_solution_is_found(validate, course):
    """A solution below 100 fails the course, with the items that it lost."""
    edit(course.root / "solutions/adding/adding.py", "return x + y", "return x - y")
    result, checks = validate()
    assert result.exit_code == 1
    assert "add failed" in checks["solution"]["problems"][0]


def test_a_solution_that_is_right_only_at_times_is_found(validate, course):
    """Repeated runs and other students show what one run would not."""
    edit(
        course.root / "solutions/adding/adding.py",
        "return x + y",
        "return x + y + (x.flat[0] == 4)",
    )
    _, checks = validate()
    assert not checks["solution"]["passed"]


def test_a_solved_stub_is_found(validate, course):
    """A stub that earns points is no stub."""
    edit(
        course.root / "assignments/adding/adding.py",
        'raise NotImplementedError("add: the sum of both")',
        'if x.shape != y.shape:\n        raise ValueError(f"{x.shape} {y.shape}")\n'
        "    return x + y",
    )
    _, checks = validate()
    assert not checks["stub"]["passed"]


def test_a_silent_stub_is_found(validate, course):
    """Each function of a stub says by name what is to be done."""
    edit(course.root / "assignments/adding/adding.py", '"add: the sum of both"', "")
    _, checks = validate()
    assert "add" in checks["stub"]["problems"][0]


def test_a_refused_variant_is_found(validate, course):
    """A right answer in another style that loses points is the suite's fault."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    edit(path, 'naming=("(2,)", "(3,)")', 'naming=("differ",)')
    edit(course.root / "solutions/adding/variants/the_other_way_round.py", "differ", "do not fit")
    result, checks = validate()
    assert "the_other_way_round.py is right" in checks["variants"]["problems"][0]
    assert checks["solution"]["passed"], result.output


def test_a_surviving_mutant_is_told_with_its_mistake(validate, course):
    """A wrong answer that keeps 100 is printed with what is wrong in it."""
    path = course.root / "solutions/adding/mutants/one_too_many.py"
    path.write_text(
        '"""Wrong for 17 ranks."""\n' + (course.root / "solutions/adding/adding.py").read_text()
    )
    result, checks = validate()
    assert result.exit_code == 1
    assert '"Wrong for 17 ranks."' in checks["mutants"]["problems"][0]
    assert "keeps 100/100" in result.output.replace("\n", " ").replace("  ", " ")


def test_a_suite_that_stumbles_over_garbage_is_found(validate, course):
    """A suite that trusts what students return would withhold scores; this finds it before."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    edit(path, "equal(student.add(x, y), x + y)", "equal(student.add(x, y) + 0, x + y)")
    _, checks = validate()
    assert not checks["garbage"]["passed"]


def test_a_broken_example_is_found(validate, course):
    """A hand-out whose example fails is told by file and line."""
    edit(course.root / "assignments/adding/README.md", "1 + 1 == 2", "1 + 1 == 3")
    _, checks = validate()
    assert "README.md:4: AssertionError" in checks["README"]["problems"][0]


def test_a_leak_is_found_and_not_released(validate, course):
    """A line of the solution in what students get fails the course, and `release` refuses."""
    path = course.root / "assignments/adding/README.md"
    path.write_text(path.read_text() + "\nUse `the_whole_sum = group.all_reduce(x)`.\n")
    _, checks = validate()
    assert not checks["release"]["passed"]
    arguments = [
        "--course",
        str(course.root),
        "release",
        "adding",
        "--to",
        str(course.root / "a.zip"),
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert not (course.root / "a.zip").exists()


def test_an_unknown_lab_is_refused_before_anything_runs(validate):
    """A typing error costs no minute of validation."""
    result, checks = validate("ading")
    assert result.exit_code == 2
    assert not checks


def test_a_lab_that_needs_what_is_not_installed_is_left_out_by_name(validate, course):
    """Without naming labs the rest is proved; named, it is a failure with the mend."""
    edit(
        course.root / "assignments/adding/assignment.toml",
        "minutes = 5",
        'minutes = 5\npreload = ["numpy", "nothing_of_that_name"]',
    )
    result, checks = validate()
    assert result.exit_code == 0
    assert "SKIP  adding" in result.output
    assert not checks
    named, _ = validate("adding")
    assert named.exit_code != 0
    assert "nothing_of_that_name" in named.output
