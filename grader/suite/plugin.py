"""The pytest plugin that runs a suite's cases on one submission after another.

`pytest_runtestloop` stays in the session and takes `Judging`s from outside, so that a class is
graded without collecting the suite anew for each submission.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grader.suite import asked
from grader.suite.collecting import Collecting
from grader.suite.judging import Judging


@dataclass(frozen=True)
class SuitePlugin:
    """What a suite's pytest session needs of us, but for collecting the cases."""

    collecting: Collecting
    serve: Callable[[Callable[[Judging], None]], None]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self.collecting.problems and not session.testsfailed:
            self.serve(self._run)
        return True

    def _run(self, judging: Judging) -> None:
        for case in self.collecting.cases:
            if judging.asks_for(case) and judging.begin(case):
                judging.end(case, asked.call(case, judging))
