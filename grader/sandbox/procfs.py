"""What the kernel says about a process, read from outside it."""

from __future__ import annotations

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


def has_children(pid: int) -> bool:
    """Whether its first thread has started processes."""
    try:
        return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().strip())
    except OSError:
        return False
