"""At which level of isolation a command runs submissions."""

import click

from grader.cli import shell
from grader.errors import SandboxError
from grader.sandbox import Level, probe

isolation_option = click.option(
    "--isolation",
    type=click.Choice(tuple(reversed(Level)), case_sensitive=False),
    help="Run at this level of isolation; see 'shardlab doctor'.",
)


def best_level(asked: Level | None) -> Level:
    """The level asked for, else the best that this machine reaches."""
    return probe().level if asked is None else asked


def required_level(asked: Level | None) -> Level:
    """The level for others' work: full, unless less was asked for by name; never silently less."""
    wanted = Level.FULL if asked is None else asked
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


def say_level(level: Level) -> None:
    """Prints at which level the command runs what it runs."""
    shell.say(f"Isolation level {int(level)} ({level.word}).")
