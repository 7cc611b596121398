"""The examples of a hand-out are run as a reader would, and each failure is told by its line."""

import pytest

from grader.validation import handout
from grader.validation.handout import examples, run_examples


@pytest.fixture
def run(tmp_path):
    """Runs a text's examples; the path is cut from the problems."""

    def of(text):
        path = tmp_path / "README.md"
        path.write_text(text, "utf-8")
        count, problems = run_examples(path)
        return count, [problem.removeprefix(str(path)) for problem in problems]

    return of


GOOD = "# Title\n\n```python\nassert 1 + 1 == 2\n```\n"


def test_examples_that_hold_are_counted(run):
    """Each block once."""
    assert run(GOOD * 3) == (3, [])


def test_a_text_without_examples_runs_nothing(run):
    """Other languages are none of ours."""
    assert run("text\n```text\nraise\n```\n```toml\na = 1\n```\n") == (0, [])


def test_each_failure_is_told_by_its_line(run):
    """File, line in the text, kind and words; the blocks after it run all the same."""
    wrong = "```python\nx = 1\nassert x == 2, 'x is 1'\n```\n```python\nraise KeyError(3)\n```\n"
    assert run(f"{GOOD}\n{wrong}") == (3, [":9: AssertionError: x is 1", ":12: KeyError: 3"])


def test_a_syntax_error_is_told_by_its_line(run):
    """In the text, not in the block."""
    assert run("a\n```python\nx = 1\nx = = 2\n```\n") == (
        1,
        [":4: SyntaxError: invalid syntax"],
    )


def test_an_error_deep_below_is_told_by_the_readers_line(run):
    """Where the example called it."""
    count, (problem,) = run("```python\nimport json\njson.loads('{')\n```\n")
    assert count == 1
    assert problem.startswith(":3: JSONDecodeError: ")


def test_blocks_share_nothing(run):
    """A reader may run any one of them alone."""
    assert run("```python\nx = 1\n```\n```python\nx\n```\n") == (
        2,
        [":5: NameError: name 'x' is not defined"],
    )


@pytest.mark.parametrize("fence", ["```python \n", "```python\t\n"])
def test_blanks_behind_a_fence_hide_no_block(tmp_path, fence):
    """What looks like an example is one."""
    (tmp_path / "a.md").write_text(f"{fence}x = 1\n```\n", "utf-8")
    assert examples(tmp_path / "a.md") == [(1, "x = 1\n")]


def test_a_forgotten_fence_is_noticed(run):
    """The rest of the text is no Python, so the block fails instead of never being run."""
    count, (problem,) = run("```python\nx = 1\n\nAnd so on and on.\n")
    assert count == 1
    assert "SyntaxError" in problem


@pytest.mark.parametrize(
    "line",
    [
        "import sys; sys.stderr.write('noise')",
        "import sys; sys.stderr.write('[]')",
        "import sys; sys.stdout.write('noise')",
        "import sys; sys.stderr = None",
        "print('[]')",
    ],
)
def test_output_of_an_example_is_no_problem(run, line):
    """Whatever it prints, and wherever to, is not taken for the outcome."""
    assert run(f"```python\n{line}\n```\n") == (1, [])
    count, problems = run(f"```python\n{line}\nassert False\n```\n")
    assert (count, len(problems)) == (1, 1)


def test_an_example_that_ends_python_is_told(run):
    """Silence is never a pass."""
    for code in (0, 3):
        assert run(f"```python\nimport os\nos._exit({code})\n```\n") == (
            1,
            [f": the examples ended Python with code {code}"],
        )


def test_an_example_that_exits_is_told_by_its_line(run):
    """And those after it still run."""
    assert run("```python\nraise SystemExit\n```\n" + GOOD)[1] == [":2: SystemExit: "]


def test_an_example_that_does_not_end_is_told(run, monkeypatch):
    """There is a limit for all of them together."""
    monkeypatch.setattr(handout, "_SECONDS", 0.2)
    assert run("```python\nwhile True: pass\n```\n") == (
        1,
        [": the examples run for more than 0.2 s"],
    )
