"""What all commands share: options, where the course is, how output looks."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from grader.cli import group
from grader.errors import SandboxError, UsageError
from grader.files.writing import write_whole

if TYPE_CHECKING:
    from grader.course import Course
    from grader.gradebook.store import Gradebook
    from grader.sandbox import Level

LEVELS = ("full", "shared", "landlock", "none")
DONE, FALLS_SHORT = group.DONE, group.FALLS_SHORT
USAGE, OUR_FAULT = group.USAGE, group.OUR_FAULT

isolation_option = click.option(
    "--isolation",
    type=click.Choice(LEVELS),
    help="Run at this level of isolation; see 'shardlab doctor'.",
)
_COURSE = "grader.cli.course"
_JSON_SAID = "grader.cli.json_said"  # whether standard output is the JSON's alone


def _note_json(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    context.meta[_JSON_SAID] = str(path) == "-"
    return path


json_option = click.option(
    "--json",
    "json_path",
    callback=_note_json,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Also write the result as JSON to FILE, '-' for standard output, which then has no more.",
)
db_option = click.option(
    "--db",
    metavar="URL",
    help="The gradebook: a file, or postgresql://...; else SHARDLAB_DB, else the course's own.",
)


def course_of(context: click.Context) -> "Course":
    """The course that the command is about, read once."""
    from grader.course import find_course, load_course

    if _COURSE not in context.meta:
        given: Path | None = context.find_root().obj
        context.meta[_COURSE] = load_course(given if given is not None else find_course(Path.cwd()))
    course: Course = context.meta[_COURSE]
    return course


def gradebook_of(context: click.Context, db: str | None) -> "Gradebook":
    """The course's gradebook, opened; the caller closes it."""
    from grader.gradebook.store import Gradebook, url_of

    return Gradebook.open(url_of(course_of(context).root, db))


def best_level(asked: str | None) -> "Level":
    """The level asked for, else the best that this machine reaches."""
    from grader.sandbox import Level, probe

    return Level.from_word(asked) if asked else probe().level


def required_level(asked: str | None) -> "Level":
    """The level for others' work: full, unless less was asked for by name; never silently less."""
    from grader.sandbox import Level, probe

    wanted = Level.from_word(asked) if asked else Level.FULL
    found = probe()
    if found.level < wanted:
        missing = "\n".join(
            f"  {each.name}: {each.reason}\n    mend: {each.mend}"
            for each in found.layers
            if not each.works
        )
        raise SandboxError(
            f"isolation '{wanted.word}' is not to be had here, only '{found.level.word}':\n"
            f"{missing}\nMend that, or accept less by name: --isolation {found.level.word}"
        )
    return wanted


def write_json(path: Path | None, value: Any) -> None:
    """Writes the value, whole or not at all; to standard output where the path is '-'.

    Beside each `finding` stands its text as `message`, for readers that show it as it is.
    """
    if path is None:
        return
    import msgspec

    plain = _with_messages(msgspec.to_builtins(value))
    text = json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    # half a surrogate pair, from a file's name perhaps, can only be written as JSON escapes it
    text = text.encode("utf-8", "backslashreplace").decode()
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    write_text(path, text)


def _with_messages(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_with_messages(each) for each in value]
    if not isinstance(value, dict):
        return value
    told = {name: _with_messages(each) for name, each in value.items()}
    if "finding" in told:
        import msgspec

        from grader.results import Finding
        from grader.suite.explain.message import message_of

        told["message"] = message_of(msgspec.convert(told["finding"], Finding))
    return told


def write_text(path: Path, text: str) -> None:
    """Writes the file, whole or not at all."""
    if not path.name:
        raise UsageError(f"{path} is a folder; name a file")
    write_whole(path, text.encode())


def say(*lines: str) -> None:
    """Prints lines at once, even into a pipe; on standard error where JSON has the other."""
    context = click.get_current_context(silent=True)
    aside = context is not None and context.meta.get(_JSON_SAID, False)
    for line in lines:
        click.echo(line, err=aside)
    sys.stdout.flush()


def word(text: str, colour: str) -> str:
    """A status word, coloured where colours are wanted; the word alone carries the meaning."""
    return click.style(text, fg=colour, bold=True)


def finish(code: int) -> NoReturn:
    """Ends the command with an exit code."""
    raise click.exceptions.Exit(code)
