"""The tests that the text of a suite's file holds, and what is wrong with them by their text.

What pytest makes of a file may be less than what its author wrote: so the text is read, too.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from grader.course.authored import tree_of

FUNCTIONS = "write functions test_…, each marked with @pytest.mark.rubric(item)"
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Named = _Function | ast.ClassDef
_YIELDS = "yields, so it is never run to its end; use parametrize"
_TOLD_TO_PYTEST = {
    **dict.fromkeys(("collect_ignore", "collect_ignore_glob"), "keeps files of a suite out"),
    **dict.fromkeys(
        ("setup_module", "teardown_module", "setup_function", "teardown_function"),
        "is not run for each case; call a function where it is needed",
    ),
}


@dataclass(frozen=True)
class Test:
    """One test as it is written."""

    __test__ = False  # for pytest, which takes a class of this name for one of tests

    file: Path
    line: int
    name: str


@dataclass(frozen=True)
class Written:
    """The tests of one file, in order, and what is wrong with its text, each with its line."""

    tests: tuple[Test, ...]
    problems: tuple[str, ...]
    stops_pytest: bool  # which says less well what is wrong, and nothing of what follows


def written(path: Path) -> Written:
    """The tests in the file; CourseError where it can't be read or is no Python."""
    tree = tree_of(path)
    gone = dict(_replaced(tree.body))
    defined = [node for node in _statements(tree.body) if isinstance(node, _Named)]
    found = [node for node in defined if node not in gone and _is_test(node)]
    classes = {node.name: node for node in defined if _is_class_of_tests(node)}.values()
    void = [(node, why) for node in found if (why := _void(node))]
    foreign = [
        *((each.name, _first_line(each), f"is a class of tests; {FUNCTIONS}") for each in classes),
        *_told_to_pytest(tree.body),
    ]
    wrong = [*((node.name, node.lineno, why) for node, why in (*gone.items(), *void)), *foreign]
    return Written(
        tests=tuple(Test(path, node.lineno, node.name) for node in found),
        problems=tuple(f"{path}:{line}: {name} {why}" for name, line, why in wrong),
        stops_pytest=bool(foreign) or any(why == _YIELDS for _, why in void),
    )


def _told_to_pytest(body: list[ast.stmt]) -> Iterator[tuple[str, int, str]]:
    """What would have pytest do more for the suite than call its cases: name, line, and why not."""
    for node in _statements(body):
        for name in _names(node):
            if isinstance(node, _Function) and _is_fixture(node):
                yield name, node.lineno, "is a fixture; write a function and call it"
            elif name in _TOLD_TO_PYTEST:
                yield name, node.lineno, _TOLD_TO_PYTEST[name]
            elif name.startswith("pytest_"):
                yield name, node.lineno, "is a hook of pytest's, and a suite may have none"


def _names(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives something to."""
    if isinstance(node, _Named):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (each.asname or each.name for each in node.names)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (each.id for target in targets for each in ast.walk(target)
                    if isinstance(each, ast.Name))  # fmt: skip


def _is_test(node: _Named) -> bool:
    return isinstance(node, _Function) and node.name.startswith("test") and not _is_fixture(node)


def _is_fixture(node: _Function) -> bool:
    calls = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return any(getattr(each, "attr", getattr(each, "id", "")) == "fixture" for each in calls)


def _is_class_of_tests(node: _Named) -> bool:
    """Whether pytest or unittest would look for tests in it."""
    if not isinstance(node, ast.ClassDef):
        return False
    inner = (each for each in _statements(node.body) if isinstance(each, _Named))
    return node.name.startswith("Test") or any(
        _is_test(each) or _is_class_of_tests(each) for each in inner
    )


def _first_line(node: _Named) -> int:
    return min(node.lineno, *(each.lineno for each in node.decorator_list), node.lineno)


def _replaced(body: list[ast.stmt]) -> Iterator[tuple[_Named, str]]:
    """Tests whose name is given once more in the same block, so that they are gone; and why."""
    named = sorted((each for each in body if isinstance(each, _Named)), key=lambda each: each.name)
    for _, group in groupby(named, key=lambda each: each.name):
        *gone, last = group
        for each in filter(_is_test, gone):
            other = f"line {last.lineno} defines another of that name"
            yield each, f"is not run: {other}; give each a name of its own"
    for node in body:
        for block in _blocks(node):
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
    """The statements of a scope but for those of functions and classes within."""
    for node in body:
        yield node
        for block in _blocks(node):
            yield from _statements(block)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement that opens no scope of its own."""
    if isinstance(node, _Named):
        return
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield part.body


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)
