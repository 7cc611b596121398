"""One lost case as staff look at it: with its inputs, whole, and the suite's own traceback.

Theory of operation
-------------------
What a hidden case was given, and what it expects, is told to nobody but staff. So it doesn't
travel with what is told to students: an `ExaminedCase` is no `Finding` and holds none, no result
has room for it, and the import contracts let nothing but the commands that staff debug with import
this module. It is made while the case's values are at hand, in the trusted process, and shown.
"""

import traceback
from collections.abc import Iterator
from types import FunctionType, ModuleType, TracebackType
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.fabric import Handle
from grader.results import Finding, Verdict
from grader.suite.explain.description import Call, named
from grader.suite.finding import CaseFailure, CaseResult
from grader.suite.values import Shards
from grader.text.shown import escaped, one_line, shortened

_SHORT_ENTRIES, _SHORT_TEXT = 100, 4000  # in a terminal: entries of an array, characters
_MOST_ENTRIES, _MOST_TEXT = 100_000, 1_000_000  # what a submission returned may be of any size
_COLUMNS = 66


class Value(msgspec.Struct, frozen=True):
    """A value by its name: the `text` to read, and `whole`, all of it as Python writes it.

    The text is empty where there is nothing to read. What is larger than anybody would type in
    again is abridged in `whole`, too.
    """

    name: str
    text: str
    whole: str


class ExaminedCase(msgspec.Struct, frozen=True):
    """One lost case of a hidden suite. For staff's eyes: keep it in no result and on no page.

    `drawn` is whether its inputs are drawn from the student's seed; those of other cases are the
    same for all students. `at` and `line` are of the suite. `traceback` is that of a fault of the
    suite's, and `seen` what the suite's own names stood for there.
    """

    case: str
    item: str
    verdict: Verdict
    drawn: bool
    at: str
    line: str
    called: str
    inputs: tuple[Value, ...]
    compared: tuple[Value, ...]  # expected and got, whole, where two values were compared
    facts: dict[str, str]  # all that the case's own message would say, by the name of the fact
    traceback: str
    seen: tuple[Value, ...]


def examined(
    case: pytest.Item,
    result: CaseResult,
    error: BaseException,
    call: Call | None,
    parameters: tuple[str, ...],
) -> ExaminedCase:
    """The case, lost by `error`, after that call to a function with these parameters."""
    steps = list(_steps(error, case))
    fault = result.verdict is Verdict.GRADER_FAULT
    at = traceback.extract_tb(steps[-1], 1)[0] if steps else None
    return ExaminedCase(
        case=case.nodeid,
        item=result.item,
        verdict=result.verdict,
        drawn=result.drawn,
        at=f"{at.filename}:{at.lineno}" if at else "",
        line=(at.line or "") if at else "",
        called=_called(result.finding, call),
        inputs=tuple(_value(*each) for each in (named(call, parameters) if call else ())),
        compared=_compared(error),
        facts={name: text for name, text in result.finding.texts.items() if text},
        traceback=_told(error, steps[0] if steps else error.__traceback__) if fault else "",
        seen=tuple(_seen(steps[-1])) if fault and steps else (),
    )


def as_python(value: Any, most_entries: int = _MOST_ENTRIES) -> str:
    """The value as Python writes it, to the last digit; arrays of more entries are abridged."""
    try:
        with np.printoptions(threshold=most_entries, floatmode="unique", linewidth=_COLUMNS):
            return escaped(repr(value), keep="\n")
    except Exception as error:  # noqa: BLE001 - a suite's value may be anything, and is still told
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _value(name: str, value: Any) -> Value:
    return Value(one_line(name), _text(value), shortened(as_python(value), _MOST_TEXT))


def _text(value: Any) -> str:
    if isinstance(value, Handle):
        return value.shown()
    read = value.whole if isinstance(value, Shards) else value  # how it is cut stands above it
    return shortened(as_python(read, _SHORT_ENTRIES), _SHORT_TEXT)


def _called(finding: Finding, call: Call | None) -> str:
    """How the student's function was called last, if it was; of a fault nothing else says it."""
    if finding.called or call is None:
        return finding.called
    return f"{call.function}(…)" + (f"  on {call.world_size} ranks" if call.world_size else "")


def _compared(error: BaseException) -> tuple[Value, ...]:
    if not isinstance(error, CaseFailure) or error.compared is None:
        return ()
    got, expected = error.compared
    return _value("expected", expected), _value("got", got)


def _steps(error: BaseException, case: pytest.Item) -> Iterator[TracebackType]:
    """The suite's own frames that the error passed through, outermost first."""
    step, folder = error.__traceback__, str(case.path.parent)
    while step is not None:
        if step.tb_frame.f_code.co_filename.startswith(folder):
            yield step
        step = step.tb_next


def _told(error: BaseException, first: TracebackType | None) -> str:
    """The traceback from the suite's first frame on: nothing of how the suite came to be run."""
    told = traceback.TracebackException(type(error), error, first)
    return escaped("".join(told.format()), keep="\n").rstrip()


def _seen(step: TracebackType) -> Iterator[Value]:
    """The names of the suite's frame and what they stood for, but for fixtures and functions."""
    for name, value in step.tb_frame.f_locals.items():
        kind = type(value)
        ours = kind.__module__.startswith("grader.suite.proxy")
        if not ours and not isinstance(value, (FunctionType, ModuleType, np.random.Generator)):
            yield _value(name, value)
