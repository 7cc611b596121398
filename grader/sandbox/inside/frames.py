"""Frames off a stream socket: whole values, however the bytes arrive."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final

import msgspec

from .wire import MAGIC, PREFIX, Caps, Decoder, ServiceRef, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_CHUNK = 1 << 20
_READ_AHEAD = 1 << 13  # every page of it is a page more in every child


class _Pending:
    def __repr__(self) -> str:
        return "PENDING"


PENDING: Final = _Pending()  # the socket has no more bytes now


def _parse(
    caps: Caps, resolve: Callable[[ServiceRef], Any] | None
) -> Generator[memoryview, None, Any]:
    """Yield each piece of memory that is to be filled next; return the frame's value."""
    prefix = bytearray(PREFIX.size)
    yield memoryview(prefix)
    magic, header_bytes, body_bytes = PREFIX.unpack(prefix)
    if magic != MAGIC or header_bytes > caps.header_bytes or body_bytes > caps.body_bytes:
        raise WireError("not the beginning of a frame, or of one that is too large")
    header = bytearray(header_bytes)
    yield memoryview(header)
    decoder = Decoder(caps, body_bytes, resolve)
    value = decoder.item(msgspec.msgpack.decode(header))
    decoder.finish()
    yield from decoder.body
    for settle in decoder.when_filled:
        settle()
    return value


class Reader:
    """Reads one frame after the other; keeps what has come of the next one.

    A small frame costs one system call: what the socket has is read ahead, and taken from there.
    """

    def __init__(
        self, caps: Caps | None = None, resolve: Callable[[ServiceRef], Any] | None = None
    ) -> None:
        self._caps = caps or Caps()
        self._resolve = resolve
        self._buffer = memoryview(bytearray(_READ_AHEAD))
        self._ahead = self._buffer[:0]
        self._start()

    def _start(self) -> None:
        self._parser = _parse(self._caps, self._resolve)
        self._room = next(self._parser)
        self._taken = False

    @property
    def begun(self) -> bool:
        """Whether part of a frame has come."""
        return self._taken or bool(self._ahead)

    def receive(self, sock: socket.socket, flags: int = 0) -> Any:
        """The next frame's value, or `PENDING`.

        Raises:
            EOFError: the other side has closed the connection.
            WireError: for whatever else is wrong with what came.
        """
        try:
            while True:
                self._take()
                if not self._room:
                    self._room = self._next_room()
                elif not self._read(sock, flags):
                    raise EOFError
        except BlockingIOError:
            return PENDING
        except StopIteration as done:
            self._start()
            return done.value

    def _take(self) -> None:
        """Move what was read ahead to where it belongs."""
        count = min(len(self._room), len(self._ahead))
        if count:
            self._room[:count] = self._ahead[:count]
            self._room, self._ahead = self._room[count:], self._ahead[count:]
            self._taken = True

    def _read(self, sock: socket.socket, flags: int) -> int:
        """Read what has come: large arrays into their own memory, all else ahead."""
        if len(self._room) >= _READ_AHEAD:
            count = sock.recv_into(self._room, min(len(self._room), _CHUNK), flags)
            self._room = self._room[count:]
            self._taken = self._taken or bool(count)
            return count
        count = sock.recv_into(self._buffer, 0, flags)
        self._ahead = self._buffer[:count]
        return count

    def _next_room(self) -> memoryview:
        """The next memory to fill; StopIteration with the value when there is none."""
        try:
            return next(self._parser)
        except (StopIteration, WireError):
            raise
        except Exception as error:  # noqa: BLE001  msgpack's, unhashable keys, depth, memory
            raise WireError(f"undecodable: {type(error).__name__}") from None
