"""`shardlab validate --mutate`: what it prints, writes and ends with."""

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.sandbox import probe

# Add is tested for one shape only; nothing else of it can go wrong unseen.
SOLUTION = '''\
"""The solution."""


def add(x, y):
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    return x + y


def total(x, group):
    return group.all_reduce(x)
'''


@pytest.fixture
def validate(course):
    """`shardlab validate` in the tiny course, at this machine's level."""
    (course.root / "solutions/adding/adding.py").write_text(SOLUTION)

    def run(*arguments):
        command = ["--course", course.root, "validate", "--jobs", 2, "--isolation",
                   probe().level.word, *arguments]  # fmt: skip
        return CliRunner().invoke(main, [str(each) for each in command])

    return run


def test_all_mutants_of_all_labs(validate, course):
    """A survivor falls short: where it stands, what it reads, whose cases missed it."""
    json_path, junit = course.root / "a.json", course.root / "a.xml"
    result = validate("--mutate", "--json", json_path, "--junit", junit)
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("add, line 5: comparison; items add")
    assert lines[start + 1 : start + 3] == [
        "    - if x.shape != y.shape:",
        "    + if x.shape < y.shape:",
    ]
    (lab,) = json.loads(json_path.read_text())["labs"]
    survivors = len(lab["survivors"])
    assert lines[-1] == (
        f"FAIL  adding           made {lab['made']}, killed {lab['killed']}, equivalent 0, "
        f"survive {survivors}"
    )
    assert lab["made"] == lab["killed"] + survivors
    assert {"function": "add", "after": "if x.shape < y.shape:", "kept_for": 20}.items() <= (
        next(each for each in lab["survivors"] if "<" in each["after"]).items()
    )
    (suite,) = ET.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "if x.shape < y.shape:" in ET.tostring(suite, "unicode").replace("&lt;", "<")


def test_nothing_that_survives_unmarked_is_a_pass(validate, course):
    """Exit 0, and the marked ones are counted."""
    validate("--mutate", "--json", course.root / "a.json")
    (lab,) = json.loads((course.root / "a.json").read_text())["labs"]
    marks = [
        f"[[equivalent]]\nfunction = '{each['function']}'\nfrom = '{each['before']}'\n"
        f"to = '{each['after']}'\nreason = 'for the sake of this test'\n"
        for each in lab["survivors"]
    ]
    (course.root / "solutions/adding/equivalent.toml").write_text("\n".join(marks))
    result = validate("--mutate")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].startswith("PASS  adding ")
    assert f"equivalent {len(marks)}, survive 0" in result.output


def test_a_sample_by_a_seed_can_be_had_again(validate, course):
    """The seed is said, given or not; the same one tries the same mutants."""
    given = validate("--mutate", 4, "--sample-seed", "one", "adding")
    assert "Samples of 4 mutants, by --sample-seed one." in given.output
    assert "(a sample of 4)" in given.output
    drawn = validate("--mutate", 4, "--json", course.root / "a.json")
    told = json.loads((course.root / "a.json").read_text())
    assert f"by --sample-seed {told['sample_seed']}." in drawn.output
    assert told["labs"][0]["tried"] == 4


def test_a_lab_may_be_named_after_the_option(validate):
    """`--mutate LAB` means that lab, though the option takes a number."""
    unknown = validate("--mutate", "ading")
    assert unknown.exit_code == 2
    assert "no lab 'ading'" in unknown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--mutate", "0"), "--mutate 0: give 1 or more"),
        (("--mutate", "-3"), "No such option"),
        (("--mutate", ""), "no lab ''"),
        (("--sample-seed", "a"), "--mutate N"),
        (("--mutate", "--sample-seed", "a"), "--mutate N"),
        (("--mutate", "adding", "--sample-seed", "a"), "--mutate N"),
    ],
)
def test_what_cannot_be_meant_is_refused(validate, arguments, told):
    """Before anything runs."""
    result = validate(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_a_lab_that_is_broken_is_told_and_the_others_run(validate, course):
    """Its problem is a line, not the end of the command."""
    (course.root / "solutions/adding/adding.py").write_text("def add(:\n")
    result = validate("--mutate", "--json", course.root / "a.json")
    assert result.exit_code == 1
    assert "adding.py:1:" in "".join(result.output.split())
    assert "FAIL  adding" in result.output
    assert json.loads((course.root / "a.json").read_text())["labs"][0]["problems"]
