"""Reads frames from a stream socket: whole values, however the bytes arrive."""

import socket
from collections.abc import Callable, Generator
from typing import Any, Final

from .decoding import Decoder, sizes
from .wire import PREFIX, Caps, ServiceRef, WireError

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
    header_bytes, body_bytes = sizes(prefix, caps)
    header = bytearray(header_bytes)
    yield memoryview(header)
    decoder = Decoder(caps, body_bytes, resolve)
    value = decoder.read(header)
    yield from decoder.body
    decoder.settle()
    return value


class Reader:
    """Reads one frame after the other, and keeps the bytes of the next one that have come.

    A small frame costs one system call: what the socket has is read ahead. If all of the frame
    is in that, as mostly, it is decoded from there; else its parts are filled as bytes come.
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
            return self._receive(sock, flags)
        except BlockingIOError:
            return PENDING
        except (WireError, EOFError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  msgpack's, unhashable keys, depth, memory
            raise WireError(f"undecodable: {type(error).__name__}") from None

    def _receive(self, sock: socket.socket, flags: int) -> Any:
        while (value := self._read_ahead()) is PENDING:
            self._take()
            if self._room and not self._read(sock, flags):
                raise EOFError
            if not self._room:
                try:
                    self._room = next(self._parser)
                except StopIteration as done:
                    self._start()
                    return done.value
        return value

    def _read_ahead(self) -> Any:
        """The next frame's value, if it has not begun to be filled and all of it is ahead."""
        ahead = self._ahead
        if self._taken or len(ahead) < PREFIX.size:
            return PENDING
        header_bytes, body_bytes = sizes(ahead, self._caps)
        begin = PREFIX.size + header_bytes
        if len(ahead) < begin + body_bytes:
            return PENDING
        body, self._ahead = ahead[begin : begin + body_bytes], ahead[begin + body_bytes :]
        decoder = Decoder(self._caps, body_bytes, self._resolve, body)
        value = decoder.read(ahead[PREFIX.size : begin])
        decoder.settle()
        return value

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
