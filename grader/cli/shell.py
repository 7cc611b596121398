"""What all commands share: common options, where the course is, how output looks.

Every command imports this, so nothing here takes long to import: what opens a gradebook is in
`book`, what runs submissions in `levels`.
"""

import contextlib
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from grader.cli.group import wrapped
from grader.course import Course, Lab, find_course, load_course
from grader.course.key import Approve, KeyKind
from grader.errors import UsageError
from grader.files.writing import write_whole
from grader.gradebook.points import Points, plain_number, points_from
from grader.results import Finding

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
ANY_PATH = click.Path(path_type=Path)
_COURSE = "grader.cli.course"
_JSON_OUT = "grader.cli.json_out"  # standard output, where it is the JSON's alone


def _note_json(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Keeps standard output for the JSON: whatever prints, in whichever thread, has the other."""
    if str(path) == "-":
        context.meta[_JSON_OUT] = sys.stdout
        context.with_resource(contextlib.redirect_stdout(sys.stderr))
    return path


def lab_name(value: str) -> str:
    """A lab's name, without the slash that the Tab key puts behind a folder's."""
    return value.rstrip("/") or value


lab_argument = click.argument("slug", metavar="LAB", type=lab_name)
own_lab_argument = click.argument("slug", required=False, metavar="[LAB]", type=lab_name)
json_option = click.option(
    "--json",
    "json_path",
    is_eager=True,  # before anything else is said
    callback=_note_json,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Also write the result as JSON to FILE; '-' is standard output, for nothing else then.",
)
db_option = click.option(
    "--db",
    metavar="URL",
    help="The gradebook: a file, or postgresql://...; else SHARDLAB_DB, else the course's own.",
)
text_option = click.option("--text", is_flag=True, help="Print all of it as text.")
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=lambda: os.cpu_count() or 1,
    help="Submissions graded at once; one per core by default.",
)


class _PointsType(click.ParamType[Points]):
    """Points as a person writes them: 8 or 7.5."""

    name = "points"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Points:
        if not isinstance(value, str):
            found: Points = value
            return found
        if value.startswith("--"):  # the command takes `-1` for points, to say what is wrong
            raise click.NoSuchOption(value, ctx=ctx)
        try:
            return points_from(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


POINTS = _PointsType()


def course() -> Course:
    """The course that the command is about, read once."""
    context = click.get_current_context()
    if _COURSE not in context.meta:
        given: Path | None = context.find_root().obj
        root = given if given is not None else find_course(Path.cwd())
        context.meta[_COURSE] = load_course(root, _approver(root))
    found: Course = context.meta[_COURSE]
    return found


def _approver(root: Path) -> Approve:
    """Asks the gradebook that the command is about, once a key is needed."""
    made = list[Approve]()

    def approve(kind: KeyKind, fingerprint: str, note: str = "") -> None:
        if not made:
            # most commands need no key, and this takes longer to import than they do
            from grader.cli.approval import approver_of  # noqa: PLC0415

            made.append(approver_of(root))
        made[0](kind, fingerprint, note)

    return approve


def labs(of: Course, slugs: Iterable[str]) -> list[Lab]:
    """The labs that were named; without names all of the course."""
    return [of.lab(slug) for slug in slugs] or of.labs()


def present(paths: Sequence[Path], then: str) -> list[Path]:
    """The paths at which something lies; the others are told, and what is done for all that."""
    there = [path for path in paths if os.path.lexists(path)]
    for path in [path for path in paths if path not in there]:
        say_error(f"{path}: no such file or folder; {then}")
    return there


def write_json(path: Path | None, value: Any) -> None:
    """Writes the value, whole or not at all; to standard output where the path is '-'.

    Beside each `finding` stands its text as `message`, for readers that show it as it is.
    """
    if path is None:
        return
    plain = _with_messages(msgspec.to_builtins(value, builtin_types=(Decimal,)))
    text = json.dumps(plain, indent=2, ensure_ascii=False, default=plain_number) + "\n"
    # half a surrogate pair, from a file's name perhaps, can only be written as JSON escapes it
    text = text.encode("utf-8", "backslashreplace").decode()
    if str(path) == "-":
        click.echo(text, nl=False, file=click.get_current_context().meta[_JSON_OUT])
    else:
        write_text(path, text)


def _with_messages(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_with_messages(each) for each in value]
    if not isinstance(value, dict):
        return value
    told = {name: _with_messages(each) for name, each in value.items()}
    if "finding" in told:
        # the package above it takes longer to import than most commands take
        from grader.suite.explain.message import message_of  # noqa: PLC0415

        told["message"] = message_of(msgspec.convert(told["finding"], Finding))
    return told


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Writes the file, whole or not at all."""
    if not path.name:
        raise UsageError(f"{path} is a folder; name a file")
    write_whole(path, text.encode(encoding))


def say(*lines: str) -> None:
    """Prints lines at once, even into a pipe."""
    for line in lines:
        click.echo(line)
    sys.stdout.flush()


def say_error(text: str) -> None:
    """Prints on standard error what is wrong, where the command goes on for all that."""
    click.echo(f"Error: {wrapped(text)}", err=True)


def folded(
    text: str, first: str = "", rest: str = "", width: int = 78, *, whole: bool = False
) -> list[str]:
    """The text in lines of that width, with `first` and `rest` before them.

    With `whole`, a word stays whole in one line however long it is: a path, to be copied.
    """
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=not whole,
        break_on_hyphens=not whole,
    )


def word(text: str, colour: str) -> str:
    """A status word, coloured where colours are wanted; the word alone carries the meaning."""
    return click.style(text, fg=colour, bold=True)


def good(passed: bool, yes: str = "PASS", no: str = "FAIL", otherwise: str = "red") -> str:
    """The word for a pass in green, or the other one."""
    return word(yes, "green") if passed else word(no, otherwise)


def say_zone(of: Course) -> None:
    """Says that times are UTC where the course names no zone."""
    if not of.timezone:
        say("Times are UTC, and so are days: course.toml has no timezone.")


def is_interactive() -> bool:
    """Whether a person is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def finish(code: int) -> NoReturn:
    """Ends the command with an exit code."""
    raise click.exceptions.Exit(code)
