"""Commands for instructors: grade."""

import collections
import itertools
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import shell

if TYPE_CHECKING:
    from grader.batch import Settings
    from grader.results import Result
    from grader.sandbox import Level
    from grader.submissions import Submission

_ENDS = {"timeout": "timed out", "crashed": "crashed", "out_of_memory": "out of memory"}
_EVERY = 50  # without a terminal, progress is told once in so many submissions


@click.command(epilog="Example: shardlab grade tp-sharding inbox/ --jobs 2 --json grades.json")
@click.argument("slug", metavar="LAB")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path),
                metavar="PATH...")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
              help="Submissions graded at once; one per core by default.")  # fmt: skip
@shell.isolation_option
@click.option("--student", metavar="ID", help="Draw everyone's hidden inputs as this student's.")
@click.option("--seed-for", metavar="ID", help="Print this student's seed first, to reproduce it.")
@click.option("--live", is_flag=True, help="Run what has no trace on this machine's GPU to make "
              "one. WITHOUT ISOLATION: on a machine that holds nothing else.")  # fmt: skip
@click.option("--messages", is_flag=True, help="Print each lost item's message, too.")
@shell.json_option
@click.pass_context
def grade(
    context: click.Context,
    slug: str,
    paths: tuple[Path, ...],
    jobs: int,
    isolation: str | None,
    student: str | None,
    seed_for: str | None,
    live: bool,
    messages: bool,
    json_path: Path | None,
) -> None:
    """Grade submissions to a lab: files, or folders of files or of sub-folders."""
    from grader.batch import Settings
    from grader.grading import GradedLab
    from grader.sandbox import check_installed
    from grader.submissions import read_submissions

    course = shell.course_of(context)
    graded = GradedLab.of(course, slug)
    check_installed(graded.lab.assignment.preload)  # once, rather than a fault a submission
    level = required_level(isolation)
    if seed_for is not None:
        shell.say(f"Seed of {seed_for}: {graded.seed(seed_for).hex()}")
    missing = [path for path in paths if not path.exists() and not path.is_symlink()]
    for path in missing:
        click.echo(f"Error: {path}: no such file or folder; the rest is graded", err=True)
    submissions = read_submissions(graded.lab, [path for path in paths if path not in missing])
    stamp = "" if level.word == "full" else "  NOT FULL ISOLATION"
    shell.say(
        f"Isolation level {int(level)} ({level.word}).{stamp} "
        f"Grading {len(submissions)} submission{'' if len(submissions) == 1 else 's'} of {slug}."
    )
    started = time.monotonic()
    if student is not None:
        submissions = [replace(each, student=student) for each in submissions]
    if live:
        _require_gpu()
    results = grade_batch(Settings(course.root, slug, level, live=live), submissions, jobs)
    print_table(results, messages=messages)
    shell.say(summary(results, time.monotonic() - started))
    shell.write_json(json_path, {
        "lab": slug, "isolation": level.word, "suite": graded.suite, "results": results,
    })  # fmt: skip
    if missing:
        shell.finish(shell.USAGE)
    if any(result.status == "withheld" for result in results):
        shell.finish(shell.OUR_FAULT)


def _require_gpu() -> None:
    """Says on which device submissions without a trace are run; there must be one."""
    from grader.errors import UsageError
    from grader.sandbox import check_installed
    from grader.traces.capture import CPU, best_way

    check_installed(["torch"])
    way = best_way()
    if way is CPU:
        raise UsageError("--live runs submissions on a GPU, and there is none on this machine")
    shell.say(f"LIVE, WITHOUT ISOLATION: {way.meaning}")


def required_level(asked: str | None) -> "Level":
    """The level for others' work: full, unless less was asked for by name; never silently less."""
    from grader.errors import SandboxError
    from grader.sandbox import Level, probe

    wanted = Level.from_word(asked) if asked else Level.FULL
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


def grade_batch(
    settings: "Settings", submissions: "Sequence[Submission]", jobs: int
) -> "list[Result]":
    """The results, with a progress bar on a terminal and a line now and then elsewhere."""
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from grader.batch import grade_all

    terminal = sys.stdout.isatty()
    done = itertools.count(1)

    def report(_: "Result") -> None:
        progress.advance(task)
        number = next(done)
        if not terminal and number % _EVERY == 0:
            shell.say(f"{number}/{len(submissions)}")

    with Progress(
        TextColumn("Grading"),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        disable=not terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("Grading", total=len(submissions))
        return grade_all(settings, submissions, jobs, report)


def print_table(results: "Sequence[Result]", *, messages: bool = False) -> None:
    """One line a submission: name, score, and the first item that was lost."""
    width = max([10, *(min(28, len(each.submission)) for each in results)])
    shell.say(f"  {'submission':<{width}}  score  lost items")
    for result in results:
        lost = [each for each in result.rubric if each.verdict != "passed"]
        score = "withheld" if result.score is None else f"{result.score}/{result.max_score}"
        reason = _reason(result, 80 - width - 14)
        shell.say(f"  {_fit(result.submission, width):<{width}}  {score:>7}  {reason}".rstrip())
        if messages and result.trace:
            shell.say(f"    {result.trace}")
        for each in lost if messages else ():
            shell.say(f"    {each.item}: {each.verdict}", *each.message.splitlines())


def _reason(result: "Result", room: int) -> str:
    """In a few words what was lost: the note if there is one, else the first item."""
    if result.note:
        label = "GRADER FAULT: " if result.status == "withheld" else ""
        return _fit(f"{label}{result.note}", room)
    lost = [f"{each.item} {each.verdict}" for each in result.rubric if each.verdict != "passed"]
    more = f" +{len(lost) - 1}" if len(lost) > 1 else ""
    return _fit(lost[0], room - len(more)) + more if lost else ""


def summary(results: "Sequence[Result]", seconds: float) -> str:
    """`62/62  57 graded, 3 do not load, 1 timed out, 1 GRADER FAULT …   4.1 s`."""
    count = collections.Counter(map(_kind, results))
    parts = [f"{count.pop('graded', 0)} graded"]
    parts += [f"{number} {kind}" for kind, number in sorted(count.items())]
    rate = f"{len(results) / seconds:.1f}/s" if seconds > 0 and len(results) > 1 else ""
    return f"{len(results)}/{len(results)}  {', '.join(parts)}   {seconds:.1f} s  {rate}".rstrip()


def _kind(result: "Result") -> str:
    """What the summary counts a submission as."""
    if result.status == "withheld":
        return "GRADER FAULT (score withheld)"
    if result.note:
        return "not runnable"
    verdicts = {each.verdict.value for each in result.rubric}
    return next((words for verdict, words in _ENDS.items() if verdict in verdicts), "graded")


def _fit(text: str, room: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= room else f"{flat[: max(1, room - 1)]}…"


COMMANDS = (grade,)
