"""What happens while a file is watched, brought to the one thread that waits for it."""

import os
import queue
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from grader.suite.finding import CaseResult
from grader.suite.run import SuiteRun


@dataclass(frozen=True)
class Save:
    """A file of the workspace has changed, or is gone."""


@dataclass(frozen=True)
class Case:
    """One case of check `number`."""

    number: int
    result: CaseResult


@dataclass(frozen=True)
class End:
    """Check `number` has ended: with a run, or with the error that kept it from one."""

    number: int
    run: SuiteRun | None = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Quit:
    """A signal asks for the end, with that exit code."""

    code: int


Event = Save | Case | End | Quit


class Events:
    """What happened, in order. Anybody may `put`, signal handlers too; one thread waits."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._near, self._far = os.pipe()
        os.set_blocking(self._near, False)
        os.set_blocking(self._far, False)

    def put(self, event: Event) -> None:
        """Adds the event, and wakes whoever waits."""
        self._queue.put(event)
        with suppress(BlockingIOError, OSError):  # full: there is plenty to wake up for; closed
            os.write(self._far, b".")

    def wait(self, seconds: float | None = None, fd: int | None = None) -> bool:
        """Waits for an event, for `fd`, or for the time to pass; whether `fd` has something."""
        poll = select.poll()
        for each in (self._near, fd):
            if each is not None:
                poll.register(each, select.POLLIN)
        ready = poll.poll(None if seconds is None else max(0.0, seconds) * 1000)
        with suppress(BlockingIOError):
            os.read(self._near, 4096)
        return any(each == fd for each, _ in ready)

    @contextmanager
    def woken_by_signals(self) -> Iterator[None]:
        """While the block runs, a signal ends a wait, so that its handler is run at once.

        Handlers run in the main thread, but the system may interrupt any other one for a signal.
        """
        before = signal.set_wakeup_fd(self._far, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)

    def take(self) -> Iterator[Event]:
        """Everything that has happened by now."""
        with suppress(queue.Empty):
            while True:
                yield self._queue.get_nowait()

    def close(self) -> None:
        """Closes the pipe; what is put from now on is lost."""
        near, far = self._near, self._far
        self._near = self._far = -1
        os.close(far)
        os.close(near)
