"""The command that says what this machine can do: doctor."""

import importlib.util
import platform
from pathlib import Path

import click

from grader.cli import shell
from grader.cli.tracked import warn_if_tracked
from grader.sandbox import Layer, Level, probe


@click.command(epilog="Example: shardlab doctor")
@shell.json_option
def doctor(json_path: Path | None) -> None:
    """Show what this machine can isolate, and what it lacks."""
    found = probe()
    shell.say(f"Isolation level {int(found.level)} ({found.level.word})")
    for layer in found.layers:
        _say_layer(layer)
    torch = "there" if importlib.util.find_spec("torch") else "absent (extra: shardlab[torch])"
    shell.say(f"Python {platform.python_version()} on {platform.system()}; torch {torch}")
    if found.level is Level.NONE:
        shell.say("Your own work can be checked here. Others' work should not be graded here.")
    warn_if_tracked()
    shell.write_json(json_path, {"level": found.level.word, "layers": found.layers})


def _say_layer(layer: Layer) -> None:
    shell.say(f"  {shell.good(layer.works, 'ok     ', 'missing', 'yellow')}  {layer.name}")
    if not layer.works:
        shell.say(*shell.folded(f"why: {layer.reason}", " " * 11, " " * 17))
        shell.say(*shell.folded(f"mend: {layer.mend}", " " * 11, " " * 17))
