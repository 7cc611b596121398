"""The command line: thin commands over functions that can be called without click.

A module holds commands that belong together. Commands import what they need when they run, so
that `--help` and shell completion answer at once.
"""

from pathlib import Path

import click

from grader import __version__
from grader.cli import (
    author,
    exports,
    gradebook,
    grading,
    handin,
    notebooks,
    receipts,
    report,
    similar,
    student,
    traces,
    watch,
)
from grader.cli.shell import Group


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit codes: 0 passed or done, 1 the work falls short, 2 usage, 3 the grader's fault.",
)
@click.version_option(__version__, prog_name="shardlab")
@click.option(
    "--course",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SHARDLAB_COURSE",
    help="The course's folder; else the nearest one with a course.toml.",
)
@click.pass_context
def main(context: click.Context, course: Path | None) -> None:
    """Autograded labs on distributed LLM inference, and the grader that runs them.

    \b
    Students:     shardlab list, start, check, watch, hint, submit, status
    Instructors:  shardlab collect, grade, report, feedback, publish, export
    Authors:      shardlab validate, mutant, release, demo
    """  # noqa: D301 - \b keeps click from joining the lines
    context.obj = course


for _command in (
    *student.COMMANDS,
    *watch.COMMANDS,
    *traces.COMMANDS,
    *handin.COMMANDS,
    *receipts.COMMANDS,
    *grading.COMMANDS,
    *gradebook.COMMANDS,
    *report.COMMANDS,
    *exports.COMMANDS,
    *similar.COMMANDS,
    *notebooks.COMMANDS,
    *author.COMMANDS,
):
    main.add_command(_command)
