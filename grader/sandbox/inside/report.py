"""How an exception of submitted code is told: as short text, whatever the exception does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .contract import MAX_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

_TRACEBACK: Any = vars(BaseException)["__traceback__"]
_NAME: Any = vars(type)["__name__"]  # past what a metaclass says


def _plain(text: str, limit: int) -> str:
    return str.__str__(text)[:limit].encode("utf-8", "backslashreplace").decode()


def _text(make: Callable[[], str], limit: int) -> str:
    """At most `limit` characters of `make()`, which may run code of the submission."""
    try:
        return _plain(make(), limit)
    except BaseException as error:  # noqa: BLE001  an exception whose str() raises is still told
        return f"<unprintable: {type(error).__name__}>"


def steps(error: BaseException) -> Iterator[TracebackType]:
    """Where `error` passed through, outermost first, whatever its class says of that."""
    trace = _TRACEBACK.__get__(error)
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _line(error: BaseException, path: str) -> int | None:
    """The deepest line of the submitted file that the exception passed through."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    lines = [s.tb_lineno for s in steps(error) if s.tb_frame.f_code.co_filename == path]
    return lines[-1] if lines else None


def describe(error: BaseException, path: str) -> list[Any]:
    """Types, message and line of `error`, for the submitted file at `path`.

    No traceback: nobody reads one who can see the line, and making it costs more than most calls.
    """
    types = [_plain(_NAME.__get__(kind), 100) for kind in type(error).__mro__[:32]]
    said = error.msg if isinstance(error, SyntaxError) else None
    message = _text(lambda: said if type(said) is str else str(error), MAX_MESSAGE)
    try:
        line = _line(error, path)
    except BaseException:  # noqa: BLE001  attributes of an exception may raise as well
        line = None
    return [types, message, line if type(line) is int else None]
