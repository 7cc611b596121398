"""Gives up root and becomes the sandbox's own user, then execs what is to run.

As root, the interpreter may lie below a folder that only root may enter, such as `/root`. In a
mount namespace of its own this process covers such folders with empty ones, binds back what
the sandbox needs and nothing else, and gives up root. Nothing of it is seen outside, and
nothing remains.
"""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from . import kernel

CONTROL = 3


def _barrier(path: Path) -> Path | None:
    """The topmost folder above `path` that others may not enter."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def make_reachable(paths: list[str]) -> None:
    """Let any user reach `paths`, in this process and what it starts."""
    hidden = {path: barrier for path in map(Path, paths) if (barrier := _barrier(path))}
    if not hidden:
        return
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    sources = {path: os.open(path, os.O_PATH) for path in hidden}  # before they are covered
    for barrier in set(hidden.values()):
        kernel.mount(
            "tmpfs", str(barrier), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755"
        )
    for path, fd in sorted(sources.items()):
        if not path.exists():  # it does where it lies below one that is bound already
            _make_mount_point(path, folder=stat.S_ISDIR(os.fstat(fd).st_mode))
        kernel.mount(f"/proc/self/fd/{fd}", str(path), None, kernel.MS_BIND | kernel.MS_REC)
        os.close(fd)


def _make_mount_point(path: Path, *, folder: bool) -> None:
    (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
    if not folder:
        path.touch()


def give_up_root(uid: int) -> None:
    """Become `uid` for good, in no group but its own."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def main() -> None:
    order: dict[str, Any] = json.loads(sys.argv[-1])
    if order["uid"] is not None:
        make_reachable(order["paths"])
        give_up_root(order["uid"])
    if order["control"] != CONTROL:
        os.dup2(order["control"], CONTROL)
        os.close(order["control"])
    os.set_inheritable(CONTROL, True)
    os.execv(order["argv"][0], order["argv"])  # noqa: S606  a fixed command of ours
