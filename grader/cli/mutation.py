"""`shardlab validate --mutate`: mutants of the solutions, made by machine, and who survives."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from grader.cli import results, shell
from grader.cli.group import Exit
from grader.course import Course
from grader.exports.junit import junit_xml
from grader.sandbox import Level
from grader.validation.mutation import Hunt, Sample, as_data, hunt, lines_of, summary

_ALL = "all"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def options(command: _Command) -> _Command:
    """Adds `--mutate` and `--sample-seed` to the command."""
    seed = click.option(
        "--sample-seed",
        metavar="TEXT",
        help="Chooses the N mutants of --mutate; another one each time by default.",
    )
    mutate = click.option(
        "--mutate",
        metavar="[N]",
        is_flag=False,
        flag_value=_ALL,
        help="Instead, make mutants of the solutions, all or N a lab: none may survive.",
    )
    return mutate(seed(command))


def asked_for(
    mutate: str | None, seed: str | None, slugs: Sequence[str]
) -> tuple[Sample | None, tuple[str, ...]]:
    """The sample, None for all, and the labs: in `--mutate LAB` the next word is one of them."""
    is_number = mutate is not None and mutate.lstrip("+-").isdecimal()
    if seed is not None and not is_number:
        raise click.UsageError("--sample-seed chooses a sample: say how large, --mutate N")
    if mutate in (None, _ALL):
        return None, tuple(slugs)
    assert mutate is not None
    if not is_number:
        return None, (mutate, *slugs)
    if int(mutate) < 1:
        raise click.UsageError(f"--mutate {mutate}: give 1 or more")
    return Sample(int(mutate), seed or secrets.token_hex(4)), tuple(slugs)


def hunt_all(
    course: Course, slugs: Sequence[str], level: Level, jobs: int, sample: Sample | None
) -> list[Hunt]:
    """The hunts of the labs; each is told as soon as it is known."""
    if sample is not None:
        shell.say(f"Samples of {sample.size} mutants, by --sample-seed {sample.seed}.")
    hunts = []
    for slug in slugs:
        with results.progress() as progress:
            found = hunt(course, slug, level, jobs, sample, progress.start, progress.step)
        hunts.append(found)
        shell.say(*lines_of(found))
        shell.say(f"{shell.good(found.passed)}  {found.lab:<16} {summary(found)}")
    return hunts


def finish(
    hunts: Sequence[Hunt],
    facts: dict[str, Any],
    sample: Sample | None,
    json_path: Path | None,
    junit: Path | None,
) -> NoReturn:
    """Writes what was asked for, and ends the command: 1 if anything survives or is wrong."""
    seed = sample.seed if sample else None
    told = [as_data(each) for each in hunts]
    shell.write_json(json_path, {**facts, "sample_seed": seed, "labs": told})
    if junit is not None:
        rows = [
            (each.lab, "mutants", "\n".join((summary(each), *lines_of(each))), each.passed)
            for each in hunts
        ]
        shell.write_text(junit, junit_xml("shardlab validate --mutate", rows))
    shell.finish(Exit.DONE if all(each.passed for each in hunts) else Exit.FALLS_SHORT)
