"""Proves that a child is locked down before any byte of a submission is sent to it.

The first message from a child comes from our own code: no other code is in it yet. The kernel
tells the host which process sent it, and what that process may do; the sender can forge neither.
Landlock can't be seen from outside: the child tries it.
"""

import os
import socket
import struct
from typing import Any

from grader.errors import SandboxError
from grader.sandbox import launch, procfs
from grader.sandbox.inside.contract import Level
from grader.sandbox.inside.frames import Reader
from grader.sandbox.inside.wire import Caps, WireError
from grader.text.shown import printable

_CREDENTIALS = struct.Struct("iII")
_HELLO_CAPS = Caps(header_bytes=4096, body_bytes=0, nodes=16)
_HELLO_S = 20.0
_NO_CAPABILITY = "0" * 16


def ask_for_credentials(sock: socket.socket) -> None:
    """Have the kernel name the sender of what comes over `sock`, where it can."""
    if hasattr(socket, "SO_PASSCRED"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def attest(sock: socket.socket, level: Level, forked: int) -> tuple[int, int]:
    """Pid and private bytes of the child on the other end, once it is proved to be locked down.

    Raises:
        SandboxError: a layer is missing, or the child could not set it up. Never send code then.
    """
    sock.settimeout(_HELLO_S)
    try:
        pid = _sender(sock) if hasattr(socket, "SO_PASSCRED") else forked
        hello = Reader(_HELLO_CAPS).receive(sock)
    except (OSError, EOFError, WireError) as error:
        raise SandboxError(f"a process of the sandbox did not start: {error!r}") from None
    sock.setblocking(False)
    status = procfs.status(pid)
    check(hello, status, level)
    return pid, procfs.private_bytes(status)


def _sender(sock: socket.socket) -> int:
    room = socket.CMSG_SPACE(_CREDENTIALS.size)
    _, ancillary, _, _ = sock.recvmsg(1, room, socket.MSG_PEEK)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    for _, kind, content in ancillary:
        if kind == socket.SCM_CREDENTIALS:
            pid: int = _CREDENTIALS.unpack(content)[0]
            return pid
    raise EOFError("it ended before it said anything")


def check(hello: Any, status: dict[str, str], level: Level) -> None:
    """Raise SandboxError unless `hello` and the kernel's `status` prove the layers of `level`."""
    match hello:
        case ["broken", str(layer), str(reason)]:
            what = printable(reason, 200)
            raise SandboxError(f"the sandbox's layer '{layer}' can't be set up: {what}")
        case ["ready", int(abi), list(held)]:
            missing = _missing(abi, held, status, level)
        case _:
            raise SandboxError("a process of the sandbox did not say what it should")
    if missing:
        raise SandboxError(
            "a process of the sandbox is not locked down, so no code was sent to it; "
            f"it lacks: {', '.join(missing)}. This is a fault of Shardlab: please report it"
        )


def _missing(abi: int, held: list[Any], status: dict[str, str], level: Level) -> list[str]:
    if level is Level.NONE:
        return []
    proofs = {
        "seccomp": status.get("Seccomp") == "2" and "seccomp" in held,
        "no new privileges": status.get("NoNewPrivs") == "1",
        "Landlock": abi >= 1 and "landlock" in held,
        "a single thread": status.get("Threads") == "1",
        "a user other than root": _unprivileged(status.get("Uid", "")),
    }
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        # The bounding set gives nothing to one who may gain nothing; only level 3 may empty it.
        if name != "CapBnd" or level is Level.FULL:
            proofs[f"an empty {name}"] = status.get(name) == _NO_CAPABILITY
    if level >= Level.SHARED:
        inner = len(status.get("NSpid", "").split())
        proofs["a pid namespace"] = inner >= 2
    if level is Level.FULL:
        proofs["namespaces of its own"] = "namespaces" in held
        proofs["a pid namespace of its own"] = status.get("NSpid", "").split()[-1:] == ["1"]
    return [name for name, proved in proofs.items() if not proved]


def _unprivileged(uids: str) -> bool:
    expected = launch.SANDBOX_UID if os.geteuid() == 0 else os.geteuid()
    return uids.split() == [str(expected)] * 4
