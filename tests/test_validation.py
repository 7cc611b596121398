"""The course proves itself: each check finds the fault that it is there for."""

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.sandbox import probe
from grader.validation import validate as validate_course

pytestmark = pytest.mark.usefixtures("one_process")


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
    (problem,) = checks["solution"]["problems"]
    assert problem == "the solution earns 0/100 (add failed, total blocked), in 7 of 7 runs"
    assert checks["solution"]["detail"] == "solution 0/100 at worst"


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
    edit(path, "x + y + 1", "y + x")
    edit(path, "Adds one too many.", "Wrong for 17 ranks.")
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


def test_a_plain_assert_that_fails_on_garbage_is_told_once_with_its_cure(validate, course):
    """One test, one problem, however many kinds of garbage it stumbles over."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    edit(path, "equal(student.add(x, y), x + y)", "assert student.add(x, y).sum() == (x + y).sum()")
    result, checks = validate()
    (problem,) = checks["garbage"]["problems"]
    assert problem.startswith("functions that return None, 'garbage', float('nan') and 6 more: ")
    assert "test_adding.py::test_add[1]: line 14: AttributeError" in problem
    assert problem.endswith("hand it to equal, within, arrays or require")
    assert checks["garbage"]["detail"] == "1/10 kinds of garbage are graded"
    assert result.output.endswith("1 problem.\n")


def test_a_test_case_that_must_fail_is_not_left_out_in_silence(validate, course):
    """pytest would have run it, and we do not: the course has a problem, not a 100/100."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    path.write_text(
        path.read_text() + "\n\nimport unittest\n\n\nclass Adding(unittest.TestCase):\n"
        '    def test_it(self):\n        self.fail("must fail")\n'
    )
    result, checks = validate()
    assert result.exit_code == 1
    (problem,) = checks["suite"]["problems"]
    assert "Adding is a class of tests" in problem
    assert set(checks) == {"suite", "README", "release"}  # nothing is graded by such a suite


def test_tests_beside_the_public_suite_are_named(validate, course):
    """Students get them, and `check` does not run them."""
    path = course.root / "assignments/adding/test_more.py"
    path.write_text("def test_more(student):\n    assert 0\n")
    _, checks = validate()
    (problem,) = checks["suite"]["problems"]
    assert problem == (
        f"{path}: 1 test is not run; of what students get only test_public.py is a suite"
    )


def test_a_fault_that_hits_everything_is_told_once(validate, course):
    """One cause, with all that it hits; what can't be graded is not judged."""
    path = course.root / "tests/hidden/adding/test_adding.py"
    edit(path, "equal(student.add(x, y), x + y)", "student.add(x, y)\n    1 / 0")
    result, checks = validate()
    assert result.exit_code == 1
    assert set(checks) == {"grading", "stub", "README", "release"}
    (problem,) = checks["grading"]["problems"]
    assert problem.startswith(
        "the solution, variant the_other_way_round.py and mutant one_too_many.py: a fault of ours"
    )
    assert "test_adding.py::test_add[1]: line 15: ZeroDivisionError" in problem
    assert checks["grading"]["detail"] == "3/4 of the course's own submissions can't be graded"
    assert result.output.count("ZeroDivisionError") == 1
    assert result.output.endswith("1 problem.\n")


def test_mutants_load_and_lose_what_line_1_says(validate, course):
    """Each that doesn't is named with its own reason, and only those that fail are counted."""
    folder = course.root / "solutions/adding/mutants"
    subtracts = (
        (folder / "one_too_many.py").read_text().partition("\n")[2].replace("+ y + 1", "- y")
    )
    alone = "def total(x, group):\n    return x\n"
    files = {
        "empty": "",
        "syntax": '"""Bad."""  # loses: add\ndef add(:\n',
        "imports": f'"""Bad."""  # loses: add\nfrom nothing import x_y\n{subtracts}    x_y()\n',
        "unmarked": f'"""Subtracts."""\n{subtracts}',
        "unknown": f'"""Subtracts."""  # loses: subtract\n{subtracts}',
        "blocked": f'"""Subtracts."""  # loses: add, total\n{subtracts}',
        "another": f'"""Sums nothing."""  # loses: add\n{alone}',
        "sound": f'"""Sums nothing."""  # loses: total\n{alone}',
        "survivor": f'"""Right."""  # loses: add\n{subtracts.replace("x - y", "y + x")}',
    }
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "folder.py").mkdir()
    (folder / "below").mkdir()
    (folder / "below" / "more.py").write_text(files["sound"])
    result, checks = validate()
    told = " ".join(checks["mutants"]["problems"])
    for words in (
        "mutants/empty.py: it is the solution; change what makes it a mutant, or delete the file",
        "mutants/syntax.py:2: invalid syntax",
        "mutant imports.py does not load: ModuleNotFoundError",
        "mutants/folder.py: can't be read: Is a directory",
        'mutant unmarked.py ("Subtracts."): line 1 does not say which item it loses',
        "mutant unknown.py (\"Subtracts.\"): line 1 names 'subtract', which is no rubric item",
        "mutant blocked.py (\"Subtracts.\"): 'total', which line 1 names, is only blocked",
        "mutant another.py (\"Sums nothing.\"): it does not lose 'add', as line 1 says, but total",
        'mutant survivor.py ("Right.") keeps 100/100',
        "below/more.py: not graded; each mutant is one .py file right in mutants/",
    ):
        assert words in told
    assert "sound.py" not in told
    assert "one_too_many" not in told
    assert len(checks["mutants"]["problems"]) == 10
    assert checks["mutants"]["detail"] == "6/11 mutants fail"
    assert result.output.endswith("10 problems.\n")


