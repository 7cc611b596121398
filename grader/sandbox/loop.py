"""The loop that waits for several processes: for their answers, and for what they ask meanwhile.

It stands above `Process` and `Conversation`: only here does the host wait for submitted code.
"""

import math
import select
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from grader.errors import StarvedError
from grader.sandbox.conversation import Upcall
from grader.sandbox.inside.contract import BACKSTOP, Outcome
from grader.sandbox.process import Process

_IN_OUT = select.POLLIN | select.POLLOUT
_WATCH_S = 0.01  # between looks at what the running ones use


class Service(Protocol):
    """Answers what processes ask while they run. They are known by their index in `drive`."""

    def upcall(self, index: int, op: str, args: tuple[Any, ...]) -> None:
        """Process `index` asks, and waits until `answer` or `answer_error` is called on it."""

    def finished(self, index: int, outcome: Outcome) -> None:
        """The call in process `index` has ended."""

    @property
    def stopped(self) -> bool:
        """Whether the run is over, even where processes still wait."""


class _NoService:
    """Refuses every request, where there is no service."""

    stopped = False

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes

    def upcall(self, index: int, op: str, _args: tuple[Any, ...]) -> None:
        self._processes[index].answer_error("RuntimeError", f"nothing answers {op} here")

    def finished(self, index: int, outcome: Outcome) -> None:
        pass


def loaded(process: Process) -> Outcome:
    """Wait for the import of the file; returns its outcome, `Returned(None)` if all is well."""
    conversation = process.conversation
    if conversation.loaded is None:
        drive([process], None, process.limits.load_time_s)
        assert conversation.loaded is not None, "a drive ends all"
    return conversation.loaded


def begin(
    process: Process,
    name: str,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Start a call, once the file is loaded, for `drive` to bring to its end.

    Raises:
        UsageError: another call is under way in this process.
        NotPlainError: an argument can't cross.
    """
    loaded(process)
    process.ask(name, args, kwargs or {})


def call(
    process: Process,
    name: str,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    seconds: float | None = None,
) -> Outcome:
    """What `name(*args, **kwargs)` does, within so many seconds, or the time of the limits."""
    begin(process, name, args, kwargs)
    (outcome,) = drive([process], None, process.limits.call_time_s if seconds is None else seconds)
    assert outcome is not None, "a drive that no service stops ends with every outcome"
    return outcome


def drive(
    processes: Sequence[Process], service: Service | None, seconds: float
) -> list[Outcome | None]:
    """The outcomes of the calls that were begun in `processes`, in their order.

    When one of them has had so many seconds to itself, time is over for all: what has not ended
    is `TimedOut` and closed. Waiting in an upcall takes none, unless all of them wait. When the
    service stops the run, what has not ended is None and closed. Without a service an upcall
    raises.

    Raises:
        StarvedError: the machine was too busy to give them that time in `BACKSTOP` times as much.
    """
    loop = _Loop(processes, service or _NoService(processes))
    try:
        loop.run(seconds)
    finally:
        for index in loop.pending:
            processes[index].close()
    return loop.outcomes


class _Loop:
    def __init__(self, processes: Sequence[Process], service: Service) -> None:
        self._processes = processes
        self._service = service
        self.outcomes: list[Outcome | None] = [None] * len(processes)
        self.pending = set(range(len(processes)))

    def run(self, seconds: float) -> None:
        """Wait until every call has ended, the service stops the run, or time is over."""
        for index, process in enumerate(self._processes):
            if not process.conversation.pending:
                self._settle(index, process.conversation.outcome)
        started = time.monotonic()
        watch = started + min(_WATCH_S, seconds)
        while self.pending and not self._service.stopped:
            self._step(watch)
            now = time.monotonic()
            if now >= watch:
                self._watch_use()
                self._watch_time(now, seconds)
                watch = now + _WATCH_S
            if self.pending and now - started >= BACKSTOP * max(seconds, _WATCH_S):
                self._starve(now - started)

    def _step(self, until: float) -> None:
        """Wait for events, at most `until`, and handle those that came."""
        poll, owners = select.poll(), {}
        for index in self.pending:
            channel = self._processes[index].channel
            poll.register(channel.socket_fd, _IN_OUT if channel.sending else select.POLLIN)
            owners[channel.socket_fd] = index
            if channel.output_fd >= 0:
                poll.register(channel.output_fd, select.POLLIN)
                owners[channel.output_fd] = index
        for fd, _event in poll.poll(max(0, math.ceil((until - time.monotonic()) * 1000))):
            index = owners[fd]
            if index in self.pending and not self._service.stopped:
                self._advance(index, fd)

    def _advance(self, index: int, fd: int) -> None:
        process = self._processes[index]
        if fd == process.channel.output_fd:
            process.channel.drain()
            return
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

    def _watch_use(self) -> None:
        for index in sorted(self.pending):
            if outcome := self._processes[index].check_use():
                self._settle(index, outcome)

    def _watch_time(self, now: float, seconds: float) -> None:
        """End all calls once one has had its time. Waiting counts only where all of them wait."""
        waiting = {i for i in self.pending if self._processes[i].conversation.waits}
        if waiting == self.pending:
            waiting = set()
        used = [self._processes[i].clock.look(now, waits=i in waiting) for i in self.pending]
        if max(used, default=0.0) >= seconds:
            for index in sorted(self.pending):
                self._settle(index, self._processes[index].expire(seconds))

    def _starve(self, seconds: float) -> None:
        for index in self.pending:
            self._processes[index].starve()
        own = max(self._processes[index].clock.total for index in self.pending)
        raise StarvedError(
            f"this machine is too busy: in {seconds:.0f} s the submission had {own:.1f} s to "
            "itself; grade it again when less is going on here"
        )
