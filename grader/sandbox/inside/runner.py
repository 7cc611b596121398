"""Loads the submitted file and serves calls into it, until the connection ends.

The messages are those of `contract`.
"""

import contextlib
import faulthandler
import importlib.machinery
import importlib.util
import marshal
import os
import socket
import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from . import contract, frames, report, wire
from .mutation import Snapshot

_MAX_COMPILED_BYTES = wire.MAX_HEADER_BYTES // 2
_STDERR = 2
_UPCALL_ERRORS = {"ValueError": ValueError, "TypeError": TypeError, "RuntimeError": RuntimeError}


class Runner:
    """Serves one submission over one socket."""

    def __init__(
        self,
        sock: socket.socket,
        folder: str,
        services: Mapping[str, Any],
        reply_caps: wire.Caps,
    ) -> None:
        self._sock = sock
        self._folder = folder
        self._services = services
        self._reply_caps = reply_caps
        self._reader = frames.Reader(wire.HOST_CAPS, self._make)
        self._lock = threading.Lock()
        self._nonce = 0
        self._fault: list[Any] | None = None
        self._module: ModuleType | None = None
        self._path = ""

    def serve(self) -> None:
        """Answer requests until the host closes the connection."""
        with contextlib.suppress(EOFError):
            while True:
                reply = self._answer()
                _flush()
                self._transmit(reply)

    def _answer(self) -> list[memoryview]:
        """The reply to the next request.

        The request is gone then. What it holds may have a `__del__`: that belongs to this call's
        time.
        """
        self._fault = None
        request = self._request()
        try:
            return self._load(*request[1:]) if request[0] == "load" else self._call(*request[1:])
        except BaseException as error:  # noqa: BLE001  of our own code, most likely
            return self._failed(error)

    def _receive(self) -> Any:
        """The host's next message; the end of this process if the submission spoilt the socket."""
        message = self._reader.receive(self._sock)
        if message is frames.PENDING:  # it does not block any more
            os._exit(1)
        return message

    def _request(self) -> Any:
        try:
            return self._receive()
        except EOFError:
            raise
        except Exception as error:  # the host sends nothing that we should not understand
            if fault := report.certain_fault(error.__context__ or error):
                self.send(["fault", *fault])
            raise

    def send(self, message: Any) -> None:
        """Send a message that is plain data."""
        self._transmit(wire.encode(message, self._reply_caps))

    def _transmit(self, parts: list[memoryview]) -> None:
        for part in parts:
            self._sock.sendall(part)

    def _reply(self, message: list[Any]) -> list[memoryview]:
        return wire.encode(message, self._reply_caps)

    def _raised(self, error: BaseException) -> list[memoryview]:
        """What the submission raised, unless it is what our own code raised through it."""
        if self._fault is not None:
            return self._reply(["fault", *self._fault])
        return self._reply(["raised", self._nonce, *report.describe(error, self._path)])

    def _failed(self, error: BaseException) -> list[memoryview]:
        """What went wrong outside of the submission's own functions."""
        self._fault = self._fault or report.fault_in(error)
        return self._raised(error)

    # ---- loading ----------------------------------------------------------------------------

    def _load(
        self, nonce: int, files: dict[str, bytes], entry: str, compiled: bytes
    ) -> list[memoryview]:
        self._nonce = nonce
        self._path = f"{self._folder}/{entry}.py"
        self._write(files)
        try:
            self._import(entry, compiled)
        except BaseException as error:  # noqa: BLE001  whatever a submission raises is its result
            return self._raised(error)
        return self._returned(None, [])

    def _write(self, files: dict[str, bytes]) -> None:
        os.makedirs(self._folder, 0o700, exist_ok=True)
        for name, content in files.items():
            path = f"{self._folder}/{name}"
            if "/" in name:
                os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)

    def _import(self, entry: str, compiled: bytes) -> None:
        """Import the file as the module `entry`, whatever else has that name."""
        sys.path.insert(0, self._folder)
        loader = importlib.machinery.SourceFileLoader(entry, self._path)
        spec = importlib.util.spec_from_file_location(entry, self._path, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[entry] = module
        code = marshal.loads(compiled) if compiled else None  # noqa: S302  of this very file
        fresh = b""
        if code is None or code.co_filename != self._path:  # without a scratch of the same name
            code = loader.source_to_code(loader.get_data(self._path), self._path)
            fresh = marshal.dumps(code)
        # Always, and before any of it runs, as the host takes none after it. What is too large
        # the next process compiles, too.
        self.send(["compiled", self._nonce, fresh if len(fresh) <= _MAX_COMPILED_BYTES else b""])
        # The host may ask where it is, from here to the end of its last call: Python itself then
        # writes that, and not on its own behalf.
        faulthandler.register(contract.WHERE_SIGNAL, _STDERR, all_threads=False)
        exec(code, module.__dict__)  # noqa: S102  what this process is for
        self._module = module

    # ---- calls ------------------------------------------------------------------------------

    def _call(
        self, nonce: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> list[memoryview]:
        self._nonce = nonce
        before = Snapshot(args, kwargs)
        try:
            value = self._function(name)(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001  SystemExit and KeyboardInterrupt included
            return self._raised(error)
        try:
            return self._returned(value, before.mutated())
        except wire.NotPlainError as error:
            return self._reply(["unplain", nonce, str(error)[:200]])
        except BaseException as error:  # noqa: BLE001  a value whose own methods raise
            return self._failed(error)

    def _returned(self, value: Any, mutated: list[str]) -> list[memoryview]:
        if self._fault is not None:
            return self._reply(["fault", *self._fault])
        return self._reply(["returned", self._nonce, value, mutated])

    def _function(self, name: str) -> Any:
        try:
            function = getattr(self._module, name)
        except AttributeError:
            file = os.path.basename(self._path)
            raise AttributeError(f"{file} defines no function {name}") from None
        if not callable(function):
            kind = type(function).__name__
            raise TypeError(f"{name} is of type {kind}, not a function")
        return function

    # ---- services ---------------------------------------------------------------------------

    def _make(self, reference: wire.ServiceRef) -> Any:
        return self._services[reference.name].make(self._upcall, **reference.params)

    def _upcall(self, op: str, *args: Any) -> Any:
        """What the host answers to `op`; raises what the host refuses it with."""
        try:
            kind, *content = self._ask(["upcall", self._nonce, op, args])
        except wire.NotPlainError as error:
            raise TypeError(f"{op} was given {error}, which is not plain data") from None
        except BaseException as error:
            self._fault = report.fault_in(error)  # whatever the submission makes of it
            raise
        if kind == "answer":
            return content[0]
        raise _UPCALL_ERRORS.get(content[0], RuntimeError)(content[1])

    def _ask(self, message: list[Any]) -> Any:
        frame = self._reply(message)
        with self._lock:
            _flush()
            self._transmit(frame)
            return self._receive()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):  # a submission may have closed or replaced it
            stream.flush()
