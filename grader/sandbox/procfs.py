"""What the kernel says about a process, read from outside it."""

from __future__ import annotations

import os
from pathlib import Path


def status(pid: int) -> dict[str, str]:
    """The fields of `/proc/PID/status`; empty where there is no such process, or no /proc."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {
        key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())
    }


def private_bytes(fields: dict[str, str]) -> int:
    """Anonymous and shared memory that is resident, of a process's status."""
    amounts = (fields.get(key, "0 kB").split()[0] for key in ("RssAnon", "RssShmem"))
    return 1024 * sum(map(int, amounts))


def is_alone(pid: int) -> bool:
    """Whether it lives, with one thread and no process started by that; True without a /proc."""
    try:
        # After the name, which may hold anything: state, parent, …, the 18th is the threads.
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        children = _read(f"/proc/{pid}/task/{pid}/children")
    except OSError:
        return not Path("/proc/self").exists()
    return fields[0] not in (b"Z", b"X") and fields[17] == b"1" and not children.strip()


def _read(path: str) -> bytes:
    """A small file of /proc. This is done before every call, so it is done by hand."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
