"""The loop that carries calls in several processes to their ends, and what they ask meanwhile."""

from __future__ import annotations

import math
import select
import time
from typing import TYPE_CHECKING, Any, Protocol

from grader.sandbox.replies import Upcall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.sandbox.outcomes import Outcome
    from grader.sandbox.process import Process

_WATCH_S = 0.01  # between looks at what the running ones use


class Service(Protocol):
    """What is asked while processes run. Processes go by their index in `drive`'s sequence."""

    def upcall(self, index: int, op: str, args: tuple[Any, ...]) -> None:
        """Process `index` asks, and waits until `answer` or `answer_error` is called on it."""

    def finished(self, index: int, outcome: Outcome) -> None:
        """The call in process `index` has ended."""

    @property
    def stopped(self) -> bool:
        """Whether the run is over, whoever still waits."""


class _NoService:
    """Refuses what is asked where nobody answers."""

    stopped = False

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes

    def upcall(self, index: int, op: str, _args: tuple[Any, ...]) -> None:
        self._processes[index].answer_error("RuntimeError", f"nothing answers {op} here")

    def finished(self, index: int, outcome: Outcome) -> None:
        pass


def drive(
    processes: Sequence[Process], service: Service | None, wall_time_s: float
) -> list[Outcome | None]:
    """The outcomes of the calls that were begun in `processes`, in their order.

    One deadline holds for all: a call that waits in an upcall, or that drips its answer byte by
    byte, does not get more. When it passes, what has not ended is `TimedOut` and closed. When
    the service stops the run, it is None and closed. Without a service an upcall raises.
    """
    loop = _Loop(processes, service or _NoService(processes))
    try:
        loop.run(time.monotonic() + wall_time_s, wall_time_s)
    finally:
        for index in loop.pending:
            processes[index].close()
    return loop.outcomes


def wait(process: Process, deadline: float, seconds: float) -> None:
    """Carry what `process` has begun to its end, by `deadline` (which allowed `seconds`)."""
    _Loop([process], _NoService([process])).run(deadline, seconds)


class _Loop:
    def __init__(self, processes: Sequence[Process], service: Service) -> None:
        self._processes = processes
        self._service = service
        self.outcomes: list[Outcome | None] = [None] * len(processes)
        self.pending: set[int] = set(range(len(processes)))

    def run(self, deadline: float, seconds: float) -> None:
        """Until every call has ended, the service stops the run, or the deadline passes."""
        for index, process in enumerate(self._processes):
            if not process.pending:
                self._settle(index, process.outcome)
        watch = time.monotonic() + _WATCH_S
        while self.pending and not self._service.stopped:
            self._step(min(deadline, watch))
            now = time.monotonic()
            if now >= deadline:
                self._expire(seconds)
            elif now >= watch:
                self._watch_use()
                watch = now + _WATCH_S

    def _step(self, until: float) -> None:
        """Wait for events, at most `until`, and handle those that came."""
        poll, owners = self._register()
        for fd, _event in poll.poll(max(0, math.ceil((until - time.monotonic()) * 1000))):
            index = owners[fd]
            if index not in self.pending or self._service.stopped:
                continue
            process = self._processes[index]
            if fd == process.channel.output_fd:
                process.channel.drain()
            else:
                self._advance(index, process)

    def _register(self) -> tuple[select.poll, dict[int, int]]:
        poll, owners = select.poll(), {}
        for index in self.pending:
            channel = self._processes[index].channel
            sending = select.POLLOUT if channel.sending else 0
            poll.register(channel.socket_fd, select.POLLIN | sending)
            owners[channel.socket_fd] = index
            if channel.output_fd >= 0:
                poll.register(channel.output_fd, select.POLLIN)
                owners[channel.output_fd] = index
        return poll, owners

    def _advance(self, index: int, process: Process) -> None:
        process.channel.flush()
        meaning = process.advance()
        if isinstance(meaning, Upcall):
            self._service.upcall(index, meaning.op, meaning.args)
        elif meaning is not None:
            self._settle(index, meaning)

    def _settle(self, index: int, outcome: Outcome | None) -> None:
        self.pending.discard(index)
        self.outcomes[index] = outcome
        if outcome is not None:
            self._service.finished(index, outcome)

    def _expire(self, seconds: float) -> None:
        for index in sorted(self.pending):
            self._settle(index, self._processes[index].expire(seconds))

    def _watch_use(self) -> None:
        for index in sorted(self.pending):
            if outcome := self._processes[index].check_use():
                self._settle(index, outcome)
