"""Which rubric items are about a function of the solution, read from the hidden suite's text."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.course import Lab
from grader.suite.judging import MARK
from grader.validation.mutation.places import File
from grader.validation.mutation.trees import name_of


def items_of(lab: Lab, suite: Path, file: File) -> dict[str, tuple[str, ...]]:
    """For each function of the solution the items whose cases call it, by itself or from others."""
    called = _called_by_items(suite, set(lab.functions))
    calls = {name: _names(node) for name, node in file.functions.items()}
    found = {}
    for name in calls:
        callers = {each for each in calls if name in _reached(each, calls)}
        found[name] = tuple(
            item.item for item in lab.rubric if callers & called.get(item.item, set())
        )
    return found


def _called_by_items(suite: Path, functions: set[str]) -> dict[str, set[str]]:
    """Which of the lab's functions the cases of each item name."""
    found: dict[str, set[str]] = {}
    for path in sorted(suite.glob("*.py")):
        cases = File.of(path.read_bytes(), str(path)).functions
        names = {name: _names(node) for name, node in cases.items()}
        for name, node in cases.items():
            for item in _items_marked(node):
                reached = set().union(*(names[each] for each in _reached(name, names)))
                found.setdefault(item, set()).update(reached & functions)
    return found


def _items_marked(case: ast.FunctionDef) -> Iterator[str]:
    for mark in case.decorator_list:
        if _is_mark(mark):
            words = (each.value for each in ast.walk(mark) if isinstance(each, ast.Constant))
            yield from map(str, words)


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) == MARK


def _names(node: ast.AST) -> set[str]:
    """Every name, attribute and word in quotes below the node, but in the marks of items."""
    if _is_mark(node):
        return set()
    text = str(node.value) if isinstance(node, ast.Constant) else ""
    own = {name_of(node), text, node.arg if isinstance(node, ast.arg) else ""} - {""}
    return own.union(*map(_names, ast.iter_child_nodes(node)))


def _reached(name: str, calls: Mapping[str, set[str]]) -> set[str]:
    """The functions that run when this one does, itself among them."""
    reached, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in reached:
            reached.add(each)
            waiting += calls[each] & set(calls)
    return reached
