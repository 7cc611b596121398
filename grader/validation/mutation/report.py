"""Survivors as a reader wants to see them, in lines of 80 columns."""

import textwrap
from collections.abc import Iterator
from typing import Any

from grader.validation.mutation.tally import Hunt, Survivor

_WIDTH = 80


def lines_of(hunt: Hunt) -> Iterator[str]:
    """The survivors of a lab with the items that should have caught them, and what is wrong."""
    for survivor in hunt.survivors:
        yield from _survivor(survivor)
    for problem in hunt.problems:
        yield from textwrap.wrap(problem, _WIDTH - 2, subsequent_indent="  ")


def summary(hunt: Hunt) -> str:
    """`made 412, killed 398, equivalent 12, survive 2`."""
    sample = f" (a sample of {hunt.tried})" if hunt.tried != hunt.made else ""
    counts = f"killed {hunt.killed}, equivalent {hunt.equivalent}, survive {len(hunt.survivors)}"
    return f"made {hunt.made}{sample}, {counts}"


def as_data(hunt: Hunt) -> dict[str, Any]:
    """All of it as JSON has it, but for the sources of the mutants."""
    counts = ("lab", "made", "tried", "killed", "equivalent", "problems")
    texts = ("function", "kind", "line", "before", "after", "call", "occurrence", "diff")
    survivors = [
        {name: getattr(each.mutant, name) for name in texts}
        | {"items": each.items, "kept_for": each.kept_for, "students": each.students}
        for each in hunt.survivors
    ]
    return {name: getattr(hunt, name) for name in counts} | {"survivors": survivors}


def _survivor(survivor: Survivor) -> Iterator[str]:
    mutant = survivor.mutant
    place = f"{mutant.function or 'the file'}, line {mutant.line}"
    if mutant.call:
        place += f", only where it calls {mutant.call}"
    luck = (
        f", survives for {survivor.kept_for} of {survivor.students} students"
        if survivor.kept_for < survivor.students
        else ""
    )
    cases = ", ".join(survivor.items)
    head = f"{place}: {mutant.kind}{luck}" + (f"; items {cases}" if cases else "")
    yield from textwrap.wrap(head, _WIDTH - 2, subsequent_indent="  ")
    for line in mutant.diff:
        yield from textwrap.wrap(
            line,
            _WIDTH - 4,
            initial_indent="    ",
            subsequent_indent=f"    {line[0]}     ",
            break_long_words=False,
            break_on_hyphens=False,
        )
