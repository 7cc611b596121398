"""The socket and the output of one process; neither is ever waited for."""

import os
import re
import select
import socket
import time
from collections import deque
from typing import Any

from grader.sandbox.inside import wire
from grader.sandbox.inside.frames import Reader

_READ = 1 << 16
_MOST_AT_ONCE = 1 << 20  # sent or taken: a flood must not hold the host


class Channel:
    """Frames to and from a process, and what it prints, kept up to a bound."""

    def __init__(
        self, sock: socket.socket, output: int, caps: wire.Caps, output_bytes: int
    ) -> None:
        self._sock = sock
        self.socket_fd = sock.fileno()
        self._reader = Reader(caps)
        self._outbox: deque[memoryview] = deque()
        self.output_fd = output  # the pipe of what it prints; -1 once that is closed
        self._output_bytes = output_bytes
        self._printed = bytearray()
        self.unkept_lines = 0  # that were printed when no more was kept
        os.set_blocking(output, False)

    @property
    def sending(self) -> bool:
        """Whether something still waits to be sent."""
        return bool(self._outbox)

    @property
    def printed_bytes(self) -> int:
        """How much of what was printed is kept."""
        return len(self._printed)

    def printed(self, start: int) -> str:
        """What was printed from the byte `start` on."""
        return self._printed[start:].decode("utf-8", "replace")

    def forget_printed(self) -> None:
        """Drop what was printed up to now: what comes next is kept from the beginning."""
        self.drain()
        self._printed.clear()
        self.unkept_lines = 0

    def send(self, message: Any) -> None:
        """Send a message as far as the other side takes it now; `flush` sends the rest."""
        self._outbox.extend(wire.encode(message, wire.HOST_CAPS))
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the other side takes it."""
        try:
            while self._outbox:
                part = self._outbox[0]
                sent = self._sock.send(part if len(part) <= _MOST_AT_ONCE else part[:_MOST_AT_ONCE])
                if sent == len(part):
                    self._outbox.popleft()
                else:
                    self._outbox[0] = part[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self._outbox.clear()  # it has hung up, which receiving tells

    def receive(self) -> Any:
        """The next frame's value, or `PENDING`; EOFError, WireError as `Reader` says."""
        try:
            return self._reader.receive(self._sock)
        except ConnectionError:
            raise EOFError from None

    @property
    def unread(self) -> bool:
        """Whether bytes have come that belong to no answer."""
        try:
            return self._reader.begun or bool(self._sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except OSError:
            return True

    def drain(self) -> None:
        """Take what the process has printed: keep the beginning, drop the rest."""
        taken = 0
        try:
            while self.output_fd >= 0 and taken < _MOST_AT_ONCE:
                part = os.read(self.output_fd, _READ)
                if not part:
                    self._close_output()
                room = self._output_bytes - len(self._printed)
                self._printed += part[:room]
                self.unkept_lines += part.count(b"\n", room)
                taken += len(part)
        except BlockingIOError:
            pass

    def overhear(self, wanted: re.Pattern[bytes], seconds: float) -> re.Match[bytes] | None:
        """What is wanted of the last output, waited for so long at most; no more is kept."""
        heard, until, found = b"", time.monotonic() + seconds, None
        while found is None and len(heard) < _MOST_AT_ONCE and self._has_printed(until):
            part = os.read(self.output_fd, _READ)
            if not part:
                break
            heard += part
            found = wanted.search(heard)
        self._close_output()
        return found

    def _has_printed(self, until: float) -> bool:
        """Whether output waits to be read before that time."""
        if self.output_fd < 0:
            return False
        poll = select.poll()
        poll.register(self.output_fd, select.POLLIN)
        return bool(poll.poll(max(0.0, until - time.monotonic()) * 1000))

    def _close_output(self) -> None:
        if self.output_fd >= 0:
            os.close(self.output_fd)
            self.output_fd = -1

    def close(self) -> None:
        """Take the last output and let go of both; idempotent."""
        self._outbox.clear()
        self.drain()
        self._close_output()
        self._sock.close()
