"""The group of all commands: loads the one that is asked for, and ends it well."""

import enum
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from grader.errors import CourseError, SandboxError, ShardlabError, StoreError, UsageError

if TYPE_CHECKING:  # imported where Tab is pressed
    from click.shell_completion import CompletionItem


class Exit(enum.IntEnum):
    """How a command ends; a script reads no more than this."""

    DONE = 0
    FALLS_SHORT = 1  # the student's or the course's work
    USAGE = 2  # as click has it
    OUR_FAULT = 3
    INTERRUPTED = 130  # as a shell has it


_ERROR = "Error: "
_EXITS: dict[type[ShardlabError], Exit] = {
    CourseError: Exit.FALLS_SHORT,
    SandboxError: Exit.OUR_FAULT,
    StoreError: Exit.OUR_FAULT,
    UsageError: Exit.USAGE,
}


class LazyGroup(click.Group):
    """A group that imports a command's module only to run it, or to show its own help.

    Errors that are ours become a line or two, and an exit code.

    `sections` has, for each heading of the help, the names of the commands below it. To each name
    belong `module:function` in the package, and the first line of the command's own help. The
    group's own options can be given after a command's name, too.
    """

    def __init__(
        self,
        *args: Any,
        package: str,
        sections: Mapping[str, Mapping[str, tuple[str, str]]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._package, self._sections = package, sections
        self._places = {name: place for each in sections.values() for name, place in each.items()}

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.exceptions.NoArgsIsHelpError:
            raise  # its text is the help
        except click.UsageError as error:
            raise click.UsageError(wrapped(error.format_message()), error.ctx) from None
        except ShardlabError as error:
            click.echo(f"{_ERROR}{wrapped(str(error))}", err=True)
            ctx.exit(_EXITS.get(type(error), Exit.OUR_FAULT))
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(Exit.INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._places:
            return None
        module, _, function = self._places[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(f"{self._package}.{module}"), function)
        assert isinstance(command, click.Command)
        self._with_own_options(command)
        return command

    def _with_own_options(self, command: click.Command) -> None:
        """Has the command, and those below it, take the group's options as if they stood before."""
        known = {each.name for each in command.params}
        for option in self.params:
            if (
                isinstance(option, click.Option)
                and option.expose_value
                and option.name not in known
            ):
                command.params.append(_given_later(option))
        for below in command.commands.values() if isinstance(command, click.Group) else ():
            self._with_own_options(below)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches  # noqa: PLC0415 - not for those who type it right

        if args[0] not in self._places and (close := get_close_matches(args[0], self._places, 3)):
            meant = " or ".join(f"'{each}'" for each in close)
            ctx.fail(f"No such command '{args[0]}'. Did you mean {meant}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for heading, places in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name, told) for name, (_, told) in places.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - not for --help

        found = [(n, told) for n, (_, told) in self._places.items() if n.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=told) for name, told in found), *options]


def _given_later(option: click.Option) -> click.Option:
    """The group's option for a command of it: what is given there replaces the group's value."""

    def note(context: click.Context, _: click.Parameter, value: Any) -> Any:
        if value is not None:
            context.find_root().obj = value
        return value

    from copy import copy  # noqa: PLC0415 - a command is to be run: nobody waits for this

    later = copy(option)
    later.callback, later.envvar, later.expose_value, later.hidden = note, None, False, True
    later.is_eager = True  # callbacks of the command's own options may ask for the value
    return later


def wrapped(text: str) -> str:
    """An error's text in lines of 80 columns, after its word; indented lines stay as they are."""
    import textwrap  # noqa: PLC0415 - only where there is an error

    lines: list[str] = []
    for line in f"{_ERROR}{text}".split("\n"):
        if not line or line.startswith(" "):
            lines.append(line)
        else:
            lines += textwrap.wrap(line, 80, break_long_words=False, break_on_hyphens=False)
    # a path too long for the first line may have left the word alone on it
    return "\n".join(lines).removeprefix(_ERROR.strip()).lstrip()
