"""What lies in a suite and would not be run: each by name, with the reason and what mends it.

A case that is left out in silence costs no wrong answer anything. So everything that the files
of a suite hold is held against what pytest collected.
"""

import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from grader.suite.written import Test, Written

_Cases = Sequence[pytest.Item]
_IGNORED_BY_MARK = ("skip", "skipif", "xfail")
_PATTERNS = ("test_*.py", "*_test.py")  # pytest's own
_FUNCTIONS = "write functions test_…, each marked with @pytest.mark.rubric(item)"


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
            for _, group in groupby(lost, key=lambda test: _outermost(test, ran)):
                yield _of_module(module.obj, list(group), ran)
    for module in module_at.values():
        yield from _marked(module.path, module.obj, "")
        told = files.get(module.path)  # which is None of a file that is hidden
        own = {test.name.partition(".")[0] for test in (told.tests if told else ())}
        yield from _foreign_test_cases(module, own)


def skipped(cases: _Cases) -> Iterator[str]:
    """Tests that a mark keeps from being judged as they are, or a case of theirs."""
    told = set[tuple[str, str]]()
    for case in cases:
        for mark in case.iter_markers():
            if mark.name in _IGNORED_BY_MARK and (of_test(case), mark.name) not in told:
                told.add((of_test(case), mark.name))
                reason = mark.kwargs.get("reason", "")
                why = f" ({reason})" if reason else ""
                yield (
                    f"{_place(case)} is marked with {mark.name}{why}; "
                    "a case counts for everybody or is taken out"
                )


def deselected(before: _Cases, after: _Cases) -> Iterator[str]:
    """Tests that were collected, and taken out again."""
    kept = set(after)
    for case in _one_of_each([case for case in before if case not in kept]):
        yield f"{_place(case)} is taken out after collection, by a hook of conftest.py"


def unprovided(cases: _Cases) -> Iterator[str]:
    """Tests that ask for what neither a fixture nor their parameters provide."""
    for case in _one_of_each(cases):
        if isinstance(case, pytest.Function):
            known = case._fixtureinfo.name2fixturedefs  # noqa: SLF001 - no public way to ask
            parameters = case.callspec.params if hasattr(case, "callspec") else {}
            for name in case.fixturenames:
                if name not in known and name not in parameters and name != "request":
                    yield f"{_place(case)} asks for '{name}', which no fixture provides"


def of_test(case: pytest.Item) -> str:
    """The case's name without its parameters, which is the same for all cases of one test."""
    return case.nodeid.partition("[")[0]


def _one_of_each(cases: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The first case of each test."""
    yield from {of_test(case): case for case in reversed(list(cases))}.values()


def _names_of(case: pytest.Item) -> Iterator[tuple[Path, str]]:
    """By which names a case's test may stand in a file: its own, and where it is inherited from."""
    classes = [node.name for node in case.listchain() if isinstance(node, pytest.Class)]
    name = getattr(case, "originalname", None) or case.name
    yield case.path, ".".join([*classes, name])
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
        return (
            f"{path}: {count} not run: collect_ignore or a hook of conftest.py, or the name of "
            "its folder, keeps it out"
        )
    return f"{path}: {count} not run: rename it; pytest reads {' and '.join(_PATTERNS)} only"


def _outermost(test: Test, ran: set[tuple[Path, str]]) -> str:
    """The largest thing around a lost test of which nothing is run: a class, or itself."""
    parts = test.name.split(".")
    for depth in range(1, len(parts)):
        prefix = ".".join(parts[:depth])
        if not any(path == test.file and name.startswith(f"{prefix}.") for path, name in ran):
            return prefix
    return test.name


def _of_module(module: Any, lost: Sequence[Test], ran: set[tuple[Path, str]]) -> str:
    name = _outermost(lost[0], ran)
    found = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part, None)
    line = lost[0].line
    if inspect.isclass(found):
        line = _line(found, line)
    return f"{lost[0].file}:{line}: {name} is not run: {_why(found, name.rpartition('.')[2])}"


def _foreign_test_cases(module: pytest.Module, own: set[str]) -> Iterator[str]:
    """Test cases of unittest's kind whose tests stand elsewhere: made, imported or inherited."""
    for name, found in vars(module.obj).items():
        if name not in own and _is_test_case(found):
            yield f"{module.path}: {name} is not run: it is a unittest.TestCase; {_FUNCTIONS}"


def _is_test_case(found: Any) -> bool:
    """Whether it is a test case of unittest's kind, and none of unittest's own classes."""
    unittest = sys.modules.get("unittest")  # there if anybody made such a case
    if unittest is None or not inspect.isclass(found):
        return False
    return issubclass(found, unittest.TestCase) and not found.__module__.startswith("unittest")


def _line(found: type, otherwise: int) -> int:
    try:
        return inspect.getsourcelines(found)[1]
    except (OSError, TypeError):
        return otherwise


def _why(found: Any, name: str) -> str:
    if found is None:
        return "the name is deleted, or not defined on this machine"
    if getattr(found, "__test__", True) is False:
        return "`__test__ = False`"
    if not inspect.isclass(found):
        return "its name stands for something else at last, or a hook of conftest.py keeps it out"
    return _why_no_class(found, name)


def _why_no_class(found: Any, name: str) -> str:
    if _is_test_case(found):
        return f"it is a unittest.TestCase; {_FUNCTIONS}"
    if not name.startswith("Test"):
        return f"pytest runs classes whose names begin with Test; rename it, or {_FUNCTIONS}"
    if found.__init__ is not object.__init__ or found.__new__ is not object.__new__:
        return f"pytest runs no class with an __init__ or a __new__; {_FUNCTIONS}"
    return "a hook of conftest.py keeps it out"


def _marked(path: Path, owner: Any, prefix: str) -> Iterator[str]:
    """What bears a rubric mark and is no test by its name."""
    for name, found in vars(owner).items():
        if getattr(found, "__module__", None) != _module_name(owner):
            continue
        if inspect.isclass(found):
            if name.startswith("Test"):
                yield from _marked(path, found, f"{prefix}{name}.")
        elif inspect.isfunction(found) and not name.startswith("test") and _has_mark(found):
            yield (
                f"{path}:{found.__code__.co_firstlineno}: {prefix}{name} is marked with a rubric "
                "item and not run; a test's name begins with test"
            )


def _has_mark(found: Any) -> bool:
    return any(mark.name == "rubric" for mark in getattr(found, "pytestmark", []))


def _module_name(owner: Any) -> str:
    return str(owner.__module__ if inspect.isclass(owner) else owner.__name__)
