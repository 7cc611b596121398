"""Tells whether a run that holds claims is still alive: by its heart-beat, and by its process.

The process counts only if it can be seen from here. It is known by its number and its start
time, so that a later process with the same number is not taken for it.
"""

import os
import socket
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

STALE = timedelta(seconds=30)  # a beat that is older is a dead run's
AHEAD = timedelta(seconds=10)  # one from further in the future was made before a clock was set back


@cache
def this_host() -> str:
    """A name for the set of processes that can be seen from here, new after every boot."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        processes = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot, processes = "", ""  # no /proc: only the beat tells
    return f"{socket.gethostname()} {boot} {processes}".rstrip()


def started(pid: int) -> str:
    """When the process was started, in the kernel's own count; empty where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {b"Z", b"X"} else fields[19].decode()


def me() -> tuple[str, int, str]:
    """Host, number and start of this process."""
    return this_host(), os.getpid(), started(os.getpid())


def lives(host: str, pid: int, start: str, beat: datetime, now: datetime) -> bool:
    """Whether a run with this process and last heart-beat is still at work."""
    if not now - STALE <= beat <= now + AHEAD:
        return False
    seen = host == this_host() and start != ""
    return not seen or started(pid) == start
