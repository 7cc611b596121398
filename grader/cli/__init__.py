"""The command line: thin commands over functions that can be called without click.

A module holds commands that belong together. It is imported when one of them is run, so that
`--help` and shell completion answer at once; what they need stands at its top.
"""

from pathlib import Path

import click

from grader import __version__
from grader.cli.group import LazyGroup

# For each heading of `shardlab --help`: command, where it is, and the first line of its own help.
COMMANDS = {
    "Students": {
        "list": ("labs:list_labs", "Show the labs of the course, in the order to work on them."),
        "start": ("workspace:start", "Make a folder with a lab's hand-out, stub and public tests."),
        "predict": ("workspace:predict", "Answer the lab's three questions before you run it."),
        "check": ("check:check", "Run the public checks, and explain the first that fails."),
        "watch": ("watch:watch", "Check again at every save."),
        "run": ("run:run", "Run one of your functions on ranks, to look on or to debug."),
        "hint": ("workspace:hint", "Show the next of three hints for what failed last."),
        "capture": ("capture:capture", "Run your file on real ranks, and write the trace."),
        "submit": ("submit:submit", "Hand in your file, whether the checks pass or not."),
        "status": ("receipts:status", "Show what you handed in, and which receipts have arrived."),
        "receipt": ("receipts:receipt", "Verify or show a receipt of what you handed in."),
        "update": (
            "update:update",
            "Bring a changed hand-out and tests; your file is not touched.",
        ),
        "reset": ("workspace:reset", "Bring the stub back, and keep your file beside it."),
        "doctor": ("doctor:doctor", "Show what this machine can isolate, and what it lacks."),
    },
    "Instructors": {
        "collect": ("collect:collect", "Take in what was handed in, and sign receipts."),
        "grade": ("grading:grade", "Grade what has no result yet, and record it."),
        "regrade": ("regrading:regrade", "Grade a lab again after its suite has changed."),
        "debug": ("debug:debug", "Show staff why hidden cases are lost: inputs, expected, got."),
        "grades": (
            "gradebook:grades",
            "Show every student's grade in a lab, and how it came about.",
        ),
        "attempt": ("attempt:attempt", "Show a student's attempts, or say which of them count."),
        "override": ("gradebook:override", "Set a student's points for a rubric item."),
        "extend": ("extending:extend", "Give one student a later deadline."),
        "publish": (
            "publishing:publish",
            "Record a lab's present scores as what students are told.",
        ),
        "feedback": ("feedback:feedback", "Make pages of feedback: for you, or for a class."),
        "report": ("report:report", "Make the class page: heat map, hardest items, scores."),
        "stats": (
            "report:stats",
            "Show a lab's scores, hardest items, broken invariants and time.",
        ),
        "export": ("exports:export", "Write grades for another system."),
        "similar": ("similar:similar", "List pairs of submissions that are alike."),
        "roster": ("roster:roster", "List students; add, rename, merge or drop them."),
        "keys": ("keys:keys", "Show whether the course's keys are those that the gradebook knows."),
        "backup": (
            "backups:backup",
            "Copy the whole gradebook into a new file, while others use it.",
        ),
        "restore": (
            "backups:restore",
            "Put the gradebook of a backup in the place of the present one.",
        ),
        "audit": ("history:audit", "Show every change to the gradebook: when, by whom, what."),
        "undo": ("history:undo", "Take back a change to the gradebook, by its number."),
        "nonce": ("workspace:nonce", "Print students' nonces, to hand out."),
        "notebook": ("notebooks:notebook", "Write a lab as nbgrader's source notebook."),
        "sync": ("sync:sync", "Exchange grades with another system that people grade in."),
    },
    "Authors": {
        "validate": ("validate:validate", "Prove that a course is right, fair and hard to cheat."),
        "mutant": ("author:mutant", "Show how a mutant or a variant differs from the solution."),
        "release": ("author:release", "Write the bundle for students, if nothing hidden is in it."),
        "demo": ("author:demo", "Grade a class with good, wrong and hostile members."),
    },
}


def _say_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from grader.engine import ENGINE  # noqa: PLC0415 - the overview needs no more than click

        click.echo(f"shardlab, version {__version__}, judging engine {ENGINE}")
        context.exit()


@click.group(
    cls=LazyGroup,
    package=__name__,
    sections=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit codes: 0 passed or done, 1 the work falls short, 2 usage, 3 the grader's fault.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Show the version, and what judges.",
)
@click.option(
    "--course",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SHARDLAB_COURSE",
    help="The course's folder; else the nearest one with a course.toml.",
)
@click.pass_context
def main(context: click.Context, course: Path | None) -> None:
    """Autograded labs on distributed LLM inference, and the grader that runs them."""
    context.obj = course
