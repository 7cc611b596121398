"""`shardlab run`: a student's own function on ranks, in words and in a debugger."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from grader.cli import main

WORK = """\
import numpy as np


def add(x, y):
    return x + y


def total(x, group):
    print("I hold", x)
    return group.all_reduce(x)


def stuck(x, group):
    return x if group.rank else group.all_reduce(x)


def stopped(x, group):
    mine = x * 2
    breakpoint()
    return group.all_reduce(mine)


def _helper(x):
    return 1 / x


def deep(x):
    return _helper(x)
"""


@pytest.fixture
def work(tmp_path):
    """A student's file."""
    path = tmp_path / "work.py"
    path.write_text(WORK)
    return path


def run(*arguments):
    """`shardlab run …`, as typed."""
    return CliRunner().invoke(main, ["run", *map(str, arguments)])


def test_each_rank_is_told(work):
    """Values, prints by rank, and what the group was asked; the group is passed by itself."""
    done = run(work, "total", "Shards(np.arange(4), axis=0)", "--ranks", 2)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "[rank 0] I hold [0 1]",
        "[rank 1] I hold [2 3]",
        "total on 2 ranks returned:",
        "rank 0  array (2,) int64",
        "        [2 4]",
        "rank 1  the same",
        "The group was asked:",
        "rank 0  #1 all_reduce (2,) int64, 16 bytes",
        "rank 1  #1 all_reduce (2,) int64, 16 bytes",
    ]


def test_a_plain_function_runs_once(work):
    """Numbers, also negative ones, and what the file defines, by place or by name."""
    done = run(work, "add", "-1", "y=len(dir(np)) * 0 + 3")
    assert done.output.splitlines() == ["add on 1 rank returned:", "rank 0  2"]


def test_a_deadlock_is_explained(work):
    """Who waits for what; exit code 1."""
    done = run(work, "stuck", "np.ones(1)")
    assert done.exit_code == 1
    assert "rank 0 waits in all_reduce #1 (1) float64" in done.output
    assert "with NCCL this hangs" in done.output


def test_an_error_shows_the_students_own_lines(work):
    """From the student's file on, all of the frames, and none of ours."""
    done = run(work, "deep", "0")
    assert done.exit_code == 1
    assert "in deep" in done.output
    assert "in _helper" in done.output
    assert "ZeroDivisionError: division by zero" in done.output
    assert "grader" not in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "no function 'nope'"),
        (["add", "x y"], "SyntaxError"),
        (["add", "1", "z=nope"], "NameError"),
    ],
)
def test_bad_input_is_named(work, arguments, words):
    """Usage errors say which word can't be read; no helper of the file is offered."""
    done = run(work, *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert "_helper" not in done.output


def test_a_file_that_does_not_load_is_told(work):
    """With the line of the file."""
    work.write_text("import numpy\nraise SystemExit(3)\n")
    done = run(work, "add")
    assert done.exit_code == 1
    assert "line 2" in done.output


def test_a_breakpoint_stops_one_rank_after_the_other(work):
    """In a real process: the debugger sees rank 0's values, then rank 1's, and all goes on."""
    command = [sys.executable, "-c", "from grader.cli import main; main()", "run", str(work)]
    done = subprocess.run(
        [*command, "stopped", "PerRank([np.ones(1), np.full(1, 3.0)])"],
        input="p group.rank, mine\nc\np group.rank, mine\nc\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.index("(0, array([2.]))"), done.stdout.index("(1, array([6.]))")
    assert first < second < done.stdout.index("[8.]")


def test_after_an_error_the_debugger_looks_at_its_frame(work):
    """`--pdb` opens where the rank raised."""
    command = [sys.executable, "-c", "from grader.cli import main; main()", "run", str(work)]
    done = subprocess.run(
        [*command, "deep", "0", "--pdb"],
        input="p x\nq\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "return 1 / x" in done.stdout
