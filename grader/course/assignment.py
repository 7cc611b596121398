"""The tables of `assignment.toml`, and checks of what the types of its keys can't say."""

import math
from collections.abc import Iterator
from pathlib import Path

import msgspec

from grader.course.tables import Table

POINTS_OF_A_LAB = 100


class RubricItem(Table, frozen=True):
    """One line of a rubric: a fact about the student's work, and what it is worth."""

    item: str
    title: str
    points: int
    invariant: str
    nudge: str
    builds_on: tuple[str, ...] = ()


class Question(Table, frozen=True):
    """An ungraded question to answer before running, and its answer."""

    question: str
    answer: str


class LabLimits(Table, frozen=True):
    """What one submission may use. Its seconds are those in which it works or sleeps."""

    call_seconds: float = 2.0
    submission_seconds: float = 30.0
    memory_mb: int = 256


class Assignment(Table, frozen=True):
    """`assignment.toml`."""

    slug: str
    title: str
    order: int
    file: str
    minutes: int
    device: str
    goal: str
    invariants: dict[str, str]
    rubric: tuple[RubricItem, ...]
    preload: tuple[str, ...] = ("numpy",)
    limits: LabLimits = LabLimits()
    predict: tuple[Question, ...] = ()
    trace: bool = False  # whether a submission may come with one, of `shardlab capture`


def problems(assignment: Assignment) -> Iterator[str]:
    """What is wrong with an assignment beyond the types of its keys."""
    path = Path(assignment.file)
    if path.name != assignment.file or path.suffix != ".py" or not path.stem.isidentifier():
        yield f"key 'file': expected a module name like 'my_lab.py', got '{assignment.file}'"
    for name, limit in msgspec.structs.asdict(assignment.limits).items():
        if not 0 < limit < math.inf:
            yield f"key 'limits.{name}': expected a number above 0, got {limit}"
    yield from _rubric_problems(assignment)
    total = sum(each.points for each in assignment.rubric)
    if total != POINTS_OF_A_LAB:
        yield f"key 'rubric': points add up to {total}, expected {POINTS_OF_A_LAB}"


def _rubric_problems(assignment: Assignment) -> Iterator[str]:
    seen = set[str]()
    for number, each in enumerate(assignment.rubric):
        key = f"key 'rubric[{number}]"
        if each.item in seen:
            yield f"{key}.item': '{each.item}' stands twice"
        if each.points <= 0:
            yield f"{key}.points': expected a whole number above 0, got {each.points}"
        if each.invariant not in assignment.invariants:
            yield f"{key}.invariant': '{each.invariant}' is not one of [invariants]"
        for name in each.builds_on:
            if name not in seen:
                yield f"{key}.builds_on': expected an item that stands above, got '{name}'"
        seen.add(each.item)
