"""Single keys from a terminal, and the terminal left as it was."""

import os
import re
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

# What arrow and function keys send: their letters are no keys that were pressed.
_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
HUNG_UP = "\x04"  # Ctrl-D, too, which is no end where keys come one by one


class Keys:
    """Keys as they are pressed, without echo, while the `with` block runs.

    Only where input and output are one person's terminal and this process is in its foreground;
    elsewhere `fd` is None and the terminal is not touched. Nothing is written to it, ever.
    """

    def __init__(self) -> None:
        self._terminal = sys.stdin.fileno() if _interactive() else None
        self._before: list[Any] | None = None

    @property
    def fd(self) -> int | None:
        """What becomes readable when a key is pressed; None while there are no keys."""
        return self._terminal if self._before is not None else None

    def read(self) -> str:
        """The keys that were pressed; `HUNG_UP` for the end of input, nothing for arrow keys."""
        assert self.fd is not None, "asked only where there are keys"
        try:
            pressed = os.read(self.fd, 1024)
        except OSError:
            pressed = b""
        return _SEQUENCE.sub("", pressed.decode("utf-8", "ignore")) if pressed else HUNG_UP

    def listen(self) -> None:
        """Sets the terminal to single keys, if it is this process's to set."""
        if self._terminal is None or not _in_foreground(self._terminal):
            return
        with suppress(termios.error):
            self._before = self._before or termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal, termios.TCSANOW)

    def restore(self) -> None:
        """Sets the terminal to what it was; from the background, the shell has done so."""
        before, self._before = self._before, None
        if self._terminal is None or before is None or not _in_foreground(self._terminal):
            return
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(self._terminal, termios.TCSANOW, before)

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()


@contextmanager
def ended_by_signals(told: Callable[[int], None]) -> Iterator[None]:
    """Has `told` called with the exit code when a signal asks for the end, in place of dying.

    What the parent has had ignored, as nohup does, stays ignored.
    """
    codes = {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGHUP: 129}
    handlers = {number: _telling(told, code) for number, code in codes.items()}
    with _handled(handlers):
        yield


@contextmanager
def stopped_with_care(keys: Keys) -> Iterator[None]:
    """Gives the terminal back while Ctrl-Z holds this process, and takes it up afterwards."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        keys.restore()
        os.kill(os.getpid(), signal.SIGSTOP)

    def go_on(_number: int, _frame: FrameType | None) -> None:
        keys.listen()

    with _handled({signal.SIGTSTP: stop, signal.SIGCONT: go_on}):
        yield


_Handler = Callable[[int, FrameType | None], None]


def _telling(told: Callable[[int], None], code: int) -> _Handler:
    return lambda _number, _frame: told(code)


@contextmanager
def _handled(handlers: dict[signal.Signals, _Handler]) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in handlers}
    try:
        for number, handler in handlers.items():
            if before[number] is not signal.SIG_IGN:
                signal.signal(number, handler)
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)


def _interactive() -> bool:
    try:
        return sys.stdin.isatty() and sys.stdout.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def _in_foreground(terminal: int) -> bool:
    """Whether the terminal is this process's now: from behind, touching it would stop us."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
