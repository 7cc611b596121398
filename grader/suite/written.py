"""The tests that the text of a suite's file holds, and what is wrong with them by their text.

What pytest makes of a file may be less than what its author wrote: so the text is read, too.
"""

import ast
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from grader.course.authored import tree_of

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Named = _Function | ast.ClassDef
_YIELDS = "yields, so it is never run to its end; use parametrize"


@dataclass(frozen=True)
class Test:
    """One test as it is written: `name` is as in `TestCutting.test_rows`."""

    __test__ = False  # for pytest, which takes a class of this name for one of tests

    file: Path
    line: int
    name: str


@dataclass(frozen=True)
class Written:
    """The tests of one file, in order, and what is wrong with them, each with its line."""

    tests: tuple[Test, ...]
    problems: tuple[str, ...]
    stops_pytest: bool  # which says less well what is wrong, and nothing of what follows


def written(path: Path) -> Written:
    """The tests in the file; CourseError where it can't be read or is no Python."""
    tree = tree_of(path)
    gone = dict(_replaced(tree.body))
    found = [(name, node) for name, node in _defined(tree.body, "", gone) if _is_test(node)]
    void = [(name, node, why) for name, node in found if (why := _void(node))]
    wrong = [*((node.name, node, why) for node, why in gone.items()), *void]
    return Written(
        tests=tuple(Test(path, node.lineno, name) for name, node in found),
        problems=tuple(f"{path}:{node.lineno}: {name} {why}" for name, node, why in wrong),
        stops_pytest=any(why == _YIELDS for _, _, why in void),
    )


def _defined(
    body: list[ast.stmt], prefix: str, gone: Container[ast.stmt] = ()
) -> Iterator[tuple[str, _Named]]:
    """What a module or a class defines for good, whatever `if` or `try` it stands in."""
    for node in body:
        if node in gone:
            continue
        if isinstance(node, _Named):
            yield f"{prefix}{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from _defined(node.body, f"{prefix}{node.name}.", gone)
        for block in _blocks(node):
            yield from _defined(block, prefix, gone)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement that opens no scope of its own."""
    if isinstance(node, _Named):
        return
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield part.body


def _is_test(node: _Named) -> bool:
    return isinstance(node, _Function) and node.name.startswith("test") and not _is_fixture(node)


def _is_fixture(node: _Function) -> bool:
    calls = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return any(getattr(each, "attr", getattr(each, "id", "")) == "fixture" for each in calls)


def _holds_tests(node: _Named) -> bool:
    if isinstance(node, ast.ClassDef):
        return any(_is_test(each) for _, each in _defined(node.body, ""))
    return _is_test(node)


def _replaced(body: list[ast.stmt]) -> Iterator[tuple[_Named, str]]:
    """Tests whose name is given once more in the same block, so that they are gone; and why."""
    named = sorted((each for each in body if isinstance(each, _Named)), key=lambda each: each.name)
    for _, group in groupby(named, key=lambda each: each.name):
        *gone, last = group
        for each in gone:
            if _holds_tests(each):
                other = f"line {last.lineno} defines another of that name"
                yield each, f"is not run: {other}; give each a name of its own"
    for node in body:
        inner = [node.body] if isinstance(node, ast.ClassDef) else _blocks(node)
        for block in inner:
            yield from _replaced(block)


def _void(node: _Named) -> str:
    """Why a test does nothing, or why nobody looks at how it ends; empty for a sound one."""
    if isinstance(node, ast.AsyncFunctionDef):
        return "is async, and nothing awaits it; write a plain function"
    for each in _statements(node.body):
        value = getattr(each, "value", None)
        if isinstance(value, (ast.Yield, ast.YieldFrom)):
            return _YIELDS
        if isinstance(each, ast.Return) and not _is_none(value):
            return f"returns a value in line {each.lineno}, which nobody looks at; use require"
        if isinstance(each, ast.Expr) and isinstance(value, ast.Compare):
            return f"compares in line {each.lineno}, and nobody looks at it; use equal or require"
    return ""


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a function but for those of functions and classes within."""
    for node in body:
        yield node
        for block in _blocks(node):
            yield from _statements(block)


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)
