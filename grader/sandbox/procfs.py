"""Reads what the kernel says about another process."""

import os
from pathlib import Path
from typing import NamedTuple

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_RUNS_OR_WOULD = b"RDWI"  # states of a thread that has a processor, or waits for one or for a disk


class Use(NamedTuple):
    """What a process has used of processors, and whether all its threads sleep."""

    cpu_s: float
    asleep: bool


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
    """Resident anonymous and shared memory, from the fields of a process's status."""
    amounts = (fields.get(key, "0 kB").split()[0] for key in ("RssAnon", "RssShmem"))
    return 1024 * sum(map(int, amounts))


def use(pid: int) -> Use | None:
    """What a process has used so far; None where there is no such process, or no /proc."""
    try:
        fields = _stat(f"/proc/{pid}/stat")
        states = [fields[0]]
        if fields[17] != b"1":
            tasks = Path(f"/proc/{pid}/task")
            states = [_stat(f"{each}/stat")[0] for each in tasks.iterdir()]
    except OSError:
        return None
    # user and system time, its own and that of its children that have ended
    return Use(sum(map(int, fields[11:15])) * _TICK_S, not any(s in _RUNS_OR_WOULD for s in states))


def is_alone(pid: int) -> bool:
    """Whether it lives, with one thread and no process started by that; True without a /proc."""
    try:
        fields = _stat(f"/proc/{pid}/stat")
        children = _read(f"/proc/{pid}/task/{pid}/children")
    except OSError:
        return not Path("/proc/self").exists()
    return fields[0] not in (b"Z", b"X") and fields[17] == b"1" and not children.strip()


def _stat(path: str) -> list[bytes]:
    """The fields after the name, which may hold anything: state, …, the 18th is the threads."""
    return _read(path).rpartition(b")")[2].split()


def _read(path: str) -> bytes:
    """A small file of /proc. This is done before every call, so it is done by hand."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
