"""A zygote as the host holds it: have it fork, reap and end."""

import contextlib
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from grader.errors import SandboxError
from grader.sandbox import launch
from grader.sandbox.inside.contract import Limits
from grader.text.shown import printable

_START_S = 120.0  # importing torch from a cold disk takes long
_ANSWER_S = 20.0
_END_S = 5.0


class Zygote:
    """A zygote and everything forked from it. One request at a time, from any thread."""

    def __init__(self, order: launch.Order) -> None:
        self._process, self._control = launch.start(order)
        self._lock = threading.Lock()
        self._received = b""
        self._alive = True
        try:
            self._answer(time.monotonic() + _START_S)
        except SandboxError:
            reason = self._stderr()
            self.close()
            raise SandboxError(f"the sandbox did not start: {reason}") from None

    @property
    def alive(self) -> bool:
        """Whether it takes requests."""
        return self._alive and self._process.poll() is None

    def fork(self, limits: Limits, fds: Sequence[int]) -> int:
        """A new child's number, as the zygote knows it."""
        answer = self._ask({"fork": limits}, fds)
        if "error" in answer:
            raise SandboxError(f"the sandbox can't start another process: {answer['error']}")
        return int(answer["pid"])

    def reap(self, child: int) -> int:
        """Kill and reap a child; returns its wait status."""
        return int(self._ask({"reap": child})["status"])

    def _ask(self, message: dict[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        with self._lock:
            if not self._alive:
                raise SandboxError("the sandbox has ended: make a new one")
            line = msgspec.json.encode(message) + b"\n"
            try:
                socket.send_fds(self._control, [line], fds)
            except OSError as error:
                self._dead(str(error))
            return self._answer(time.monotonic() + _ANSWER_S)

    def _answer(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._received:
            self._control.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                part = self._control.recv(4096)
            except OSError as error:
                self._dead(str(error))
            if not part:
                self._dead("it closed its control line")
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    def _dead(self, reason: str) -> None:
        self._alive = False
        raise SandboxError(
            f"the sandbox's zygote has died ({reason}): make a new Sandbox"
        ) from None

    def _stderr(self) -> str:
        """What it said when it failed, once it has ended."""
        assert self._process.stderr is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        fd = self._process.stderr.fileno()
        os.set_blocking(fd, False)
        with contextlib.suppress(BlockingIOError):
            return printable(os.read(fd, 1 << 16).decode(errors="replace").strip()[-2000:], 2000)
        return "it gave no reason"

    def close(self) -> None:
        """End the zygote and all its children; they are gone when this returns."""
        with self._lock:
            self._alive = False
            process, control = self._process, self._control
            if process.stderr is None or process.stderr.closed:
                return
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_WR)  # it then reaps, tidies up and ends
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
            process.kill()
            process.wait()
            poll = select.poll()
            poll.register(control, select.POLLHUP)
            poll.poll(_END_S * 1000)  # until nothing holds the other end: bwrap may end too soon
            control.close()
            process.stderr.close()
