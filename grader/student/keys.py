"""Reads single keys from a terminal, and leaves the terminal as it was."""

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

    This needs a terminal for input and output, with this process in its foreground; otherwise
    `fd` is None and the terminal is not touched. Nothing is ever written to it.
    """

    def __init__(self) -> None:
        self._terminal = sys.stdin.fileno() if _interactive() else None
        self._before: list[Any] | None = None

    @property
    def fd(self) -> int | None:
        """The descriptor that is readable when a key was pressed; None while there are no keys."""
        return self._terminal if self._before is not None else None

    def read(self) -> str:
        """The keys that were pressed; `HUNG_UP` at the end of input, nothing for arrow keys."""
        assert self.fd is not None, "asked only where there are keys"
        try:
            pressed = os.read(self.fd, 1024)
        except OSError:
            pressed = b""
        return _SEQUENCE.sub("", pressed.decode("utf-8", "ignore")) if pressed else HUNG_UP

    def listen(self) -> None:
        """Sets the terminal to single keys, if this process is in the foreground."""
        if self._terminal is None or not _in_foreground(self._terminal):
            return
        with suppress(termios.error):
            self._before = self._before or termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal, termios.TCSANOW)

    def restore(self) -> None:
        """Sets the terminal back; for a process in the background, the shell has done so."""
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
    """Calls `told` with the exit code, in place of dying, when a signal asks for the end.

    A signal that the parent process had ignored, as nohup does, stays ignored.
    """
    codes = {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGHUP: 129}
    with _handled(dict.fromkeys(codes, lambda number, _: told(codes[signal.Signals(number)]))):
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
    """Whether this process is in the terminal's foreground; elsewhere, touching it stops us."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
