"""The process of one submission, seen from outside: its pid, its limits, its end."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Mapping
from typing import Any, Self

from grader.errors import SandboxError
from grader.sandbox import procfs
from grader.sandbox.channel import Channel
from grader.sandbox.conversation import Conversation, Upcall
from grader.sandbox.inside.contract import (
    WHERE_SIGNAL,
    BadReturn,
    Crashed,
    Limits,
    Outcome,
    OutOfMemory,
)
from grader.sandbox.inside.frames import PENDING
from grader.sandbox.inside.wire import NotPlainError, WireError
from grader.sandbox.own_time import OwnTime
from grader.sandbox.zygote import Zygote
from grader.text.shown import printable

_END_S = 5.0
_GRACE_S = 0.25  # of its own, from the end of its connection to its end
_GLANCE_S = 0.01
_ANSWER_S = 0.25  # for a line on its output


class Process:
    """One untrusted process tree. It can be called until something costs its life.

    The functions of `loop` wait for its answers; what is here waits for nothing but its end.

    Args:
        zygote: what it was forked from, which knows it by the number `child`.
        child: that number.
        pid: its pid, as this process sees it.
        channel: its socket and its output.
        limits: what it may use.
        baseline: its private bytes before it had any of the submission.
        alone: whether it is in a pid namespace of its own, so that nothing in there can kill it.
    """

    def __init__(
        self,
        zygote: Zygote,
        child: int,
        pid: int,
        channel: Channel,
        limits: Limits,
        *,
        baseline: int,
        alone: bool,
    ) -> None:
        self.pid = pid
        self.limits = limits
        self.channel = channel
        self.closed = False  # whether it has been killed and reaped
        self.starved = False  # whether this machine was too busy to let it come to an end
        self.clock = OwnTime(pid)
        self.conversation = Conversation(limits.memory_bytes)
        self._zygote = zygote
        self._child = child
        self._pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
        self._baseline = baseline
        self._alone = alone
        self._unwanted = False
        self._status: int | None = None  # how it ended

    # ---- what it is asked -------------------------------------------------------------------

    def load(self, files: Mapping[str, bytes], entry: str, compiled: bytes = b"") -> None:
        """Send the submission."""
        self.clock.start(used=0.0)  # it has done nothing else since it was forked
        self._ask(self.conversation.load(files, entry, compiled))

    def ask(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Ask for a call, once the file is loaded.

        Raises:
            UsageError: another call is under way.
            NotPlainError: an argument can't cross.
        """
        message = self.conversation.call(name, args, kwargs)
        if message is not None:
            self.clock.start()
            try:
                self._ask(message)
            except NotPlainError:
                self.conversation.pending = False  # nothing was sent
                raise

    def _ask(self, message: tuple[Any, ...]) -> None:
        if self.channel.unread:
            self._end(BadReturn("the process answered before it was asked"))
        else:
            self.channel.send(message)

    def answer(self, value: Any) -> None:
        """Answer the upcall that this process waits in; nothing, if it has ended."""
        self._reply(("answer", value))

    def answer_error(self, type_name: str, message: str) -> None:
        """Let the upcall raise ValueError, TypeError or RuntimeError, by its name."""
        self._reply(("error", type_name, message))

    def _reply(self, message: tuple[Any, ...]) -> None:
        reply = self.conversation.reply(message)
        if reply is not None:
            self.channel.send(reply)

    # ---- what it says and uses --------------------------------------------------------------

    def advance(self) -> Upcall | Outcome | None:
        """Read the bytes that have come: a request, the outcome, or None where more is to come."""
        self.channel.flush()
        try:
            meaning = None
            while meaning is None and (frame := self.channel.receive()) is not PENDING:
                meaning = self.conversation.hear(frame)
        except EOFError:
            meaning = self.conversation.end(Crashed(self._why_disconnected()))
        except WireError as error:
            meaning = self.conversation.misheard(error)
        if self.conversation.fatal is not None:
            self.close()
        elif not self.conversation.pending:
            self.channel.drain()
        return meaning

    def starve(self) -> None:
        """End it because this machine is too busy; that is no outcome of the submission's."""
        self.starved = True
        self.close()

    def expire(self, seconds: float) -> Outcome:
        """End it because its time is over; unless it waits for others, it says where it was."""
        line = None if self.conversation.waits else self._line()
        return self._end(self.conversation.timed_out(seconds, line))

    def _line(self) -> int | None:
        """The deepest line of the submitted file that is under way, as the process itself says.

        Its Python is asked by a signal, and answers on its output, whatever it is doing (see
        `inside.runner`). A submission may unlearn that, or lie: then another line of its own file
        is told to its author, or none.
        """
        self.channel.drain()
        with contextlib.suppress(OSError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, WHERE_SIGNAL)
            else:
                os.kill(self.pid, WHERE_SIGNAL)
            found = self.channel.overhear(self.conversation.place_in_traceback, _ANSWER_S)
            return int(found[1]) if found else None
        return None

    def give_up(self) -> None:
        """Have whoever waits for it end it soon. May be called from any thread."""
        self._unwanted = True

    def check_use(self) -> Outcome | None:
        """End it where it has taken too much memory or too many threads, or after `give_up`.

        Only at level 3 does the kernel itself limit the number of threads.
        """
        if self._unwanted:
            return self._end(Crashed("nobody waits for its answer any more"))
        fields = procfs.status(self.pid)
        if procfs.private_bytes(fields) - self._baseline > self.limits.memory_bytes:
            return self._end(OutOfMemory(self.limits.memory_bytes))
        if int(fields.get("Threads", "1")) > self.limits.tasks:
            return self._end(Crashed(f"the process started more than {self.limits.tasks} threads"))
        return None

    @property
    def idle(self) -> bool:
        """Whether it is fit for another call: alive, asked nothing, one thread, nothing unread."""
        if self.closed or self.conversation.pending or self.channel.unread:
            return False
        return procfs.is_alone(self.pid)

    @property
    def printed_bytes(self) -> int:
        """How many bytes of its output are kept so far: where `printed_since` may begin."""
        return self.channel.printed_bytes

    @property
    def unkept_lines(self) -> int:
        """How many lines it has printed after those that are kept."""
        return self.channel.unkept_lines

    def forget_printed(self) -> None:
        """Drops what it has printed: the next case is told from its own beginning."""
        if not self.closed:
            self.channel.forget_printed()

    def printed_since(self, start: int) -> str:
        """What it has printed on stdout and stderr from that byte on, made printable."""
        return printable(self.channel.printed(start), self.limits.output_bytes)

    # ---- its end ----------------------------------------------------------------------------

    def _end(self, outcome: Outcome) -> Outcome:
        """The call is over, and so is the process."""
        self.conversation.end(outcome)
        self.close()
        return outcome

    def _why_disconnected(self) -> str:
        """Why the connection has ended; SandboxError where something outside killed the process."""
        if self._pidfd >= 0 and not self._ends_too():
            return "the process closed its connection to the grader"
        self._kill()
        if self._status is None:
            return "the process ended with the sandbox"
        if self._alone and self._status == signal.SIGKILL:
            raise SandboxError(
                f"process {self.pid} was killed from outside the sandbox, by the system where "
                "memory ran out or by hand; that is no fault of the submission's: grade it again"
            )
        return _ending(self._status)

    def _ends_too(self) -> bool:
        """Whether the process ends, too, now that its connection has; it gets a moment for that."""
        self.clock.start()
        for _ in range(round(_END_S / _GLANCE_S)):
            if _ended(self._pidfd, _GLANCE_S):
                return True
            if self.clock.look(time.monotonic(), waits=False) >= _GRACE_S:
                return False
        return False

    def close(self) -> None:
        """Kill the whole tree and reap it; it is gone when this returns. Idempotent."""
        self.conversation.close()
        self._kill()

    def _kill(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        # Where the zygote has ended, so has all that it started: no status then.
        with contextlib.suppress(SandboxError):
            self._status = self._zygote.reap(self._child)
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


def _ending(status: int) -> str:
    """How a process ended, in words, from its wait status."""
    if not os.WIFSIGNALED(status):
        return f"the process ended itself with os._exit({os.WEXITSTATUS(status)})"
    number = os.WTERMSIG(status)
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"the process was ended by {name}"
