"""Commands for authors but for validate: mutant, release, demo."""

import time
from pathlib import Path

import click

from grader.cli import levels, results, shell
from grader.cli.group import Exit
from grader.grading import Settings, grade_all
from grader.results import WITHHELD
from grader.sandbox import probe
from grader.validation.demo import demo_class
from grader.validation.release import release as release_lab
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


@click.command(epilog="Example: shardlab release tp-sharding --to tp-sharding.zip")
@shell.lab_argument
@click.option("--to", "target", type=shell.FILE, help="The zip to write; LAB.zip by default.")
def release(slug: str, target: Path | None) -> None:
    """Write the bundle for students, if nothing hidden is in it."""
    course = shell.course()
    target = target or Path(f"{slug}.zip")
    members = release_lab(course, course.lab(slug), target)
    shell.say(f"Wrote {target}: {len(members)} files.", *(f"  {name}" for name in members))
    shell.say(f"Students: unzip it into a new folder, then in its folder: shardlab start {slug}")


@click.command(epilog="Example: shardlab demo")
@shell.jobs_option
def demo(jobs: int) -> None:
    """Grade a class with good, wrong and hostile members.

    All of them come with the course, the hostile ones too; so they are run at the best isolation
    that this machine has. The first line says which that is.
    """
    course, found = shell.course(), probe()
    levels.say_level(found.level)
    for layer in found.layers:
        if not layer.works:
            shell.say(f"  missing: {layer.name}. {layer.mend}")
    lab, submissions = demo_class(course)
    started = time.monotonic()
    with results.progress() as progress:
        progress.start(len(submissions))
        settings = Settings(lab, found.level)
        graded = grade_all(settings, submissions, jobs, lambda _: progress.step())
    results.print_table([(each.submission, each) for each in graded])
    shell.say(results.summary(graded, time.monotonic() - started))
    faults = any(result.status == WITHHELD for result in graded)
    shell.finish(Exit.OUR_FAULT if faults else Exit.DONE)
