"""What host and inside agree on: levels, limits, messages, outcomes.

This file lies beside what runs inside, so that one text serves both: there it is
`_shardlab.contract`, and the host imports it from here. It needs nothing but msgspec.

Messages
========

The host asks `("load", nonce, files, entry, compiled)` once, and then any number of
`("call", nonce, name, args, kwargs)`. An answer is one of

* `("returned", nonce, value, mutated)`,
* `("raised", nonce, types, message, steps)`, each step a line of the file and a function's name,
* `("unplain", nonce, what)`: the value can't cross.

Before its answer a process may send `("upcall", nonce, op, args)`, and waits until the host
sends `("answer", value)` or `("error", type, message)`; and once, while it loads, it sends
`("compiled", nonce, code)`. The nonce is the host's and new for each question, so an answer made
up in advance answers nothing. `("fault", module, line, kind)` has none: it says that our own
code failed, maybe before it could read one.
"""

import enum
import signal
from dataclasses import dataclass
from typing import Any, Self

import msgspec

MIB = 1 << 20
BACKSTOP = 20.0  # how many times its own limit a call may last by the wall, on a busy machine
MAX_STEPS = 3  # lines of the file that are told of one exception
MAX_MESSAGE = 2000  # characters of an exception's text
WHERE_SIGNAL = signal.SIGUSR1  # has a process write on its output where it is


class Level(enum.IntEnum):
    """Isolation, from nothing to all layers. Grading others' work asks for FULL."""

    NONE = 0  # a process of its own, with time and memory limits
    LANDLOCK = 1  # and Landlock and a filter of system calls
    SHARED = 2  # and namespaces, which all submissions of one sandbox share
    FULL = 3  # and namespaces of its own for each

    @property
    def word(self) -> str:
        """The name as it is written in options and results."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Self:
        """The level of that name; ValueError for any other word."""
        try:
            return cls[word.upper()]
        except KeyError:
            words = ", ".join(level.word for level in cls)
            raise ValueError(f"no isolation level {word!r}: there are {words}") from None


@dataclass(frozen=True)
class Limits:
    """The most that one process may take; each is enforced from outside it.

    Times are those that a process has to itself (`clock`), so they hold on a busy machine, too.
    """

    call_time_s: float = 2.0  # one call
    load_time_s: float = 5.0  # importing the submitted file
    memory_bytes: int = 512 * MIB  # private memory above the zygote's
    scratch_bytes: int = 16 * MIB  # files, on level 3 all together, else each
    output_bytes: int = 64 << 10  # what is kept of stdout and stderr
    frame_bytes: int = 64 * MIB  # the arrays of one reply
    tasks: int = 32  # threads; below level 3 seen by the host only, a moment later


class Returned(msgspec.Struct, frozen=True):
    """The call returned plain data.

    `mutated` names the arguments that it changed in place, arrays, lists, dicts and sets: "0",
    "1", … by position, or the keyword. It comes from the process that ran the call, so it can
    accuse, not acquit.
    """

    value: Any
    mutated: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True):
    """A line of the submitted file that an exception passed through, in which function of it."""

    function: str
    line: int
    source: str


class Raised(msgspec.Struct, frozen=True):
    """The call raised. All text is printable and cut to a bounded length.

    `types` are the names of the exception's classes, most derived first; `line` is the deepest
    line of the submitted file that it passed through, and `source` that line. `steps` are the last
    few of the file's own lines under way, where there are several: `line` is that of the last.
    """

    types: tuple[str, ...]
    message: str
    line: int | None
    source: str | None
    steps: tuple[Step, ...] = ()


class BadReturn(msgspec.Struct, frozen=True):
    """The call's value was not plain data, or the reply was not one that the runner sends."""

    detail: str


class TimedOut(msgspec.Struct, frozen=True):
    """The call had not ended after so many seconds; its process is gone.

    `line`, where it is known, is the line of the submitted file that was under way, and `source`
    that line.
    """

    seconds: float
    line: int | None = None
    source: str | None = None


class OutOfMemory(msgspec.Struct, frozen=True):
    """The call needed more than so many bytes; its process is gone."""

    limit_bytes: int


class Crashed(msgspec.Struct, frozen=True):
    """The process ended before it answered: `detail` says how, in words."""

    detail: str


# What one call into submitted code did. A student's failure is data, never an exception.
Outcome = Returned | Raised | BadReturn | TimedOut | OutOfMemory | Crashed
