"""Collecting a suite, once: its cases in rubric order, or all that keeps them from being right.

What is wrong is told by name, and one cause once: where a file can't be imported, nothing is
said of the items that its cases belong to.
"""

import os
import re
import warnings
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grader.course import Lab, written_files
from grader.errors import CourseError
from grader.suite import left_out
from grader.suite.judging import MARK, item_of
from grader.suite.written import Written, written
from grader.text.shown import shortened

_EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Failed|Skipped)\b")
_LINE = re.compile(r"^(\S.*?\.py):(\d+): ", re.MULTILINE)


@dataclass
class Collecting:
    """What pytest's session tells of a suite at `path` while it collects."""

    lab: Lab
    path: Path
    problems: list[str] = field(default_factory=list)
    cases: list[pytest.Item] = field(default_factory=list)
    _modules: list[pytest.Module] = field(default_factory=list)
    _files: dict[Path, Written] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path = _absolute(self.path)

    # -- before pytest -------------------------------------------------------------------

    def read(self) -> bool:
        """Whether every file of the suite is Python that can be read; else `problems` are told."""
        self.problems += _unreadable(self.path)
        for path in _files_of(self.path):
            try:
                self._files[path] = written(path)
            except CourseError as error:
                self.problems += error.problems
        if self.problems or any(file.stops_pytest for file in self._files.values()):
            self.problems += self._by_text()
        return not self.problems

    # -- hooks ---------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", f"{MARK}(item): the rubric item that a case belongs to")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(self.told(report.longreprtext, report.nodeid))
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            self.problems.append(f"{self._root / report.nodeid}: nothing of it is run: {reason}")
        self._modules += [node for node in report.result or () if isinstance(node, pytest.Module)]

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self._broken(excinfo)
        return True  # told in words; pytest would print its own traceback, too

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if not isinstance(excinfo.value, pytest.Session.Interrupted):  # which is told already
            self._broken(excinfo)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, Any, Any]:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            result = yield
        if self.problems:
            self.problems += self._by_text()
        else:
            self.problems += self._of_collection(session.items, warned)
        if not self.problems:
            order = [each.item for each in self.lab.rubric]
            self.cases = sorted(session.items, key=lambda case: order.index(item_of(case)))
        return result

    # -- what is wrong -------------------------------------------------------------------

    def _of_collection(
        self, cases: list[pytest.Item], warned: Iterable[warnings.WarningMessage]
    ) -> list[str]:
        """All that is wrong with what was collected; of items without a case only by itself."""
        found = [
            *self._by_text(),
            *left_out.uncollected(self._files, self._modules, cases),
            *left_out.skipped(cases),
            *left_out.not_to_be_had(cases),
            *_doctests(self.path),
        ]
        told = {problem.partition(" ")[0] for problem in found}  # file and line
        found += [each for each in self._warnings(warned) if each.partition(" ")[0] not in told]
        found += self._unmarked(cases)
        return list(dict.fromkeys(found)) or list(self._without_case(cases))

    def _by_text(self) -> list[str]:
        return [problem for file in self._files.values() for problem in file.problems]

    def _warnings(self, warned: Iterable[warnings.WarningMessage]) -> Iterator[str]:
        for each in warned:
            if issubclass(each.category, pytest.PytestWarning):
                own = Path(each.filename).is_relative_to(self._root)
                place = f"{each.filename}:{each.lineno}" if own else self.path
                yield f"{place}: {str(each.message).splitlines()[0]}"

    def _unmarked(self, cases: Iterable[pytest.Item]) -> Iterator[str]:
        order = [each.item for each in self.lab.rubric]
        for case in cases:
            if item_of(case) not in order:
                yield (
                    f"{self._root / left_out.of_test(case)}: '{item_of(case)}' is no rubric item; "
                    f"mark it with @pytest.mark.{MARK}(item)"
                )

    def _without_case(self, cases: Iterable[pytest.Item]) -> Iterator[str]:
        marked = set(map(item_of, cases))
        for each in self.lab.rubric:
            if each.item not in marked:
                yield f"{self.path}: rubric item '{each.item}' has no case"

    # -- in words ------------------------------------------------------------------------

    @property
    def _root(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def _broken(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.problems.append(self.told(str(excinfo.getrepr(style="short"))))

    def told(self, text: str, nodeid: str = "") -> str:
        """Of a long report of pytest's the place in the suite, and what is wrong, in one line."""
        lines = text.strip().splitlines() or ["pytest does not say what is wrong"]
        errors = [line[1:].strip() for line in lines if line[:2] == "E "]
        whole = [shortened(" ".join(text.split()))]
        error = next(filter(_EXCEPTION.match, errors), (errors or whole)[0])
        return f"{self._place(text, nodeid)}: {error}"

    def _place(self, text: str, nodeid: str) -> str:
        for name, line in reversed(_LINE.findall(text)):
            for path in (_absolute(name), self._root / name):
                if path.is_relative_to(self._root) and path.is_file():
                    return f"{path}:{line}"
        return str(self._root / nodeid if self.path.is_dir() else self.path)


def _absolute(path: Path | str) -> Path:
    """The path as pytest has it: no link in it is followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - pathlib's way to drop `..` follows links


def _files_of(suite: Path) -> list[Path]:
    """The Python files that belong to a suite, helpers and all."""
    if suite.is_file():
        return [suite]
    return [path for path in written_files(suite) if path.suffix == ".py"]


def _unreadable(suite: Path) -> Iterator[str]:
    """What has the name of a Python file and is none; pytest passes over it."""
    for path in sorted(suite.rglob("*.py")) if suite.is_dir() else ():
        if not path.is_file():
            yield f"{path}: {'a folder' if path.is_dir() else 'a link to nothing'}, not a file"


def _doctests(suite: Path) -> Iterator[str]:
    for path in written_files(suite) if suite.is_dir() else ():
        if path.match("test*.txt") and b">>>" in path.read_bytes():
            yield f"{path}: a doctest file is not run; write its examples as tests"
