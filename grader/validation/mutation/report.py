"""Survivors as a reader wants to see them, in lines of 80 columns."""

import ast
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.course import Lab
from grader.suite.judging import MARK
from grader.validation.mutation.places import File
from grader.validation.mutation.run import Hunt, Survivor
from grader.validation.mutation.trees import name_of

_WIDTH = 80


def lines_of(hunt: Hunt, items: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The survivors of a lab with the items that should have caught them, and what is wrong."""
    for survivor in hunt.survivors:
        yield from _survivor(survivor, items)
    for problem in hunt.problems:
        yield from textwrap.wrap(problem, _WIDTH - 2, subsequent_indent="  ")


def summary(hunt: Hunt) -> str:
    """`made 412, killed 398, equivalent 12, survive 2`."""
    sample = f" (a sample of {hunt.tried})" if hunt.tried != hunt.made else ""
    counts = f"killed {hunt.killed}, equivalent {hunt.equivalent}, survive {len(hunt.survivors)}"
    return f"made {hunt.made}{sample}, {counts}"


def items_of(lab: Lab, suite: Path, source: bytes) -> dict[str, tuple[str, ...]]:
    """For each function of the solution the items whose cases call it, by itself or from others."""
    called = _called_by_items(suite, set(lab.functions))
    calls = {name: _names(node) for name, node in File.of(source).functions.items()}
    found = {}
    for name in calls:
        callers = {each for each in calls if name in _reached(each, calls)}
        found[name] = tuple(
            item.item for item in lab.rubric if callers & called.get(item.item, set())
        )
    return found


def _survivor(survivor: Survivor, items: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    mutant = survivor.mutant
    place = f"{mutant.function or 'the file'}, line {mutant.line}"
    luck = (
        f", survives for {survivor.kept_for} of {survivor.students} students"
        if survivor.kept_for < survivor.students
        else ""
    )
    cases = ", ".join(items.get(mutant.function, ()))
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


def _called_by_items(suite: Path, functions: set[str]) -> dict[str, set[str]]:
    """Which of the lab's functions the cases of each item name."""
    found: dict[str, set[str]] = {}
    for path in sorted(suite.glob("*.py")):
        cases = {
            node.name: node
            for node in ast.parse(path.read_bytes()).body
            if isinstance(node, ast.FunctionDef)
        }
        names = {name: _names(node) for name, node in cases.items()}
        for name, node in cases.items():
            for item in _items_marked(node):
                reached = set().union(*(names[each] for each in _reached(name, names)))
                found.setdefault(item, set()).update(reached & functions)
    return found


def _items_marked(case: ast.FunctionDef) -> Iterator[str]:
    for mark in case.decorator_list:
        if isinstance(mark, ast.Call) and name_of(mark.func) == MARK:
            yield from (str(each.value) for each in mark.args if isinstance(each, ast.Constant))


def _names(node: ast.AST) -> set[str]:
    """Every name, attribute and word in quotes below the node."""
    words = {name_of(each) for each in ast.walk(node)} | {
        each.arg for each in ast.walk(node) if isinstance(each, ast.arg)
    }
    return words | {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def _reached(name: str, calls: Mapping[str, set[str]]) -> set[str]:
    """The functions that run when this one does, itself among them."""
    reached, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in reached:
            reached.add(each)
            waiting += calls[each] & set(calls)
    return reached
