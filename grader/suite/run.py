"""Runs one suite, public or hidden, on one submission, in this (the trusted) process."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.course import Lab
from grader.errors import CourseError
from grader.suite.finding import CaseResult
from grader.suite.plugin import SuitePlugin
from grader.suite.processes import Processes
from grader.suite.proxy import Calls

# What pytest brings that a suite has no use for, each of which costs time in every run.
_LEFT_OUT = (
    *("cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml"),
    *("legacypath", "logging", "pastebin", "setuponly", "setupplan", "stepwise", "terminal"),
    *("threadexception", "tmpdir", "unittest", "unraisableexception", "warnings"),
)
_ENDED_WELL = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


@dataclass(frozen=True)
class SuiteRun:
    """Every case that was judged, in rubric order, and the picture if one was drawn."""

    results: tuple[CaseResult, ...]
    picture: tuple[str, ...] = field(default=())


def run_suite(
    suite: Path,
    lab: Lab,
    processes: Processes,
    seed: bytes,
    *,
    only: frozenset[str] | None = None,
    stop_early: bool = False,
    on_result: Callable[[CaseResult], None] = lambda _: None,
) -> SuiteRun:
    """Runs the suite at `suite` (a file or folder) on what `processes` hold.

    With `only`, just the cases of those rubric items; with `stop_early`, all that comes after
    the first lost item is blocked. Every item asked for has at least one result. A suite that
    can't be collected or breaks off raises CourseError.
    """
    calls = Calls(processes, lab.assignment.file)
    plugin = SuitePlugin(
        lab.rubric,
        calls,
        seed,
        lambda name: lab.functions.get(name, ()),
        on_result,
        only,
        stop_early,
    )
    root = suite if suite.is_dir() else suite.parent
    with _untouched_environment(), _fresh_modules(root):
        code = pytest.main(_arguments(root, suite), plugins=[plugin])
    if plugin.problems:
        raise CourseError(f"{suite}: {plugin.problems[0]}")
    if code not in _ENDED_WELL:
        raise CourseError(f"{suite}: pytest ended with {code!r} before all cases had run")
    judged = {result.item for result in plugin.results}
    for each in lab.rubric:
        if each.item not in judged and (only is None or each.item in only):
            raise CourseError(f"{suite}: rubric item '{each.item}' was not judged")
    return SuiteRun(tuple(plugin.results), tuple(plugin.picture.lines))


def _arguments(root: Path, suite: Path) -> list[str]:
    left_out = [word for name in _LEFT_OUT for word in ("-p", f"no:{name}")]
    return [
        "--import-mode=importlib",
        "--strict-markers",
        "--disable-plugin-autoload",
        f"--rootdir={root}",
        f"--confcutdir={root}",
        "--config-file=/dev/null",
        *left_out,
        str(suite),
    ]


@contextmanager
def _untouched_environment() -> Iterator[None]:
    """Keeps options that a person set for their own pytest out of a grading run, and back."""
    saved = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    current = os.environ.get("PYTEST_CURRENT_TEST")
    try:
        yield
    finally:
        saved["PYTEST_CURRENT_TEST"] = current
        os.environ.update({name: value for name, value in saved.items() if value is not None})


@contextmanager
def _fresh_modules(root: Path) -> Iterator[None]:
    """Has the suite imported anew, and leaves no module of it behind.

    pytest names a module by its path below the suite's folder and takes it from `sys.modules`
    if that name is there: another lab's `test_public`, or this one's as it was before an edit.
    """
    stems = [path.stem for path in root.glob("*.py")]
    saved = {name: sys.modules.pop(name) for name in stems if name in sys.modules}
    try:
        yield
    finally:
        for name in stems:
            sys.modules.pop(name, None)
        sys.modules.update(saved)
