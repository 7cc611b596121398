"""The questions to a process, its answers, and what they amount to: without any I/O.

Frames go in, as the codec has decoded them; messages to send and outcomes come out. Every field
of a frame is checked, and all text in it is escaped. The messages are those of `contract`.
"""

import builtins
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from grader.errors import SandboxError, UsageError
from grader.files import sources
from grader.sandbox.inside import contract
from grader.sandbox.inside.contract import (
    BadReturn,
    Crashed,
    Outcome,
    OutOfMemory,
    Raised,
    Returned,
    Step,
    TimedOut,
)
from grader.sandbox.inside.wire import WireError
from grader.text.shown import printable

_MAX_NAME = 100
_MAX_LABELS = 64
_MAX_SOURCE = 500
_MAX_LINE = 1000  # of a file of ours
_OURS = frozenset(path.name for path in Path(contract.__file__).parent.glob("*.py"))
_ERRORS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
)


class Upcall(msgspec.Struct, frozen=True):
    """The process asks its service for something, and waits."""

    op: str
    args: tuple[Any, ...]


class Conversation:
    """The questions to one process, one after the other, and its answers.

    It goes on until an answer, or what becomes of the process, is `fatal`.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._nonce = 0
        self._asked = ""  # what was asked last, as the submission's author knows it
        self._entry = ""  # the submitted file's name as a module, and what is in it
        self._source = b""
        self._lines: Sequence[str] = ()  # of it, once one is to be shown
        self._has_compiled = False
        self.compiled = b""  # what it sent, before it ran any of it, for other processes to load
        self.pending = False  # whether a question has no outcome yet
        self.waits = False  # whether the process waits for the answer to an upcall
        self.loaded: Outcome | None = None  # what loading the file came to
        self.outcome: Outcome | None = None  # what the last question came to
        self.fatal: Outcome | None = None  # what cost the process its life

    # ---- what we say ------------------------------------------------------------------------

    def load(self, files: Mapping[str, bytes], entry: str, compiled: bytes) -> tuple[Any, ...]:
        """The message that asks for the file `entry`.py to be imported."""
        self._entry, self._source = entry, files[f"{entry}.py"]
        return ("load", self._ask(entry), dict(files), entry, compiled)

    def call(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        """The message that asks for a call; None where its outcome is already known.

        Raises:
            UsageError: something else is still asked.
        """
        if self.pending:
            raise UsageError(f"{self._asked} is still being called in this process")
        known = self.fatal if isinstance(self.loaded, Returned) else self.loaded
        if known is not None:
            self.outcome = known
            return None
        return ("call", self._ask(name), name, tuple(args), dict(kwargs))

    def _ask(self, name: str) -> int:
        self._nonce, self._asked = secrets.randbits(62), name
        self.outcome, self.pending = None, True
        return self._nonce

    def reply(self, message: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The message that answers the upcall; None where the conversation has ended."""
        if not self.pending:
            return None
        if not self.waits:
            raise UsageError("this process waits in no upcall")
        self.waits = False
        return message

    # ---- what it says -----------------------------------------------------------------------

    def hear(self, frame: Any) -> Upcall | Outcome | None:
        """What a frame means: a request, the outcome, or None where more is to come.

        Raises:
            SandboxError: our own code failed in there. A process can say so falsely, and gains by
                it only that a person looks at a score that is withheld; it chooses among words
                that are known here, and can put none of its own into the text.
        """
        try:
            return self._read(frame)
        except WireError as error:
            return self.misheard(error)

    def misheard(self, error: WireError) -> Outcome:
        """End the conversation: the process has sent what our runner never sends."""
        return self.end(BadReturn(f"the process sent {printable(str(error), 200)}"))

    def _read(self, frame: Any) -> Upcall | Outcome | None:
        # Types first: an array would make a comparison mean something else.
        if type(frame) is not list or len(frame) < 2 or type(frame[0]) is not str:
            raise WireError("a message of no known form")
        if frame[0] == "fault":
            raise _fault(frame[1:])
        if type(frame[1]) is not int or frame[1] != self._nonce:
            raise WireError("an answer to something that was not asked")
        match frame[0], frame[2:]:
            case "returned", [value, []]:
                return self._finish(Returned(value))
            case "returned", [value, list(labels)] if all(type(label) is str for label in labels):
                names = tuple(printable(label, _MAX_NAME) for label in labels[:_MAX_LABELS])
                return self._finish(Returned(value, names))
            case "raised", [list(types), str(message), list(steps)]:
                return self._raised(types, message, steps)
            case "unplain", [str(what)]:
                text = f"{self._asked} returned {printable(what, 200)}, which is not plain data"
                return self._finish(BadReturn(text))
            case "upcall", [str(op), tuple(args)]:
                return self._asks(Upcall(printable(op, _MAX_NAME), args))
            case "compiled", [bytes(code)]:
                self._keep(code)
                return None
        raise WireError("a message of no known form")

    def _asks(self, upcall: Upcall) -> Upcall:
        if self.waits:
            raise WireError("a request before it had an answer")
        self.waits = True
        return upcall

    def _keep(self, compiled: bytes) -> None:
        """Keep the compiled file. The runner sends one, before it runs it; a second is forged."""
        if self._has_compiled:
            raise WireError("a compiled file that nobody waits for")
        self._has_compiled, self.compiled = True, compiled

    def _raised(self, types: list[Any], message: str, said: list[Any]) -> Outcome:
        if not types or any(type(name) is not str for name in types):
            raise WireError("an exception without a type")
        names = tuple(printable(name, _MAX_NAME) for name in types[:32])
        if "MemoryError" in names:
            return self.end(OutOfMemory(self._memory_bytes))
        text = printable(message, contract.MAX_MESSAGE)
        steps = tuple(filter(None, map(self._step, said[-contract.MAX_STEPS :])))
        if not steps:
            return self._finish(Raised(names, text, None, None))
        last = steps[-1]
        several = steps if len(steps) > 1 else ()
        return self._finish(Raised(names, text, last.line, last.source, several))

    def _step(self, said: Any) -> Step | None:
        """A line of the file and the function around it, as they are shown; None for no line."""
        match said:
            case [number, str(function)] if type(number) is int:
                source = self._line(number)
                name = printable(function, _MAX_NAME)
                return None if source is None else Step(name, number, source)
        return None

    def _line(self, number: int) -> str | None:
        """That line of the submitted file, as it is shown; None where there is no such line."""
        self._lines = self._lines or sources.lines(self._source)
        if not 1 <= number <= len(self._lines):
            return None
        return printable(self._lines[number - 1].strip(), _MAX_SOURCE)

    # ---- how it ends ------------------------------------------------------------------------

    def _finish(self, outcome: Outcome) -> Outcome:
        self.outcome = outcome
        self.loaded = self.loaded or outcome
        self.pending = self.waits = False
        return outcome

    def end(self, outcome: Outcome) -> Outcome:
        """End all of it with this outcome, as the process can't go on."""
        self.fatal = outcome
        return self._finish(outcome)

    def timed_out(self, seconds: float, line: int | None) -> Outcome:
        """The outcome of what took so long, with the line of the file that was under way."""
        source = None if line is None else self._line(line)
        return TimedOut(seconds, None if source is None else line, source)

    @property
    def place_in_traceback(self) -> re.Pattern[bytes]:
        """How Python writes a line of the submitted file in a traceback; group 1 is its number."""
        file = re.escape(f"{self._entry}.py".encode())
        return re.compile(rb'File "[^"\n]{0,300}/' + file + rb'", line (\d{1,7}) in ')

    def close(self) -> None:
        """Note that the process is gone: a question without an outcome ends with it."""
        self.fatal = self.fatal or Crashed("the process was closed")
        if self.pending:
            self._finish(self.fatal)


def _fault(facts: list[Any]) -> SandboxError | WireError:
    match facts:
        case [str(module), int(line), str(kind)] if module in _OURS and kind in _ERRORS:
            where = f"{module}, line {line}" if 0 < line < _MAX_LINE else module
            return SandboxError(
                f"our own code in the sandbox failed ({kind} in {where}); that is no fault of the "
                "submission's, and a bug of Shardlab's to report"
            )
    return WireError("a message of no known form")
