"""The command by which a course proves itself: validate."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import click

from grader.cli import levels, mutation, results, shell
from grader.cli.group import Exit
from grader.course import Course
from grader.errors import CourseError, SandboxError
from grader.exports.junit import junit_xml
from grader.sandbox import Level, check_installed
from grader.text.shown import plural
from grader.validation import Check
from grader.validation import validate as validate_course


@click.command(epilog="Example: shardlab validate tp-sharding --junit report.xml")
@click.argument("slugs", nargs=-1, metavar="[LAB]...", type=shell.lab_name)
@shell.jobs_option
@levels.isolation_option
@shell.json_option
@click.option(
    "--junit", type=shell.FILE, metavar="FILE", help="Also write the checks as JUnit XML."
)
@mutation.options
def validate(
    slugs: tuple[str, ...],
    jobs: int,
    isolation: Level | None,
    json_path: Path | None,
    junit: Path | None,
    mutate: str | None,
    sample_seed: str | None,
) -> None:
    """Prove that a course is right, fair and hard to cheat.

    Checks solutions, stubs, variants, mutants, hand-outs and what is released. All that it runs
    is the course's own, so the best isolation that this machine has is good enough. Unless you
    name labs, those whose libraries are not installed here are skipped, with a line that says so.
    """
    try:
        course = shell.course()
    except CourseError as error:
        _write_junit(junit, [Check("course", "course.toml", passed=False, detail=str(error))])
        raise
    sample, slugs = mutation.asked_for(mutate, sample_seed, slugs)
    for slug in slugs:
        with contextlib.suppress(CourseError):  # validation tells what is wrong with it
            course.lab(slug)  # an unknown one is refused before anything runs
    level = levels.best_level(isolation)
    levels.say_level(level)
    left_out = [] if slugs else [slug for slug in course.slugs if _say_if_absent(course, slug)]
    names = [slug for slug in slugs or course.slugs if slug not in left_out]
    facts = {"isolation": level.word, "left_out": left_out}
    if mutate is not None:
        hunts = mutation.hunt_all(course, names, level, jobs, sample)
        mutation.finish(hunts, facts, sample, json_path, junit)
    checks = []
    for check in validate_course(course, names, level, jobs, results.progress):
        _say_check(check)
        checks.append(check)
    problems = sum(len(check.problems) or 1 for check in checks if not check.passed)
    shell.say(f"{plural(problems, 'problem')}." if problems else "No problems.")
    shell.write_json(json_path, {**facts, "checks": checks})
    _write_junit(junit, checks)
    shell.finish(Exit.FALLS_SHORT if problems else Exit.DONE)


def _write_junit(path: Path | None, checks: Sequence[Check]) -> None:
    if path is not None:
        rows = [
            (each.lab, each.name, "\n".join(each.problems) or each.detail, each.passed)
            for each in checks
        ]
        shell.write_text(path, junit_xml("shardlab validate", rows))


def _say_if_absent(course: Course, slug: str) -> bool:
    """Whether the lab needs a library that is not installed, which is said."""
    try:
        check_installed(course.lab(slug).assignment.preload)
    except SandboxError as error:
        shell.say(f"{shell.word('SKIP', 'yellow')}  {slug:<16} {error}")
        return True
    except CourseError:
        return False  # validation tells what is wrong with it
    return False


def _say_check(check: Check) -> None:
    first, *more = shell.folded(check.detail, width=80 - 24, whole=True)
    shell.say(f"{shell.good(check.passed)}  {check.lab:<16} {first}")
    shell.say(*(" " * 23 + line for line in more))
    for problem in check.problems:
        shell.say(*shell.folded(problem, " " * 6, " " * 8, whole=True))
