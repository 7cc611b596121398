"""What one call into submitted code did. A student's failure is data, never an exception."""

from __future__ import annotations

from typing import Any

import msgspec


class Returned(msgspec.Struct, frozen=True):
    """The call returned plain data.

    `mutated` names the arguments that it changed in place, arrays, lists, dicts and sets: "0",
    "1", … by position, or the keyword. It comes from the process that ran the call, so it can
    accuse, not acquit.
    """

    value: Any
    mutated: tuple[str, ...] = ()


class Raised(msgspec.Struct, frozen=True):
    """The call raised. All text is printable and cut to a bounded length.

    `types` are the names of the exception's classes, most derived first; `line` is the deepest
    line of the submitted file that it passed through, and `source` that line.
    """

    types: tuple[str, ...]
    message: str
    line: int | None
    source: str | None


class BadReturn(msgspec.Struct, frozen=True):
    """The call's value was not plain data, or the reply was not one that the runner sends."""

    detail: str


class TimedOut(msgspec.Struct, frozen=True):
    """The call had not ended after so many seconds; its process is gone."""

    seconds: float


class OutOfMemory(msgspec.Struct, frozen=True):
    """The call needed more than so many bytes; its process is gone."""

    limit_bytes: int


class Crashed(msgspec.Struct, frozen=True):
    """The process ended before it answered: `detail` says how, in words."""

    detail: str


Outcome = Returned | Raised | BadReturn | TimedOut | OutOfMemory | Crashed
