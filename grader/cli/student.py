"""Commands for students: list, start, check, hint, reset, predict, doctor."""

import importlib.util
import platform
import textwrap
from pathlib import Path

import click

from grader.cli import printing, shell
from grader.evidence import nonce_of
from grader.sandbox import Layer, probe
from grader.student import workspace
from grader.student.checking import check_once, work_of
from grader.student.workspace import find_workspace
from grader.suite.run import SuiteRun

_slug = click.argument("slug", required=False, metavar="[LAB]")


@click.command("list", epilog="Example: shardlab list")
@click.pass_context
def list_labs(context: click.Context) -> None:
    """Show the labs of the course, in the order to work them."""
    course = shell.course_of(context)
    shell.say(course.name)
    for lab in course.labs():
        about = lab.assignment
        shell.say(f"  {about.slug:<18}{about.title:<34}{about.minutes:>4} min  {about.device}")


@click.command(epilog="Example: shardlab start tp-sharding")
@click.argument("slug", metavar="LAB")
@click.option(
    "--in",
    "parent",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="Make the folder here.",
)
@click.option("--nonce", default="", help="Your challenge, for a lab with a trace: from staff.")
@click.option(
    "--student", metavar="ID", help="For staff: this student's challenge, made with the course key."
)
@click.pass_context
def start(context: click.Context, slug: str, parent: Path, nonce: str, student: str | None) -> None:
    """Make a folder with a lab's hand-out, stub and public tests."""
    course = shell.course_of(context)
    if student is not None:
        nonce = nonce_of(course.key(), slug, student)
    made = workspace.start(course.lab(slug), parent, nonce, course)
    about, count = made.lab.assignment, len(made.lab.functions)
    shell.say(
        f"Created {slug}/: README.md, {about.file} ({count} functions), test_public.py",
        *textwrap.wrap(about.goal, 80),
        f"About {about.minutes} min. {about.device}. Works offline.",
        f"Next: read {slug}/README.md, then: cd {slug} && shardlab check",
    )
    if made.lab.assignment.trace and made.nonce_is_practice:
        shell.say("No nonce given: captures are for practice. Ask staff for yours, then start anew")


@click.command(epilog="Example: shardlab check tp-sharding")
@_slug
@click.option("--all", "keep_going", is_flag=True, help="Go on after the first failing item.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg",
    help="When all checks pass, write the picture of your own run.",
)
@shell.isolation_option
@shell.json_option
def check(
    slug: str | None,
    keep_going: bool,
    picture: Path | None,
    isolation: str | None,
    json_path: Path | None,
) -> None:
    """Run the public checks on your file and explain the first that fails."""
    if picture is not None and picture.suffix != ".svg":
        raise click.BadParameter(f"{picture} does not end in .svg", param_hint="--picture")
    here = find_workspace(Path.cwd(), slug)
    submission = work_of(here)
    if submission.problem:
        shell.say(f"{here.file}: {submission.problem}")
        unrun = {"lab": here.lab.slug, "problem": submission.problem, "results": []}
        shell.write_json(json_path, unrun)
        shell.finish(shell.FALLS_SHORT)
    if here.public_suite_changed:
        shell.say("Note: test_public.py is not as released; these are your own checks.")
    printer = printing.CheckPrinter(here.lab, keep_going=keep_going)
    run = check_once(
        here,
        shell.best_level(isolation),
        submission=submission,
        on_result=printer.case,
        stop_early=not keep_going,
    )
    printer.end(run)
    printing.remember_first_failure(here, printer.first_failed)
    if not printer.first_failed:
        printing.say_predictions(here)
    if picture is not None:
        _write_picture(picture, run, passed=not printer.first_failed)
    judged = {"lab": here.lab.slug, "problem": "", "results": printer.as_data()}
    shell.write_json(json_path, judged)
    shell.finish(shell.FALLS_SHORT if printer.first_failed else shell.DONE)


def _write_picture(path: Path, run: SuiteRun, passed: bool) -> None:
    """Writes FILE.svg; where there are more drawings than one, FILE-2.svg and so on."""
    drawings = run.drawings if passed else ()
    for number, drawing in enumerate(drawings, 1):
        target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        shell.write_text(target, drawing.svg())
        shell.say(f"Wrote {target}, the picture of your own run.")
    if not drawings:
        shell.say("No picture: " + ("this lab draws none." if passed else "not all checks pass."))


@click.command(epilog="Example: shardlab hint tp-sharding")
@_slug
@click.option("--item", help="A rubric item; else the one that failed in the last check.")
def hint(slug: str | None, item: str | None) -> None:
    """Show the next of three hints for what failed last."""
    printing.say_hint(find_workspace(Path.cwd(), slug), item or "")


@click.command(epilog="Example: shardlab reset tp-sharding")
@_slug
def reset(slug: str | None) -> None:
    """Bring the stub back; your file is kept beside it."""
    here = find_workspace(Path.cwd(), slug)
    kept = here.reset()
    shell.say(
        f"{here.file.name} is the stub again." + (f" Yours is kept as {kept.name}." if kept else "")
    )


@click.command(epilog="Example: shardlab predict tp-sharding")
@_slug
def predict(slug: str | None) -> None:
    """Answer the lab's three questions before you run it. Ungraded, kept on this machine."""
    here = find_workspace(Path.cwd(), slug)
    state = here.state()
    for number, each in enumerate(here.lab.assignment.predict, 1):
        shell.say(*textwrap.wrap(f"{number}. {each.question}", 78, subsequent_indent="   "))
        known = state.predictions.get(each.question, "")
        state.predictions[each.question] = click.prompt(
            "   Your prediction", default=known or None, show_default=bool(known)
        )
        here.remember(state)
    shell.say("Kept. Once all public checks pass, 'shardlab check' shows the answers, too.")


@click.command(epilog="Example: shardlab doctor")
@shell.json_option
def doctor(json_path: Path | None) -> None:
    """Show what this machine can isolate, and what would bring the rest."""
    found = probe()
    shell.say(f"Isolation level {int(found.level)} ({found.level.word})")
    for layer in found.layers:
        _say_layer(layer)
    torch = "there" if importlib.util.find_spec("torch") else "absent (extra: shardlab[torch])"
    shell.say(f"Python {platform.python_version()} on {platform.system()}; torch {torch}")
    if found.level.word == "none":
        shell.say("Your own work can be checked here. Others' work should not be graded here.")
    shell.write_json(
        json_path,
        {
            "level": found.level.word,
            "layers": [
                {
                    "name": layer.name,
                    "works": layer.works,
                    "reason": layer.reason,
                    "mend": layer.mend,
                }
                for layer in found.layers
            ],
        },
    )


def _say_layer(layer: Layer) -> None:
    status = shell.word("ok     ", "green") if layer.works else shell.word("missing", "yellow")
    shell.say(f"  {status}  {layer.name}")
    if layer.works:
        return
    for label, text in (("why", layer.reason), ("mend", layer.mend)):
        shell.say(
            *textwrap.wrap(
                f"{label}: {text}", 78, initial_indent=" " * 11, subsequent_indent=" " * 17
            )
        )


COMMANDS = (list_labs, start, check, hint, predict, reset, doctor)
