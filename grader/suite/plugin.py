"""The pytest plugin that runs a suite's cases on one submission after another.

Everything goes through pytest's public hooks. `pytest_runtestloop` stays in the session and
takes `Judging`s from outside, so that a class is graded without collecting the suite anew for
each submission.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from grader.suite import direct
from grader.suite.collecting import Collecting
from grader.suite.judging import Judging
from grader.suite.proxy import Ranks, Student


@dataclass
class SuitePlugin:
    """What a suite's pytest session needs of us, but for collecting the cases."""

    collecting: Collecting
    serve: Callable[[Callable[[Judging], None]], None]
    _now: Judging | None = None
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
            "trace": lambda _: self._judging().trace,
            "picture": lambda _: self._judging().picture,
        }

    # -- running -------------------------------------------------------------------------

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self.collecting.problems and not session.testsfailed:
            cases = self.collecting.cases
            self._direct = {case: direct.arguments_of(case, self._makers) for case in cases}
            self.serve(self._run)
        return True

    def _run(self, judging: Judging) -> None:
        self._now = judging
        for case in self.collecting.cases:
            if judging.asks_for(case) and judging.begin(case):
                # No next item: which one runs is known only after this one, and pytest would
                # keep the fixtures of a module that may be left.
                case.config.hook.pytest_runtest_protocol(item=case, nextitem=None)
                judging.finish(case)

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
