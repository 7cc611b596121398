"""The pytest plugin: collects a suite once, and runs its cases on one submission after another.

Everything goes through pytest's public hooks. `pytest_runtestloop` stays in the session and
takes `Judging`s from outside, so that a class is graded without collecting the suite anew for
each submission.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from grader.course import Lab
from grader.suite import direct
from grader.suite.judging import MARK, Judging, item_of
from grader.suite.proxy import Ranks, Student


@dataclass
class SuitePlugin:
    """What a suite's pytest session needs of us. `problems` are the author's."""

    lab: Lab
    serve: Callable[[Callable[[Judging], None]], None]
    problems: list[str] = field(default_factory=list)
    _now: Judging | None = None
    _cases: list[pytest.Item] = field(default_factory=list)
    _direct: dict[pytest.Item, Callable[[], dict[str, Any]] | None] = field(default_factory=dict)

    # -- fixtures ------------------------------------------------------------------------

    @pytest.fixture(name="student")
    def _student(self, request: pytest.FixtureRequest) -> Any:
        return self._makers["student"](request.node)

    @pytest.fixture(name="ranks")
    def _ranks(self, request: pytest.FixtureRequest) -> Any:
        return self._makers["ranks"](request.node)

    @pytest.fixture(name="rng")
    def _rng(self, request: pytest.FixtureRequest) -> Any:
        return self._makers["rng"](request.node)

    @pytest.fixture(name="trace")
    def _trace(self, request: pytest.FixtureRequest) -> Any:
        return self._makers["trace"](request.node)

    @pytest.fixture(name="picture")
    def _picture(self, request: pytest.FixtureRequest) -> Any:
        return self._makers["picture"](request.node)

    @property
    def _makers(self) -> direct.Makers:
        """What makes the value of each fixture, for a case of the judging under way."""
        return {
            "student": lambda _: Student(self._judging().calls),
            "ranks": lambda _: Ranks(self._judging().calls),
            "rng": lambda case: _generator(self._judging().seed, case),
            "trace": lambda _: self._judging().evidence,
            "picture": lambda _: self._judging().picture,
        }

    # -- collection ----------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", f"{MARK}(item): the rubric item that a case belongs to")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(_told(report.longreprtext))

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.problems.append(_told(str(excrepr)))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = [each.item for each in self.lab.rubric]
        self.problems += [
            f"{case.nodeid}: '{item_of(case)}' is no rubric item; mark it with "
            f"@pytest.mark.{MARK}(item)"
            for case in items
            if item_of(case) not in order
        ]
        marked = set(map(item_of, items))
        self.problems += [
            f"rubric item '{name}' has no case" for name in order if name not in marked
        ]
        if not self.problems:
            items.sort(key=lambda case: order.index(item_of(case)))
            self._cases = items
            self._direct = {case: direct.arguments_of(case, self._makers) for case in items}

    # -- running -------------------------------------------------------------------------

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self.problems and not session.testsfailed:
            self.serve(self._run)
        return True

    def _run(self, judging: Judging) -> None:
        self._now = judging
        for case in self._cases:
            if judging.asks_for(case) and judging.begin(case):
                # No next item: which one runs is known only after this one, and pytest would
                # keep the fixtures of a module that may be left.
                case.config.hook.pytest_runtest_protocol(item=case, nextitem=None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Calls a plain case; leaves any other one to pytest, whose word None is."""
        arguments = self._direct[item]
        if arguments is None:
            return None
        self._judging().end(item, direct.run(item, arguments))
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        """Judges, and makes a report without a traceback, which would cost more than the case."""
        self._judging().end(item, call)
        return pytest.TestReport(
            item.nodeid,
            item.location,
            keywords={},
            outcome="passed" if call.excinfo is None else "failed",
            longrepr=None,
            when="call" if call.when == "collect" else call.when,  # which no case has
            duration=call.duration,
        )

    def _judging(self) -> Judging:
        assert self._now is not None, "cases run only while a submission is judged"
        return self._now


def _generator(seed: bytes, case: pytest.Item) -> np.random.Generator:
    """Random numbers of this student's own for this case."""
    digest = hmac.digest(seed, f"{case.path.name}::{case.name}".encode(), hashlib.sha256)
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _told(text: str) -> str:
    """The line of a long report that says what is wrong."""
    lines: Iterable[str] = (line[1:].strip() for line in text.splitlines() if line[:2] == "E ")
    return next(iter(lines), text.strip().splitlines()[-1] if text.strip() else "unknown")
