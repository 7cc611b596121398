"""A sandbox: one zygote, from which a process is opened for each submission."""

import contextlib
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Self

from grader.errors import SandboxError, UsageError
from grader.sandbox import attestation, launch
from grader.sandbox.channel import Channel
from grader.sandbox.inside.contract import Level, Limits
from grader.sandbox.inside.wire import Caps
from grader.sandbox.process import Process
from grader.sandbox.zygote import Zygote

_BUFFER_BYTES = 1 << 20
_DEFAULT = Limits()


class Sandbox:
    """Runs submissions at one level of isolation. It starts once and opens many processes.

    Args:
        level: what isolation must be reached; less is refused, never accepted in silence.
        preload: libraries that every process finds imported.
        services: trusted files, by name, that processes find imported and that arguments can
            refer to by `ServiceRef`. Such a file defines `make(upcall, **params)`.

    Raises:
        SandboxError: this machine can't do it; the text says what would mend that.
    """

    def __init__(
        self,
        level: Level,
        *,
        preload: Sequence[str] = ("numpy",),
        services: Mapping[str, Path] | None = None,
    ) -> None:
        self.level = level
        order = launch.Order(level, preload=tuple(preload), services=dict(services or {}))
        self._zygote = Zygote(order)
        self._open: set[Process] = set()

    @property
    def alive(self) -> bool:
        """Whether processes can be opened; False once the zygote has ended."""
        return self._zygote.alive

    def open(
        self,
        files: Mapping[str, bytes],
        entry: str,
        limits: Limits = _DEFAULT,
        *,
        compiled: bytes = b"",
    ) -> Process:
        """A locked-down process that has begun to import `entry` from `files`.

        It does not wait for the import, so that several can go on at once.

        Args:
            files: relative path to content; `entry` + ".py" is among them.
            entry: the module that calls go to.
            limits: what it may use.
            compiled: what another process compiled these very files to (`Process.compiled`).

        Raises:
            SandboxError: the process is not provably locked down, or the zygote has ended.
            UsageError: `files` or `entry` can't be meant.
        """
        _check_files(files, entry)
        near, far = socket.socketpair()
        output, far_output = os.pipe()
        channel = Channel(near, output, Caps(body_bytes=limits.frame_bytes), limits.output_bytes)
        with contextlib.ExitStack() as undo:
            undo.callback(channel.close)
            child = self._fork(near, far, far_output, limits)
            undo.callback(self._abandon, child)
            pid, memory = attestation.attest(near, self.level, child)
            alone = self.level is Level.FULL
            process = Process(
                self._zygote, child, pid, channel, limits, baseline=memory, alone=alone
            )
            undo.pop_all()  # from here on the process ends them
        self._open = {other for other in self._open if not other.closed} | {process}
        process.load(files, entry, compiled)
        return process

    def _fork(self, near: socket.socket, far: socket.socket, output: int, limits: Limits) -> int:
        """The number of a child that has the far ends, which are closed here."""
        try:
            with far:
                for sock in (near, far):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
                attestation.ask_for_credentials(near)
                return self._zygote.fork(limits, (far.fileno(), output))
        finally:
            os.close(output)

    def _abandon(self, child: int) -> None:
        with contextlib.suppress(SandboxError):  # the zygote has ended, and so has the child
            self._zygote.reap(child)

    def close(self) -> None:
        """End every process and the zygote; idempotent."""
        for process in list(self._open):
            process.close()
        self._zygote.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_files(files: Mapping[str, bytes], entry: str) -> None:
    if not entry.isidentifier() or f"{entry}.py" not in files:
        raise UsageError(f"the files to run must hold {entry}.py; they are: {', '.join(files)}")
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise UsageError(f"{name!r} is not a path within a submission")
