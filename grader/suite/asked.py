"""What a case may ask for, and the call of a case with it.

A suite is declared in full by what it may use: plain functions, the fixtures below, `parametrize`
and `rubric`. So a case is just called. pytest's set-up, tear-down and reports would take a third
of the time of a case that is judged in a millisecond.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from grader.suite.judging import MARK, Judging
from grader.suite.proxy import Ranks, Student
from grader.suite.written import FUNCTIONS

# What makes the value of each fixture. Every name here is one that a case may have as a parameter.
FIXTURES: Mapping[str, Callable[[Judging, pytest.Function], Any]] = {
    "student": lambda judging, _: Student(judging.calls),
    "ranks": lambda judging, _: Ranks(judging.calls),
    "rng": lambda judging, case: _generator(judging.seed, case),
    "trace": lambda judging, _: judging.trace,
    "picture": lambda judging, _: judging.picture,
}
MARKS = (MARK, "parametrize")
GIVING_UP = ("skip", "skipif", "xfail")  # told in words of their own


def call(case: pytest.Item, judging: Judging) -> pytest.CallInfo[None]:
    """Calls the case with what it asks for, and says how that ended."""
    assert isinstance(case, pytest.Function), "collecting refuses any other"

    def run() -> None:
        given = _parameters(case)
        asked = {name: FIXTURES[name](judging, case) for name in _asked(case)}
        case.function(**given, **asked)

    return pytest.CallInfo.from_call(run, "call", (pytest.exit.Exception, KeyboardInterrupt))


def not_to_be_had(case: pytest.Item) -> Iterator[str]:
    """What of the case only pytest could give it, as the end of a sentence with the mend."""
    if not isinstance(case, pytest.Function) or case.cls is not None:
        yield f"is no plain function; {FUNCTIONS}"
        return
    for mark in case.iter_markers():
        if mark.name not in (*MARKS, *GIVING_UP):
            yield f"is marked with {mark.name}; a case may have the marks {' and '.join(MARKS)}"
        elif mark.name == "parametrize" and (len(mark.args) > 2 or mark.kwargs.get("indirect")):
            yield "has its parameters by way of a fixture; call a function with them instead"
            return
    for name in _asked(case):
        if name not in FIXTURES:
            yield (
                f"asks for '{name}'; there are {', '.join(FIXTURES)} and the case's own "
                "parameters; for anything else call a function"
            )


def _parameters(case: pytest.Function) -> dict[str, Any]:
    return dict(case.callspec.params) if hasattr(case, "callspec") else {}


def _asked(case: pytest.Function) -> list[str]:
    parameters = _parameters(case)
    return [name for name in case.fixturenames if name not in parameters]


def _generator(seed: bytes, case: pytest.Item) -> np.random.Generator:
    """Random numbers of this student's own for this case."""
    digest = hmac.digest(seed, f"{case.path.name}::{case.name}".encode(), hashlib.sha256)
    return np.random.default_rng(int.from_bytes(digest, "big"))
