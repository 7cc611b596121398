"""The README keeps its word."""

import os
import re
import subprocess

import pytest

from grader.cli import main
from grader.validation.handout import run_examples


def test_the_python_examples_run(repository):
    """Every Python block of the README runs by itself."""
    count, problems = run_examples(repository / "README.md")
    assert count >= 1
    assert problems == []


def test_every_command_that_is_named_exists(repository):
    """What the README tells to type, `shardlab --help` lists."""
    text = (repository / "README.md").read_text()
    named = set(re.findall(r"shardlab ([a-z]+)", text))
    assert named <= set(main.list_commands(None))


def test_the_two_commands_are_targets_of_the_makefile(repository):
    """`make demo` and `make test` are there."""
    for target in ("demo", "test"):
        ended = subprocess.run(
            ["make", "--dry-run", target],
            cwd=repository,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("target", ["demo", "test", "wheel", "release"])
def test_make_says_what_it_does_before_what_is_silent(repository, target):
    """Before pip, which says nothing for a minute, and before each further step stands a line."""
    command = ["make", "--always-make", "--dry-run", target]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ended = subprocess.run(
        command, cwd=repository, env=outside, capture_output=True, text=True, timeout=30, check=True
    )
    words = [line.split()[0].rpartition("/")[2] for line in ended.stdout.splitlines()]
    assert words[0] == "echo"
    for number, word in enumerate(words):
        if word in ("shardlab", "python3", "python"):  # at most two of them belong together
            assert "echo" in words[max(0, number - 2) : number], ended.stdout


def test_extras_are_installed_when_they_are_asked_for(repository):
    """What was installed without torch, `make demo` perhaps, is not taken for what has it."""
    stamps = {}
    for extras in ("sandbox,dev", "sandbox,dev,torch"):
        command = ["make", "--print-data-base", "--dry-run", "demo", f"EXTRAS={extras}"]
        ended = subprocess.run(
            command, cwd=repository, capture_output=True, text=True, timeout=30, check=True
        )
        stamps[extras] = re.findall(r"^demo: (.+)$", ended.stdout, re.MULTILINE)
    assert len({tuple(each) for each in stamps.values()}) == 2, stamps


def test_every_part_of_the_package_is_in_the_table(repository):
    """The table of parts names every module and package of `grader/`."""
    text = (repository / "README.md").read_text()
    table = text[text.index("| part of `grader/`") : text.index("Imports point down")]
    parts = {path.stem for path in (repository / "grader").iterdir() if path.suffix in ("", ".py")}
    for part in parts - {"__init__", "__pycache__", "errors"}:
        assert f"`{part}" in table, f"{part} is not in the README's table of parts"