def test_stub_and_solution_ask_for_the_same(validate, course):
    """Every function of the solution is in the stub, with the same parameters, and vice versa."""
    edit(
        course.root / "solutions/adding/adding.py",
        "def total(x, group):",
        "def helps(x):\n    return x\n\n\ndef _own(x):\n    return x\n\n\ndef total(y, group):",
    )
    edit(course.root / "solutions/adding/adding.py", "all_reduce(x)", "all_reduce(y)")
    edit(
        course.root / "assignments/adding/adding.py",
        "def total(",
        'def more(x):\n    raise NotImplementedError("more: x")\n\n\ndef total(',
    )
    _, checks = validate()
    assert checks["stub"]["problems"][-3:] == [
        "the solution has helps(x), and the stub has no helps; write it there, or call it _helps",
        "the stub has total(x, group), and the solution has total(y, group)",
        "the stub has more, and the solution does not",
    ]


def test_types_are_no_difference_between_stub_and_solution(validate, course):
    """A default is: whoever reads the stub leaves the argument out."""
    path = course.root / "solutions/adding/adding.py"
    edit(path, "def add(x, y):", 'def add(x: "float", y: "float"):')
    _, checks = validate()
    assert checks["stub"]["passed"]
    edit(path, 'y: "float"):', 'y: "float" = 0):')
    _, checks = validate()
    assert checks["stub"]["problems"] == [
        "the stub has add(x, y), and the solution has add(x, y=0)"
    ]


def test_a_stub_that_does_not_load_is_told_once(validate, course):
    """Not once more for each of its functions."""
    path = course.root / "assignments/adding/adding.py"
    path.write_text(f"import nothing_of_that_name\n{path.read_text()}")
    _, checks = validate()
    (problem,) = checks["stub"]["problems"]
    assert problem.startswith("the stub does not load: ModuleNotFoundError")


def test_variants_are_counted_truly(validate, course):
    """One that does not load is told as that; what passes is told with how many there are."""
    path = course.root / "solutions/adding/variants/broken.py"
    path.write_text('"""Breaks (whole file)"""\n1 / 0\n')
    _, checks = validate()
    (problem,) = checks["variants"]["problems"]
    assert problem.startswith("variant broken.py does not load: ZeroDivisionError")
    assert checks["variants"]["detail"] == "1/2 variants pass"


def test_progress_counts_every_submission(course):
    """How many there will be, and each that is graded; the checks come when it is over."""
    seen = []

    class Watching:
        def __enter__(self):
            seen.append("begin")
            return self

        def __exit__(self, *_):
            seen.append("end")

        def start(self, total):
            seen.append(total)

        def step(self):
            seen.append("step")

    checks = []
    for each in validate_course(course, ["adding"], probe().level, 1, Watching):
        checks.append(each.name)
        assert "end" in seen, "told before all was graded"
    total = seen[1]
    assert seen == ["begin", total, *["step"] * total, "end"]
    assert checks[0] == "solution"
    assert total > 15


def test_progress_is_plain_counts_where_there_is_no_terminal(validate, course):
    """A line once in fifty submissions."""
    mutant = course.root / "solutions/adding/mutants/one_too_many.py"
    for number in range(40):
        mutant.with_name(f"copy_{number}.py").write_text(mutant.read_text())
    result, _ = validate("adding")
    assert any(line.startswith("50/61  ") for line in result.output.splitlines())


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
