"""Commands for authors but for validate: mutant, release, demo."""

import time
from pathlib import Path

import click

from grader.cli import levels, results, shell
from grader.cli.group import Exit
from grader.grading import Settings, grade_all
from grader.results import WITHHELD
from grader.sandbox import probe
from grader.text.shown import plural
from grader.validation.demo import demo_class
from grader.validation.labs_bundle import START_HERE
from grader.validation.release import release as release_labs
from grader.validation.showing import find_overlay, shown


@click.command(epilog="Example: shardlab mutant tp-sharding bias_on_every_rank")
@shell.lab_argument
@click.argument("name")
@click.option("--whole", is_flag=True, help="Print the whole submission instead, as a file.")
def mutant(slug: str, name: str, whole: bool) -> None:
    """Show how a mutant or a variant differs from the solution.

    NAME is that of its file, with or without .py; say mutants/NAME or variants/NAME where both
    have one.
    """
    course = shell.course()
    lab = course.lab(slug)
    found = find_overlay(lab, course.solutions(lab), name)
    if whole:
        click.echo(found.content, nl=False)
    else:
        shell.say(*shown(found))


@click.command(epilog="Example: shardlab release --wheel dist/shardlab-0.1.0-py3-none-any.whl")
@click.argument("slugs", nargs=-1, metavar="[LAB]...", type=shell.lab_name)
@click.option(
    "--to", "target", type=shell.FILE, help="The zip to write; labs.zip or LAB.zip by default."
)
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.whl",
    help="Put this package into the bundle, to be installed from it; 'make wheel' builds it.",
)
def release(slugs: tuple[str, ...], target: Path | None, wheel: Path | None) -> None:
    """Write the bundle for students, if nothing hidden is in it.

    Without a LAB it holds all labs, the guide to them, and what they refer to.
    """
    course = shell.course()
    target = target or Path(f"{slugs[0] if len(slugs) == 1 else 'labs'}.zip")
    names = release_labs(course, shell.labs(course, dict.fromkeys(slugs)), target, wheel)
    shell.say(f"Wrote {target}: {len(names)} files.", *(f"  {name}" for name in names))
    if wheel is None:
        shell.say("Note: it can't say where to install Shardlab from; --wheel FILE.whl adds that.")
    shell.say(f"Students: unzip it into a new folder, and read {START_HERE}.")


@click.command(epilog="Example: shardlab demo")
@click.argument("slug", required=False, metavar="[LAB]", type=shell.lab_name)
@shell.jobs_option
def demo(slug: str | None, jobs: int) -> None:
    """Grade a class with good, wrong and hostile members.

    Right and wrong answers are the course's own; the hostile ones, too, or ours. So they are run
    at the best isolation that this machine has. The first line says which that is.
    """
    course, found = shell.course(), probe()
    lab, submissions = demo_class(course, slug)
    levels.say_level(found.level)
    for layer in found.layers:
        if not layer.works:
            shell.say(f"  missing: {layer.name}. {layer.mend}")
    shell.say(f"{plural(len(submissions), 'submission')} of {lab.slug}")
    started = time.monotonic()
    with results.progress() as progress:
        progress.start(len(submissions))
        settings = Settings(lab, found.level)
        graded = grade_all(settings, submissions, jobs, lambda _: progress.step())
    results.print_table([(each.submission, each) for each in graded])
    shell.say(results.summary(graded, time.monotonic() - started))
    faults = any(result.status == WITHHELD for result in graded)
    shell.finish(Exit.OUR_FAULT if faults else Exit.DONE)
