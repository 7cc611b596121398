"""The command line as a whole: help, exit codes, errors in one line."""

import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from grader.cli import COMMANDS, main
from grader.cli.group import wrapped

# commands by what they have no use for: suites, pages and the gradebook; the latter two; pages
LIGHT = ("list", "start", "hint", "status", "doctor")
WITHOUT_GRADEBOOK = ("check", "watch", "submit", "validate")
WITHOUT_PAGES = ("collect", "grade", "grades", "export")
LINES = {name: told for section in COMMANDS.values() for name, (_, told) in section.items()}


def _commands():
    context = click.Context(main)
    return [pytest.param(main.get_command(context, name), id=name) for name in LINES]


@pytest.mark.parametrize("command", _commands())
def test_every_command_has_help_with_an_example(command):
    """Help says in a line what a command does, and shows a call that could be typed."""
    assert command.help
    assert command.epilog.startswith(f"Example: shardlab {command.name}")


@pytest.mark.parametrize("command", _commands())
def test_the_overview_says_what_the_command_says_of_itself(command):
    """The table, from which the overview is printed, has the first line of each command's help."""
    first = command.help.partition("\n")[0]
    assert first == LINES[command.name]
    assert len(first) <= 66


@pytest.mark.parametrize("command", [*LIGHT, *WITHOUT_GRADEBOOK, *WITHOUT_PAGES])
def test_a_command_imports_no_more_than_it_needs(command):
    """Listing runs no suite, checking opens no gradebook, and grading makes no page."""
    absent = {"sqlalchemy", "alembic", "jinja2", "rich", "torch", "dask", "nbformat"}
    absent |= {"pytest"} if command in LIGHT else set()
    absent -= {"sqlalchemy"} if command in WITHOUT_PAGES else set()
    code = f"import click, sys; from grader.cli import main; main.get_command(None, {command!r})"
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not set(ended.stdout.split()) & absent


def _modules_after(code):
    command = [sys.executable, "-c", f"import click, pathlib, sys\n{code}\nprint(*sys.modules)"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(ended.stdout.splitlines()[-1].split())


def test_the_overview_imports_nothing_but_click():
    """What `--help` takes beyond a bare interpreter is click's, and two modules of ours."""
    asked = "(['--help'], standalone_mode=False)"
    bare = _modules_after(f"click.Group('x', commands=[click.Command('y')]){asked}")
    full = _modules_after(f"from grader.cli import main\nmain{asked}")
    assert full - bare <= {"grader", "grader.cli", "grader.cli.group", "grader.errors"}


@pytest.mark.parametrize("command", _commands())
def test_help_fits_a_terminal(command):
    """No line of help is wider than 80 columns."""
    result = CliRunner().invoke(main, [command.name, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80


def test_help_names_every_command():
    """The overview lists every command, in a line that is whole and no wider than a terminal."""
    output = CliRunner().invoke(main, ["--help"], terminal_width=80).output
    assert [line for line in output.splitlines() if len(line) > 80] == []
    assert all(f"{name} " in output and told in output for name, told in LINES.items())


def test_completion_loads_no_command():
    """Names and lines come from the table: the Tab key is answered at once."""
    found = ShellComplete(main, {}, "shardlab", "").get_completions([], "gra")
    assert [(each.value, each.help) for each in found] == [
        (name, LINES[name]) for name in ("grade", "grades")
    ]


def test_a_mistyped_command_is_told_its_neighbours():
    """Who types `chek` is asked whether check was meant."""
    output = CliRunner().invoke(main, ["chek"]).output
    assert "Did you mean 'check'?" in output


def test_no_course_is_a_usage_error_with_its_mend(tmp_path, monkeypatch):
    """Away from any course, the message says how to name one."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["list"])
    assert result.exit_code == 2
    assert "--course" in result.output


def test_a_broken_course_names_file_and_key(course):
    """A wrong type in course.toml is told by file and key, with exit code 1."""
    (course.root / "course.toml").write_text('name = 3\nlabs = ["adding"]\n')
    result = CliRunner().invoke(main, ["--course", str(course.root), "list"])
    assert result.exit_code == 1
    assert "course.toml" in result.output
    assert "'name'" in result.output


def test_an_unknown_lab_is_told_with_those_there_are(course):
    """A typing error in a lab's name is answered with the names that exist."""
    result = CliRunner().invoke(main, ["--course", str(course.root), "start", "ading"])
    assert result.exit_code == 2
    assert "adding" in result.output


@pytest.mark.parametrize(
    "words",
    [["check"], ["grade", "adding", "--isolation", "none such"], ["export", "--to", "x", "y"]],
)
def test_errors_fit_a_terminal(words, tmp_path, monkeypatch):
    """Ours and click's own are told within 80 columns, without a word lost."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert max(map(len, result.output.splitlines())) <= 80
    last = result.output.partition("Error: ")[2].split()
    assert last[-1] in ("<lab>", "'none'.", "'nbgrader'.")


def test_what_is_indented_in_an_error_is_left_as_it_is(tmp_path, monkeypatch):
    """A command to copy stays on its line, however long."""
    command = f"  shardlab submit --pack {'x' * 90} --student s1"
    assert wrapped(f"no:\n{command}").splitlines() == ["no:", command]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_course_can_be_named_before_and_after_the_command(course, place, tmp_path, monkeypatch):
    """`shardlab start adding --course X` is what `shardlab --course X start adding` is."""
    monkeypatch.chdir(tmp_path)
    words = ["start", "adding"]
    words[place:place] = ["--course", str(course.root)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "adding").is_dir()


def test_what_stands_later_names_the_course(course, tmp_path, monkeypatch):
    """Of two, the later one counts, and both count more than the environment."""
    monkeypatch.setenv("SHARDLAB_COURSE", str(tmp_path / "environment"))
    words = ["--course", str(tmp_path / "before"), "list", "--course", str(course.root)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert CliRunner().invoke(main, words[:3]).exit_code == 1


def test_every_command_takes_the_options_of_the_group():
    """Commands of commands too; none has an option of that name with another meaning."""

    def below(command):
        yield command
        for each in command.commands.values() if isinstance(command, click.Group) else ():
            yield from below(each)

    context = click.Context(main)
    for name in LINES:
        for command in below(main.get_command(context, name)):
            options = [each for each in command.params if "--course" in each.opts]
            assert [each.name for each in options] == ["course"], command.name
