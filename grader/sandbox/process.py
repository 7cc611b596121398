"""One submission's process, from outside: calls into it, its limits, its end."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import time
from typing import TYPE_CHECKING, Any, Self

from grader.errors import SandboxError, UsageError
from grader.files import sources
from grader.sandbox import procfs, replies
from grader.sandbox.clock import OwnTime
from grader.sandbox.drive import drive, wait
from grader.sandbox.inside.frames import PENDING
from grader.sandbox.inside.wire import WireError
from grader.sandbox.outcomes import (
    BadReturn,
    Crashed,
    Outcome,
    OutOfMemory,
    Raised,
    Returned,
    TimedOut,
)
from grader.text.shown import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.sandbox.channel import Channel
    from grader.sandbox.limits import Limits
    from grader.sandbox.zygote import Zygote

_END_S = 5.0
_LAST_BREATH_S = 0.25  # of its own, from the end of its connection to its end
_GLANCE_S = 0.01


class Process:
    """One untrusted process tree. It can be called until something costs its life."""

    def __init__(
        self,
        zygote: Zygote,
        child: int,
        pid: int,
        channel: Channel,
        entry: str,
        limits: Limits,
        *,
        baseline: int,
        alone: bool,
    ) -> None:
        self.pid = pid
        self._alone = alone  # in its pid namespace: nothing in there can kill it
        self.limits = limits
        self.channel = channel
        self._zygote = zygote
        self._child = child
        self._pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
        self._baseline = baseline  # private bytes before it had any of the submission
        self._entry = entry
        self._question = replies.Question(0, entry, ())
        self._pending = False
        self._asking = False
        self._clock = OwnTime(pid)
        self.starved = False  # whether this machine was too busy to let it come to an end
        self._load_outcome: Outcome | None = None
        self._outcome: Outcome | None = None
        self._fatal: Outcome | None = None  # what cost the process its life
        self._closed = False
        self._unwanted = False
        self.compiled = b""  # what it sent, before it ran any of it, for other processes to load
        self._told_compiled = False
        self._status: int | None = None

    # ---- loading and calling ----------------------------------------------------------------

    def load(self, files: Mapping[str, bytes], compiled: bytes = b"") -> None:
        """Send the submission, without waiting for what comes of it."""
        source = sources.lines(files[f"{self._entry}.py"])
        self._clock.start(used=0.0)  # it has done nothing else since it was forked
        self._ask("load", [dict(files), self._entry, compiled], self._entry, source)

    def loaded(self) -> Outcome:
        """`Returned(None)` once the file is imported, or what became of it instead."""
        if self._load_outcome is None:
            wait(self, self.limits.load_time_s)
            assert self._outcome is not None
            self._load_outcome = self._outcome
        return self._load_outcome

    def call(self, name: str, *args: Any, **kwargs: Any) -> Outcome:
        """What `name(*args, **kwargs)` does, within the time of the limits."""
        self.begin(name, args, kwargs)
        outcome = drive([self], None, self.limits.call_time_s)[0]
        assert outcome is not None
        return outcome

    def begin(
        self, name: str, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> None:
        """Start a call once the file is loaded, for `drive` to bring to its end.

        Raises:
            UsageError: a call is under way already.
            NotPlainError: an argument can't cross.
        """
        loaded = self.loaded()
        if self._pending:
            raise UsageError(f"{self._question.name} is still being called in this process")
        if not isinstance(loaded, Returned):
            self._outcome = loaded
        elif not self._closed:
            self._clock.start()
            self._ask("call", [name, tuple(args), dict(kwargs or {})], name, self._question.source)
        else:
            self._outcome = self._fatal or Crashed("the process was closed")

    def _ask(self, kind: str, content: list[Any], name: str, source: Any) -> None:
        self._question = replies.Question(secrets.randbits(62), name, source)
        if self.channel.unread:
            self._end(BadReturn("the process answered before it was asked"))
            return
        self.channel.send((kind, self._question.nonce, *content))
        self._outcome, self._pending = None, True

    def answer(self, value: Any) -> None:
        """Answer the upcall that this process waits in; nothing, if it has ended."""
        self._reply(("answer", value))

    def answer_error(self, type_name: str, message: str) -> None:
        """Let the upcall raise ValueError, TypeError or RuntimeError, by its name."""
        self._reply(("error", type_name, message))

    def _reply(self, message: tuple[Any, ...]) -> None:
        if self._closed or not self._pending:
            return
        if not self._asking:
            raise UsageError("this process waits in no upcall")
        self._asking = False
        self.channel.send(message)

    # ---- what drive sees --------------------------------------------------------------------

    @property
    def pending(self) -> bool:
        """Whether a call, or the loading, has begun and not ended."""
        return self._pending

    @property
    def waits(self) -> bool:
        """Whether it waits for the answer to an upcall."""
        return self._asking

    @property
    def own_seconds(self) -> float:
        """How long it has been at work so far, as its own clock says."""
        return self._clock.total

    @property
    def closed(self) -> bool:
        """Whether it has been killed and reaped."""
        return self._closed

    @property
    def outcome(self) -> Outcome | None:
        """What the last call or the loading came to."""
        return self._outcome

    def advance(self) -> replies.Upcall | Outcome | None:
        """What the bytes that have come amount to; None while they are not enough."""
        try:
            meaning = self._receive()
            while isinstance(meaning, replies.Compiled):
                self._keep(meaning.code)
                meaning = self._receive()
        except EOFError:
            return self._end(Crashed(self._last_words()))
        except WireError as error:
            return self._end(BadReturn(f"the process sent {printable(str(error), 200)}"))
        if isinstance(meaning, replies.Upcall):
            return self._asks(meaning)
        return meaning and self._finish(meaning)

    def _keep(self, compiled: bytes) -> None:
        """Takes what the runner sends once, before it runs any of the file; all else is forged."""
        if self._told_compiled:
            raise WireError("a compiled file that nobody waits for")
        self._told_compiled = True
        self.compiled = compiled

    def _receive(self) -> replies.Upcall | replies.Compiled | Outcome | None:
        frame = self.channel.receive()
        return None if frame is PENDING else replies.read(frame, self._question)

    def _asks(self, upcall: replies.Upcall) -> replies.Upcall | Outcome:
        if self._asking:
            return self._end(BadReturn("the process sent a request before it had an answer"))
        self._asking = True
        return upcall

    def look(self, now: float, *, waits: bool) -> float:
        """How long the call has been at work, as its own clock says; see `OwnTime.look`."""
        return self._clock.look(now, waits=waits)

    def starve(self) -> None:
        """End it, as this machine is too busy for it. That is no outcome of the submission's."""
        self.starved = True
        self.close()

    def expire(self, seconds: float) -> Outcome:
        """End it because its time is over."""
        return self._end(TimedOut(seconds))

    def check_use(self) -> Outcome | None:
        """`OutOfMemory` if it has taken too much, `Crashed` if too many threads; it is ended then.

        So it is after `give_up`. Only at level 3 does the kernel hold it to the number of threads.
        """
        if self._unwanted:
            return self._end(Crashed("nobody waits for its answer any more"))
        fields = procfs.status(self.pid)
        if self._beyond_baseline(fields) > self.limits.memory_bytes:
            return self._end(OutOfMemory(self.limits.memory_bytes))
        if int(fields.get("Threads", "1")) > self.limits.tasks:
            return self._end(Crashed(f"the process started more than {self.limits.tasks} threads"))
        return None

    def give_up(self) -> None:
        """Whoever drives it ends it soon. May be called from any thread."""
        self._unwanted = True

    def _finish(self, outcome: Outcome) -> Outcome:
        """The call is over; the process goes on unless the outcome says that it can't."""
        if isinstance(outcome, Raised) and "MemoryError" in outcome.types:
            return self._end(OutOfMemory(self.limits.memory_bytes))
        self._outcome = outcome
        self._pending = self._asking = False
        self.channel.drain()
        return outcome

    def _end(self, outcome: Outcome) -> Outcome:
        """The call is over, and so is the process."""
        self._outcome = self._fatal = outcome
        self._pending = self._asking = False
        self.close()
        return outcome

    def _last_words(self) -> str:
        """Why the connection has ended. SandboxError where it was nothing in the sandbox."""
        if self._pidfd >= 0 and not self._breathes_its_last():
            return "the process closed its connection to the grader"
        self.close()
        if self._status is None:
            return "the process ended with the sandbox"
        if self._alone and replies.killed(self._status):
            raise SandboxError(
                f"process {self.pid} was killed from outside the sandbox, by the system where "
                "memory ran out or by hand; that is no fault of the submission's: grade it again"
            )
        return replies.ending(self._status)

    def _breathes_its_last(self) -> bool:
        """Whether it ends now that its connection has; False once it had time to, and did not."""
        self._clock.start()
        for _ in range(round(_END_S / _GLANCE_S)):
            if _ended(self._pidfd, _GLANCE_S):
                return True
            if self._clock.look(time.monotonic(), waits=False) >= _LAST_BREATH_S:
                return False
        return False

    # ---- state ------------------------------------------------------------------------------

    @property
    def stdout(self) -> str:
        """What it has printed so far, on stdout and stderr: printable, cut to the limit."""
        return printable(self.channel.printed(), self.limits.output_bytes)

    @property
    def printed_bytes(self) -> int:
        """How many bytes of output are kept so far: a place for `printed_since`."""
        return self.channel.printed_bytes

    def printed_since(self, start: int) -> str:
        """What it has printed from that place on, as `stdout` gives it."""
        return printable(self.channel.printed(start), self.limits.output_bytes)

    @property
    def output_dropped(self) -> int:
        """How many bytes of output were beyond the limit."""
        return self.channel.dropped

    @property
    def idle(self) -> bool:
        """Whether it is fit for another call: alive, asked nothing, one thread, nothing unread."""
        if self._closed or self._pending or self.channel.unread:
            return False
        return procfs.is_alone(self.pid)

    def memory_bytes(self) -> int:
        """Private memory that it has taken since it was forked; 0 once it has ended."""
        if self._closed:
            return 0
        return self._beyond_baseline(procfs.status(self.pid))

    def _beyond_baseline(self, fields: dict[str, str]) -> int:
        return max(0, procfs.private_bytes(fields) - self._baseline)

    # ---- the end ----------------------------------------------------------------------------

    def close(self) -> None:
        """Kill the whole tree and reap it; it is gone when this returns. Idempotent."""
        if self._closed:
            return
        if self._pending:
            self._outcome = Crashed("the process was closed")
        self._closed, self._pending = True, False
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        try:
            self._status = self._zygote.reap(self._child)
        except SandboxError:
            self._status = None  # the zygote has ended, and so has all that it started
        if self._pidfd >= 0:
            gone = _ended(self._pidfd, _END_S)
            os.close(self._pidfd)
            self._pidfd = -1
            if not gone:
                raise SandboxError(f"process {self.pid} does not die")
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ended(pidfd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
