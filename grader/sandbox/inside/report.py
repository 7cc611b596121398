"""Describes exceptions in short text: the submission's, and failures of our own code beside it.

The host takes a failure of ours for a fault of ours and withholds the score. It is described by
three facts that the host can check, so that a process can't choose what people read: the module of
ours, the line, and Python's name of the kind of error.
"""

import importlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from .contract import MAX_MESSAGE, MAX_STEPS

_TRACEBACK: Any = vars(BaseException)["__traceback__"]
_NAME: Any = vars(type)["__name__"]  # past what a metaclass says
_FOLDER = os.path.dirname(__file__)
# Python's own part in importing and in finding files, which is compiled into the interpreter.
_OURS_TOO = ("<frozen ", str(importlib.__file__))


def _plain(text: str, limit: int) -> str:
    return str.__str__(text)[:limit].encode("utf-8", "backslashreplace").decode()


def _text(make: Callable[[], str], limit: int) -> str:
    """At most `limit` characters of `make()`, which may run code of the submission."""
    try:
        return _plain(make(), limit)
    except BaseException as error:  # noqa: BLE001  an exception whose str() raises is still told
        return f"<unprintable: {type(error).__name__}>"


def _steps(error: BaseException) -> Iterator[TracebackType]:
    """The frames that `error` passed through, outermost first, whatever its class says."""
    trace = _TRACEBACK.__get__(error)
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _own(error: BaseException, path: str) -> list[list[Any]]:
    """The last lines of the submitted file that the exception passed through, and in what."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return [[error.lineno, ""]] if type(error.lineno) is int else []
    last = deque((s for s in _steps(error) if s.tb_frame.f_code.co_filename == path), MAX_STEPS)
    return [[step.tb_lineno, _plain(step.tb_frame.f_code.co_name, 100)] for step in last]


def describe(error: BaseException, path: str) -> list[Any]:
    """Types, message and last lines of `error`, for the submitted file at `path`.

    No traceback: nobody reads one who can see the lines, and making it costs more than most calls.
    """
    types = [_plain(_NAME.__get__(kind), 100) for kind in type(error).__mro__[:32]]
    said = error.msg if isinstance(error, SyntaxError) else None
    message = _text(lambda: said if type(said) is str else str(error), MAX_MESSAGE)
    try:
        steps = _own(error, path)
    except BaseException:  # noqa: BLE001  attributes of an exception may raise as well
        steps = []
    return [types, message, steps]


def fault_in(error: BaseException) -> list[Any] | None:
    """`[module, line, kind]` where no code but ours took part in `error`; else None.

    What a value's own methods raise is the submission's. So are exhausted memory or stack, and
    interrupts: a submission sets limits and timers of its own.
    """
    files = [step.tb_frame.f_code.co_filename for step in _steps(error)]
    alone = all(_is_ours(file) or file.startswith(_OURS_TOO) for file in files)
    return certain_fault(error) if alone else None


def certain_fault(error: BaseException) -> list[Any] | None:
    """The same where no code of a submission can have had a part in it."""
    kinds = type(error).__mro__
    if Exception not in kinds or MemoryError in kinds or RecursionError in kinds:
        return None
    places = [(step.tb_frame.f_code.co_filename, step.tb_lineno) for step in _steps(error)]
    ours = [(os.path.basename(file), line) for file, line in places if _is_ours(file)]
    kind = next(kind.__name__ for kind in kinds if kind.__module__ == "builtins")
    return [*ours[-1], kind] if ours else None


def _is_ours(file: str) -> bool:
    return file.startswith(f"{_FOLDER}/")
