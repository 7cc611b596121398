"""One process's socket and output, without ever blocking on either."""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from typing import Any

from grader.sandbox.inside import wire
from grader.sandbox.inside.frames import Reader

_READ = 1 << 16
_MAX_DRAIN = 1 << 20  # at once: a flood must not hold the host


class Channel:
    """Frames to and from a process, and what it prints, kept up to a bound."""

    def __init__(
        self, sock: socket.socket, output: int, caps: wire.Caps, output_bytes: int
    ) -> None:
        self._sock = sock
        self._reader = Reader(caps)
        self._outbox: deque[memoryview] = deque()
        self._output = output
        self._output_bytes = output_bytes
        self._printed = bytearray()
        self.dropped = 0
        os.set_blocking(output, False)

    @property
    def socket_fd(self) -> int:
        return self._sock.fileno()

    @property
    def output_fd(self) -> int:
        """The pipe of what it prints; -1 once that is closed."""
        return self._output

    @property
    def sending(self) -> bool:
        """Whether something still waits to be sent."""
        return bool(self._outbox)

    @property
    def printed_bytes(self) -> int:
        """How much of what was printed is kept."""
        return len(self._printed)

    def printed(self, start: int = 0) -> str:
        """What was printed from the byte `start` on."""
        return self._printed[start:].decode("utf-8", "replace")

    def send(self, message: Any) -> None:
        """Send a message as far as the other side takes it now; `flush` sends the rest."""
        self._outbox.extend(wire.encode(message, wire.HOST_CAPS))
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the other side takes it."""
        try:
            while self._outbox:
                sent = self._sock.send(self._outbox[0][: 1 << 20])
                self._outbox[0] = self._outbox[0][sent:]
                if not self._outbox[0]:
                    self._outbox.popleft()
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
        """Take what it has printed: keep the beginning, count the rest."""
        taken = 0
        with contextlib.suppress(BlockingIOError):
            while self._output >= 0 and taken < _MAX_DRAIN:
                part = os.read(self._output, _READ)
                if not part:
                    self._close_output()
                room = self._output_bytes - len(self._printed)
                self._printed += part[:room]
                self.dropped += len(part) - len(part[:room])
                taken += len(part)

    def _close_output(self) -> None:
        if self._output >= 0:
            os.close(self._output)
            self._output = -1

    def close(self) -> None:
        """Take the last output and let go of both; idempotent."""
        self._outbox.clear()
        self.drain()
        self._close_output()
        self._sock.close()
