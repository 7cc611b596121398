"""Commands for authors: validate, mutant, release, demo."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import mutation, results, shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.course import Course
    from grader.validation import Check

_KINDS = ("variant", "mutant")
_GOOD, _WRONG = 6, 12  # how many of the course's own right and wrong answers the demo grades


@click.command(epilog="Example: shardlab validate tp-sharding --junit report.xml")
@click.argument("slugs", nargs=-1, metavar="[LAB]...")
@click.option("--jobs", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
              help="Submissions graded at once; one per core by default.")  # fmt: skip
@shell.isolation_option
@shell.json_option
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write the checks as JUnit XML.")  # fmt: skip
@mutation.options
@click.pass_context
def validate(
    context: click.Context,
    slugs: tuple[str, ...],
    jobs: int,
    isolation: str | None,
    json_path: Path | None,
    junit: Path | None,
    mutate: str | None,
    sample_seed: str | None,
) -> None:
    """Prove the course: solutions, stubs, variants, mutants, hand-outs, release.

    Runs at the best isolation that this machine has: what it grades is the course's own. Of the
    labs that are not named, those that need what is not installed here are left out, and told.
    """
    from grader.errors import CourseError
    from grader.validation import Check
    from grader.validation import validate as validate_course

    try:
        course = shell.course_of(context)
    except CourseError as error:
        _write_junit(junit, [Check("course", "course.toml", passed=False, detail=str(error))])
        raise
    sample, slugs = mutation.asked_for(mutate, sample_seed, slugs)
    for slug in slugs:
        with contextlib.suppress(CourseError):  # validation tells what is wrong with it
            course.lab(slug)  # an unknown one is refused before anything runs
    level = shell.best_level(isolation)
    shell.say(f"Isolation level {int(level)} ({level.word}).")
    left_out = [] if slugs else [slug for slug in course.slugs if _say_if_absent(course, slug)]
    names = [slug for slug in slugs or course.slugs if slug not in left_out]
    if mutate is not None:
        hunts = mutation.hunt_all(course, names, level, jobs, sample)
        facts = {"isolation": level.word, "left_out": left_out}
        mutation.finish(hunts, facts, sample, json_path, junit)
    checks = []
    for check in validate_course(course, names, level, jobs, results.progress):
        _say_check(check)
        checks.append(check)
    problems = sum(len(check.problems) or 1 for check in checks if not check.passed)
    shell.say(f"{problems or 'No'} problem{'' if problems == 1 else 's'}.")
    shell.write_json(json_path, {"isolation": level.word, "left_out": left_out, "checks": checks})
    _write_junit(junit, checks)
    shell.finish(shell.FALLS_SHORT if problems else shell.DONE)


def _write_junit(path: Path | None, checks: "Sequence[Check]") -> None:
    from grader.exports.junit import junit_xml

    if path is not None:
        rows = [(check.lab, check.name, "\n".join(check.problems) or check.detail, check.passed)
                for check in checks]  # fmt: skip
        shell.write_text(path, junit_xml("shardlab validate", rows))


def _say_if_absent(course: "Course", slug: str) -> bool:
    """Whether the lab needs a library that is not installed, which is said."""
    from grader.errors import CourseError, SandboxError
    from grader.sandbox import check_installed

    try:
        check_installed(course.lab(slug).assignment.preload)
    except SandboxError as error:
        shell.say(f"{shell.word('SKIP', 'yellow')}  {slug:<16} {error}")
        return True
    except CourseError:
        return False  # validation tells what is wrong with it
    return False


def _say_check(check: "Check") -> None:
    status = shell.word("PASS", "green") if check.passed else shell.word("FAIL", "red")
    first, *more = _wrapped(check.detail, 80 - 24, 0, 0)
    shell.say(f"{status}  {check.lab:<16} {first}", *(" " * 23 + line for line in more))
    for problem in check.problems:
        shell.say(*_wrapped(problem, 78, 6, 8))


def _wrapped(text: str, width: int, first: int, others: int) -> list[str]:
    """The text in lines of that width, indented; paths stay whole, to be clicked on."""
    import textwrap

    return textwrap.wrap(
        text,
        width,
        initial_indent=" " * first,
        subsequent_indent=" " * others,
        break_long_words=False,
        break_on_hyphens=False,
    )


@click.command(epilog="Example: shardlab mutant tp-sharding bias_on_every_rank")
@click.argument("slug", metavar="LAB")
@click.argument("name")
@click.option("--whole", is_flag=True, help="Print the whole submission instead, as a file.")
@click.pass_context
def mutant(context: click.Context, slug: str, name: str, whole: bool) -> None:
    """Show where a mutant, or a variant, differs from the solution.

    NAME is its file's, with or without .py; mutants/NAME or variants/NAME where both have one.
    """
    from grader.validation.finding import find_overlay
    from grader.validation.showing import shown

    course = shell.course_of(context)
    lab = course.lab(slug)
    found = find_overlay(lab, course.solutions(lab), name)
    if whole:
        click.echo(found.content, nl=False)
    else:
        shell.say(*shown(found))


@click.command(epilog="Example: shardlab release tp-sharding --to tp-sharding.zip")
@click.argument("slug", metavar="LAB")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False),
              help="The zip to write; LAB.zip by default.")  # fmt: skip
@click.pass_context
def release(context: click.Context, slug: str, target: Path | None) -> None:
    """Write the bundle for students, if nothing hidden is in it."""
    from grader.validation.release import release as release_lab

    course = shell.course_of(context)
    target = target or Path(f"{slug}.zip")
    members = release_lab(course, course.lab(slug), target)
    shell.say(f"Wrote {target}: {len(members)} files.", *(f"  {name}" for name in members))
    shell.say("Students: unzip it into a new folder, then in its folder: shardlab start " + slug)


@click.command(epilog="Example: shardlab demo")
@click.option("--jobs", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
              help="Submissions graded at once; one per core by default.")  # fmt: skip
@click.pass_context
def demo(context: click.Context, jobs: int) -> None:
    """Grade a bundled class of good, wrong, crashing, hanging and hostile members.

    Runs at the best isolation that this machine has, and says which: the hostile members are
    our own.
    """
    import time

    from grader.grading import Settings, grade_all
    from grader.sandbox import probe
    from grader.submissions import read_submissions
    from grader.validation.overlay import answers

    course = shell.course_of(context)
    (folder,) = (course.root / "tests" / "demo").iterdir()  # named like its lab
    slug = folder.name
    found = probe()
    shell.say(f"Isolation level {int(found.level)} ({found.level.word}).")
    for layer in found.layers:
        if not layer.works:
            shell.say(f"  missing: {layer.name}. {layer.mend}")
    lab = course.lab(slug)
    right, wrong = (list(answers(lab, course.solutions(lab), kind)) for kind in _KINDS)
    submissions = [*right[:_GOOD], *wrong[:_WRONG], *read_submissions(lab, [folder])]
    started = time.monotonic()
    settings = Settings(lab, found.level)
    with results.progress() as progress:
        progress.start(len(submissions))
        graded = grade_all(settings, submissions, jobs, lambda _: progress.step())
    results.print_table([(each.submission, each) for each in graded])
    shell.say(results.summary(graded, time.monotonic() - started))
    faults = any(result.status == "withheld" for result in graded)
    shell.finish(shell.OUR_FAULT if faults else shell.DONE)


COMMANDS = (validate, mutant, release, demo)
