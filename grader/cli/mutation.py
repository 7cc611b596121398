"""`shardlab validate --mutate`: mutants of the solutions, made by machine, and who survives."""

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from grader.cli import results, shell

if TYPE_CHECKING:
    from grader.course import Course
    from grader.sandbox import Level
    from grader.validation.mutation import Hunt, Sample

ALL = "all"


def size_of(asked: str, slugs: Sequence[str]) -> tuple[int | None, tuple[str, ...]]:
    """How many mutants a lab, None for all, and the labs: `--mutate LAB` names one of them."""
    if asked == ALL:
        return None, tuple(slugs)
    if not asked.lstrip("+-").isdigit():
        return None, (asked, *slugs)
    if int(asked) < 1:
        raise click.BadParameter(f"{asked} mutants are none; give 1 or more", param_hint="--mutate")
    return int(asked), tuple(slugs)


def sample_of(size: int | None, seed: str | None) -> "Sample | None":
    """The sample of that size, by the seed, or by one made here."""
    from grader.validation.mutation import Sample

    return None if size is None else Sample(size, seed or secrets.token_hex(4))


def hunt_all(
    course: "Course",
    slugs: Sequence[str],
    level: "Level",
    jobs: int,
    sample: "Sample | None",
) -> "list[Hunt]":
    """The hunts of the labs; each is told as soon as it is known."""
    from grader.validation.mutation import hunt

    if sample is not None:
        shell.say(f"Samples of {sample.size} mutants, by --sample-seed {sample.seed}.")
    hunts = []
    for slug in slugs:
        with results.progress() as progress:
            found = hunt(course, slug, level, jobs, sample, progress.start, progress.step)
        hunts.append(found)
        _say(found)
    return hunts


def as_plain(
    level: "Level", left_out: Sequence[str], sample: "Sample | None", hunts: "Sequence[Hunt]"
) -> dict[str, Any]:
    """All of it for JSON, but the sources of the mutants."""
    return {
        "isolation": level.word,
        "left_out": left_out,
        "sample_seed": sample.seed if sample else None,
        "labs": [_plain(each) for each in hunts],
    }


def _plain(hunt: "Hunt") -> dict[str, Any]:
    counts = ("lab", "made", "tried", "killed", "equivalent", "problems")
    texts = ("function", "kind", "line", "before", "after", "call", "occurrence", "diff")
    survivors = [
        {name: getattr(each.mutant, name) for name in texts}
        | {"items": each.items, "kept_for": each.kept_for, "students": each.students}
        for each in hunt.survivors
    ]
    return {name: getattr(hunt, name) for name in counts} | {"survivors": survivors}


def _say(hunt: "Hunt") -> None:
    from grader.validation.mutation import lines_of, summary

    shell.say(*lines_of(hunt))
    status = shell.word("PASS", "green") if hunt.passed else shell.word("FAIL", "red")
    shell.say(f"{status}  {hunt.lab:<16} {summary(hunt)}")
