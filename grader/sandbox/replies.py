"""From what a process says to what it is taken for: every field is checked, all text escaped."""

from __future__ import annotations

import builtins
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from grader.errors import SandboxError
from grader.sandbox.inside import report
from grader.sandbox.inside.wire import WireError
from grader.sandbox.outcomes import BadReturn, Outcome, Raised, Returned
from grader.text.shown import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_NAME = 100
_MAX_LINE = 1000
_OURS = frozenset(path.name for path in Path(report.__file__).parent.glob("*.py"))
_ERRORS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
)


class Upcall(msgspec.Struct, frozen=True):
    """The process asks its service for something, and waits."""

    op: str
    args: tuple[Any, ...]


class Compiled(msgspec.Struct, frozen=True):
    """What a process compiled the submission to, sent before any of it ran. Opaque to the host."""

    code: bytes


class Question(msgspec.Struct, frozen=True):
    """What was asked of a process, so that an answer to anything else is known as such."""

    nonce: int
    name: str
    source: Sequence[str]  # the lines of the submitted file


def read(frame: Any, question: Question) -> Outcome | Upcall | Compiled:
    """What `frame` means as the answer to `question`.

    Raises:
        WireError: it is no answer to it.
        SandboxError: our own code failed in there. A process can say so falsely, and gains by it
            only that a person looks at a score that is withheld; it chooses among words that
            are known here, and can put none of its own into the text.
    """
    # Types first: an array would make a comparison mean something else.
    if type(frame) is not list or len(frame) < 2 or type(frame[0]) is not str:
        raise WireError("a message of no known form")
    if frame[0] == "fault":
        raise _fault(frame[1:])
    if type(frame[1]) is not int or frame[1] != question.nonce:
        raise WireError("an answer to something that was not asked")
    match frame[0], frame[2:]:
        case "returned", [value, []]:
            return Returned(value)
        case "returned", [value, list(labels)] if all(type(label) is str for label in labels):
            return Returned(value, tuple(printable(label, _MAX_NAME) for label in labels[:64]))
        case "raised", [list(types), str(message), line]:
            return _raised(types, message, line, question.source)
        case "compiled", [bytes(code)]:
            return Compiled(code)
        case "unplain", [str(what)]:
            return BadReturn(
                f"{question.name} returned {printable(what, 200)}, which is not plain data"
            )
        case "upcall", [str(op), tuple(args)]:
            return Upcall(printable(op, _MAX_NAME), args)
    raise WireError("a message of no known form")


def _raised(types: list[Any], message: str, line: Any, source: Sequence[str]) -> Raised:
    if not types or any(type(name) is not str for name in types):
        raise WireError("an exception without a type")
    known = type(line) is int and 1 <= line <= len(source)
    return Raised(
        types=tuple(printable(name, _MAX_NAME) for name in types[:32]),
        message=printable(message, report.MAX_MESSAGE),
        line=line if known else None,
        source=printable(source[line - 1].strip(), 500) if known else None,
    )


def _fault(facts: list[Any]) -> SandboxError | WireError:
    match facts:
        case [str(module), int(line), str(kind)] if module in _OURS and kind in _ERRORS:
            where = f"{module}, line {line}" if 0 < line < _MAX_LINE else module
            return SandboxError(
                f"our own code in the sandbox failed ({kind} in {where}); that is no fault of the "
                "submission's, and a bug of Shardlab's to report"
            )
    return WireError("a message of no known form")


def ending(status: int) -> str:
    """How a process ended, in words, from its wait status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"the process was ended by {_signal_name(number)}"
    return f"the process ended itself with os._exit({os.WEXITSTATUS(status)})"


def killed(status: int) -> bool:
    """Whether SIGKILL ended a process, from its wait status."""
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
