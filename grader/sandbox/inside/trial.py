"""Tries layers of isolation in processes of their own, and says on the control line what failed.

`order["try"]` names the layers; the answer is one line of JSON, layer to reason, "" for success.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from . import kernel, landlock, lockdown, seccomp
from .contract import Limits

_CONTROL = 3
_LIMITS = Limits(scratch_bytes=1 << 20)


def _try_landlock() -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.enter(landlock.ruleset({"/usr": landlock.LIBRARY}))
    try:
        list(Path("/").iterdir())
    except PermissionError:
        return
    raise OSError("the kernel took the rules but does not enforce them")


def _try_seccomp() -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.install_seccomp(seccomp.program(alone=True, signals=True))
    try:
        socket.socket(socket.AF_INET).close()
    except PermissionError:
        return
    raise OSError("the kernel took the filter but does not enforce it")


def _try_namespaces() -> None:
    """What a child of level 3 does, in the place where it does it."""
    kernel.unshare(kernel.CLONE_NEWPID)
    reason = _in_a_fork(lambda: lockdown.enter_namespaces(_LIMITS))
    if reason:
        raise OSError(reason)


_TRIALS = {"landlock": _try_landlock, "seccomp": _try_seccomp, "namespaces": _try_namespaces}


def _in_a_fork(trial: Callable[[], None]) -> str:
    """Why `trial` fails in a new process; "" if it does not."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            trial()
        except BaseException as error:  # noqa: BLE001  any failure is the answer
            os.write(writer, (str(error) or type(error).__name__).encode()[:500])
        else:
            os.write(writer, b"+")
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:  # it is a descriptor
        said = pipe.read()
    os.waitpid(pid, 0)
    return "" if said == "+" else said or "the process that tried it died"


def main() -> None:
    order = json.loads(sys.argv[-1])
    found = {name: _in_a_fork(_TRIALS[name]) for name in order["try"]}
    with socket.socket(fileno=_CONTROL) as control:
        control.sendall(json.dumps(found).encode() + b"\n")
