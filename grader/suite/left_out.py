"""What lies in a suite and would not be run: each by name, with the reason and what mends it.

A case that is left out in silence costs no wrong answer anything. So everything that the files
of a suite hold is held against what pytest collected.
"""

import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.suite import asked
from grader.suite.judging import MARK
from grader.suite.written import FUNCTIONS, Test, Written

_Cases = Sequence[pytest.Item]
_PATTERNS = ("test_*.py", "*_test.py")  # pytest's own


def uncollected(
    files: dict[Path, Written], modules: Iterable[pytest.Module], cases: _Cases
) -> Iterator[str]:
    """Every test of the files of which no case was collected."""
    ran = {each for case in cases for each in _names_of(case)}
    module_at = {module.path: module for module in modules}
    for path, file in files.items():
        lost = [test for test in file.tests if (path, test.name) not in ran]
        module = module_at.get(path)
        if module is None:
            yield from [_foreign(path, lost)] if lost else []
        elif not any(each.path == path for each in cases) and not file.tests:
            yield f"{path}: nothing of it is run: it holds no function whose name begins with test"
        elif getattr(module.obj, "__test__", True) is False:
            yield f"{path}: nothing of it is run: `__test__ = False`"
        else:
            yield from (_of_module(module.obj, test) for test in lost)
    for module in module_at.values():
        yield from _marked(module)
        yield from _foreign_test_cases(module)


def skipped(cases: _Cases) -> Iterator[str]:
    """Tests that a mark keeps from being judged as they are, or a case of theirs."""
    told = set[tuple[str, str]]()
    for case in cases:
        for mark in case.iter_markers():
            if mark.name in asked.GIVING_UP and (of_test(case), mark.name) not in told:
                told.add((of_test(case), mark.name))
                reason = mark.kwargs.get("reason", "")
                why = f" ({reason})" if reason else ""
                yield (
                    f"{_place(case)} is marked with {mark.name}{why}; "
                    "a case counts for everybody or is taken out"
                )


def not_to_be_had(cases: _Cases) -> Iterator[str]:
    """Tests that ask for more than a suite may use."""
    for case in _one_of_each(cases):
        yield from (f"{_place(case)} {why}" for why in asked.not_to_be_had(case))


def of_test(case: pytest.Item) -> str:
    """The case's name without its parameters, which is the same for all cases of one test."""
    return case.nodeid.partition("[")[0]


def _one_of_each(cases: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The first case of each test."""
    yield from {of_test(case): case for case in reversed(list(cases))}.values()


def _names_of(case: pytest.Item) -> Iterator[tuple[Path, str]]:
    """By which names a case's test may stand in a file: its own, and that under its decorators."""
    yield case.path, getattr(case, "originalname", None) or case.name
    if isinstance(case, pytest.Function):
        function = inspect.unwrap(case.function)
        if inspect.isfunction(function):
            yield Path(function.__code__.co_filename), function.__qualname__


def _place(case: pytest.Item) -> str:
    _, line, name = case.location
    return f"{case.path}:{(line or 0) + 1}: {name.partition('[')[0]}"


def _foreign(path: Path, lost: Sequence[Test]) -> str:
    """A file that pytest did not look into."""
    count = "1 test is" if len(lost) == 1 else f"{len(lost)} tests are"
    if any(path.match(pattern) for pattern in _PATTERNS):
        return f"{path}: {count} not run: the name of its folder keeps it out"
    return f"{path}: {count} not run: rename it; pytest reads {' and '.join(_PATTERNS)} only"


def _of_module(module: Any, lost: Test) -> str:
    found = inspect.getattr_static(module, lost.name, None)
    why = "its name stands for something else at last"
    if found is None:
        why = "the name is deleted, or not defined on this machine"
    elif getattr(found, "__test__", True) is False:
        why = "`__test__ = False`"
    return f"{lost.file}:{lost.line}: {lost.name} is not run: {why}"


def _foreign_test_cases(module: pytest.Module) -> Iterator[str]:
    """Test cases of unittest's kind whose tests stand elsewhere: made or imported."""
    unittest = sys.modules.get("unittest")
    if unittest is None:  # then nobody made such a case
        return
    for name, found in vars(module.obj).items():
        if not inspect.isclass(found) or found.__module__.startswith("unittest"):
            continue
        if issubclass(found, unittest.TestCase):
            yield f"{module.path}: {name} is not run: it is a unittest.TestCase; {FUNCTIONS}"


def _marked(module: pytest.Module) -> Iterator[str]:
    """What bears a rubric mark and is no test by its name."""
    for name, found in vars(module.obj).items():
        if not inspect.isfunction(found) or found.__module__ != module.obj.__name__:
            continue
        if not name.startswith("test") and _has_mark(found):
            yield (
                f"{module.path}:{found.__code__.co_firstlineno}: {name} is marked with a rubric "
                "item and not run; a test's name begins with test"
            )


def _has_mark(found: Any) -> bool:
    return any(mark.name == MARK for mark in getattr(found, "pytestmark", []))
