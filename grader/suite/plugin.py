"""The pytest plugin that runs one suite on one submission.

Gives suites their fixtures, orders cases by the rubric, stops an item at its first failure,
blocks what builds on a failed item, and turns every end of a case into a verdict. A case is
`passed` only if its call phase ran and ended well; every other end that no rule names is a
`grader_fault`.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from grader.course import RubricItem
from grader.suite.describe import with_call
from grader.suite.finding import CaseFailure, CaseResult, Finding, Verdict
from grader.suite.picture import Picture
from grader.suite.proxy import Calls, Ranks, Student
from grader.suite.text import shorten

MARK = "rubric"


@dataclass
class SuitePlugin:
    """One run: its settings, and in `results` what each case came to, in rubric order."""

    rubric: Sequence[RubricItem]
    calls: Calls
    seed: bytes
    parameters: Callable[[str], Sequence[str]]
    on_result: Callable[[CaseResult], None]
    only: frozenset[str] | None = None
    stop_early: bool = False
    results: list[CaseResult] = field(default_factory=list)
    picture: Picture = field(default_factory=Picture)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lost: set[str] = set()
        self._passed: dict[str, list[str]] = {}
        self._started = 0.0

    # -- fixtures ------------------------------------------------------------------------

    @pytest.fixture(name="student")
    def _student(self) -> Student:
        return Student(self.calls)

    @pytest.fixture(name="ranks")
    def _ranks(self) -> Ranks:
        return Ranks(self.calls)

    @pytest.fixture(name="rng")
    def _rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        name = f"{request.node.path.name}::{request.node.name}"
        digest = hmac.digest(self.seed, name.encode(), hashlib.sha256)
        return np.random.default_rng(int.from_bytes(digest, "big"))

    @pytest.fixture(name="picture")
    def _picture(self) -> Picture:
        return self.picture

    # -- collection ----------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", f"{MARK}(item): the rubric item that a case belongs to")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.problems.append(str(excrepr))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = [each.item for each in self.rubric]
        for item in items:
            if (name := _item_of(item)) not in order:
                self.problems.append(f"{item.nodeid}: '{name}' is no rubric item")
        if self.problems:
            items.clear()
            return
        for name in order:
            if name not in map(_item_of, items):
                self.problems.append(f"rubric item '{name}' has no case")
        items[:] = [item for item in items if self.only is None or _item_of(item) in self.only]
        items.sort(key=lambda item: order.index(_item_of(item)))

    # -- running -------------------------------------------------------------------------

    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        name = _item_of(item)
        builds_on = next(each.builds_on for each in self.rubric if each.item == name)
        blocking = [each for each in builds_on if each in self._lost]
        if self.stop_early and name not in self._lost:
            blocking = blocking or sorted(self._lost)
        if name in self._lost:
            return True  # the item is lost already: more failures of it would tell nothing new
        if blocking:
            note = f"builds on {' and '.join(blocking)}"
            self._record(item, Verdict.BLOCKED, Finding(note=note))
            return True
        self.calls.processes.new_case()
        self.calls.last, self.calls.printed = None, ""
        self._started = time.perf_counter()
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is not None:
            self._record(item, *self._explain(item, call.excinfo))
        elif call.when == "call":
            self._record(item, Verdict.PASSED, Finding())
        return report

    def _explain(
        self, item: pytest.Item, error: pytest.ExceptionInfo[BaseException]
    ) -> tuple[Verdict, Finding]:
        value = error.value
        if isinstance(value, CaseFailure):
            return value.verdict, self._described(item, value.finding)
        if isinstance(value, (AssertionError, pytest.fail.Exception)):
            finding = Finding(error=shorten(str(value).split("\n")[0] or "an assertion failed"))
            return Verdict.FAILED, self._described(item, finding)
        # Anything else is ours, a skipped case and a foreign exception alike.
        lines = error.exconly().splitlines()
        return Verdict.GRADER_FAULT, Finding(error=f"{item.nodeid}: {lines[0] if lines else value}")

    def _described(self, item: pytest.Item, finding: Finding) -> Finding:
        last = self.calls.last
        if last is not None:
            place = self.calls.place(last.function)
            finding = with_call(finding, last, self.parameters(last.function), place)
        rubric_item = next(each for each in self.rubric if each.item == _item_of(item))
        passed = self._passed.get(_test_of(item), [])
        notes = [finding.note, f"{passed[-1]} passes" if passed else ""]
        return replace(
            finding,
            note="; ".join(filter(None, notes)),
            nudge=finding.nudge or rubric_item.nudge,
            printed=self.calls.printed,
        )

    def _record(self, item: pytest.Item, verdict: Verdict, finding: Finding) -> None:
        name = _item_of(item)
        if verdict is not Verdict.PASSED:
            self._lost.add(name)
        elif label := _label(item):
            self._passed.setdefault(_test_of(item), []).append(label)
        seconds = time.perf_counter() - self._started
        result = CaseResult(name, item.name, verdict, finding, seconds)
        self.results.append(result)
        self.on_result(result)


def _item_of(item: pytest.Item) -> str:
    mark = item.get_closest_marker(MARK)
    return str(mark.args[0]) if mark is not None and len(mark.args) == 1 else ""


def _test_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _label(item: pytest.Item) -> str:
    """The parameters of a case in words: `world_size 1`."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params.items() if callspec is not None else ()
    return ", ".join(f"{k} {v}" for k, v in parameters if isinstance(v, (int, str)))
