"""The command that runs the public checks once: check."""

from pathlib import Path

import click

from grader.cli import hints, shell
from grader.cli.group import Exit
from grader.cli.levels import best_level, isolation_option
from grader.cli.printing import CheckPrinter
from grader.sandbox import Level
from grader.student.checking import check_once, checked_of, work_of
from grader.student.workspace import find_workspace
from grader.suite.run import SuiteRun


@click.command(epilog="Example: shardlab check tp-sharding")
@shell.own_lab_argument
@click.option("--all", "keep_going", is_flag=True, help="Go on after the first failing item.")
@click.option(
    "--picture",
    type=shell.FILE,
    metavar="FILE.svg",
    help="When all checks pass, write the picture of your own run.",
)
@click.option("--show-output", is_flag=True, help="Show what passing functions print, too.")
@click.option(
    "--output",
    type=shell.FILE,
    metavar="FILE",
    help="Write all that your functions print to FILE, case by case.",
)
@isolation_option
@shell.json_option
def check(
    slug: str | None,
    keep_going: bool,
    picture: Path | None,
    show_output: bool,
    output: Path | None,
    isolation: Level | None,
    json_path: Path | None,
) -> None:
    """Run the public checks, and explain the first that fails."""
    if picture is not None and picture.suffix != ".svg":
        raise click.BadParameter(f"{picture} does not end in .svg", param_hint="--picture")
    here = find_workspace(Path.cwd(), slug)
    submission = work_of(here)
    if submission.problem:
        shell.say(f"{here.file}: {submission.problem}")
        unrun = {"lab": here.lab.slug, "problem": submission.problem, "results": []}
        shell.write_json(json_path, unrun)
        shell.finish(Exit.FALLS_SHORT)
    if here.public_suite_changed:
        shell.say("Note: test_public.py is not as released; these are your own checks.")
    printer = CheckPrinter(here.lab, keep_going=keep_going, prints=show_output)
    run = check_once(
        here,
        best_level(isolation),
        submission=submission,
        on_result=printer.case,
        stop_early=not keep_going,
    )
    printer.end(run)
    if output is not None:
        shell.write_text(output, printer.output() or "Nothing was printed.\n")
        shell.say(f"Wrote {output}, what your functions printed.")
    hints.remember_check(here, checked_of(run), printer.first_failed)
    if not printer.first_failed:
        hints.say_predictions(here)
    if picture is not None:
        _write_picture(picture, run, passed=not printer.first_failed)
    judged = {"lab": here.lab.slug, "problem": "", "results": printer.as_data()}
    shell.write_json(json_path, judged)
    shell.finish(Exit.FALLS_SHORT if printer.first_failed else Exit.DONE)


def _write_picture(path: Path, run: SuiteRun, passed: bool) -> None:
    """Writes FILE.svg; where there are more drawings than one, FILE-2.svg and so on."""
    drawings = run.drawings if passed else ()
    for number, drawing in enumerate(drawings, 1):
        target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        shell.write_text(target, drawing.svg())
        shell.say(f"Wrote {target}, the picture of your own run.")
    if not drawings:
        shell.say("No picture: " + ("this lab draws none." if passed else "not all checks pass."))
