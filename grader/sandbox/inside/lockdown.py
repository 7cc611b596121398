"""Locks a fresh child down, before a byte of a submission reaches it.

The order matters: descriptors, namespaces and mounts need privileges, so they come first; then
limits, capabilities, Landlock; and the filter of system calls last, as it forbids the others.
"""

import os
import resource
import socket
from dataclasses import dataclass

from . import kernel, landlock
from .contract import Level, Limits

OUTPUT, SOCKET, RULESET = 1, 3, 4  # descriptors of a child; 0 is at its end, 2 is 1
SCRATCH_PARENT, SCRATCH = "/own/write", "/own/write/tmp"
PROC_PARENT, PROC = "/own/read", "/own/read/proc"
# Address space that is no memory yet: stacks of threads, arenas of the allocator.
_ADDRESS_SPACE_SLACK = 128 << 20
# And what never is memory of its own: a library's code. torch maps half a gigabyte, or several.
_LIBRARIES = 8 << 30
_MAX_INODES = 4096
_MAX_OPEN_FILES = 256
_MAX_CPU_S = 3600  # the host ends a call long before; this is for a host that is gone


@dataclass(frozen=True)
class Plan:
    """What the zygote has prepared for all its children."""

    level: Level
    abi: int  # of Landlock
    program: bytes
    ruleset: int  # a descriptor; at level 3 it is complete, else -1
    rules: dict[str, int]
    last_capability: int
    address_space: tuple[int, int]  # all that the zygote has, and the private, writable part
    namespaces: tuple[int, ...]  # the zygote's own; at level 3 no child may be in one of them


def prepare_descriptors(output: int, sock: int, ruleset: int) -> None:
    """Leave only 0 (ended), 1 and 2 (`output`), 3 (`sock`) and 4 (`ruleset`, if any) open.

    All three streams are pipes. 0 is a pipe of this process's own, as what reads one could open it
    for writing, too: no two submissions may share it.
    """
    ended, _writer = os.pipe()
    wanted = [ended, output, output, sock] + ([ruleset] if ruleset >= 0 else [])
    # Twice, past all numbers in use: the first round may not overwrite what the second reads.
    moved = [os.dup2(fd, 100 + i) for i, fd in enumerate(wanted)]
    for target, fd in enumerate(moved):
        os.dup2(fd, target)
    kernel.close_from(len(wanted))


def enter_namespaces(limits: Limits) -> None:
    """Own mounts, IPC, host name, network and users; the pid namespace is there already."""
    kernel.unshare(
        kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWNET
    )
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    size = f"size={limits.scratch_bytes},nr_inodes={_MAX_INODES},mode=0700"
    kernel.mount("tmpfs", SCRATCH, "tmpfs", flags, size)
    kernel.mount("proc", PROC, "proc", flags, "subset=pid,hidepid=2")
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(fd, text.encode())
        os.close(fd)


def limit_resources(plan: Plan, limits: Limits) -> None:
    """Hard limits; a limit that this system lacks or refuses is left out only at level 0."""
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": _MAX_CPU_S,
        "RLIMIT_NOFILE": _MAX_OPEN_FILES,
        "RLIMIT_FSIZE": limits.scratch_bytes,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_SIGPENDING": 64,
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
    }
    if plan.address_space[0]:
        own = limits.memory_bytes + _ADDRESS_SPACE_SLACK
        wanted["RLIMIT_AS"] = plan.address_space[0] + own + _LIBRARIES
        wanted["RLIMIT_DATA"] = plan.address_space[1] + own
    if plan.level is Level.FULL:  # elsewhere it would count what else the user runs
        wanted["RLIMIT_NPROC"] = limits.tasks
    for name, value in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            if plan.level:
                raise


def confine(plan: Plan, scratch: str) -> None:
    """No privileges, no new ones, and Landlock."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities(plan.last_capability)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    ruleset = RULESET
    if plan.ruleset < 0:
        ruleset = landlock.ruleset(plan.rules | {scratch: landlock.SCRATCH})
    landlock.enter(ruleset)
    os.close(ruleset)


def own_namespaces() -> tuple[int, ...]:
    """The identities of this process's namespaces, except that of pids, which the host sees."""
    kinds = ("mnt", "ipc", "uts", "net", "user")
    return tuple(os.stat(f"/proc/self/ns/{kind}").st_ino for kind in kinds)


def proofs(plan: Plan) -> list[str]:
    """Tries the layers, and returns those that hold: part of what the host checks."""
    held = []
    if plan.namespaces and not set(plan.namespaces) & set(own_namespaces()):
        held.append("namespaces")
    try:
        os.listdir("/")  # the plainest way to ask
    except PermissionError:
        held.append("landlock")
    try:
        socket.socket(socket.AF_INET).close()
    except PermissionError:
        held.append("seccomp")
    return held


def enter_scratch(scratch: str) -> None:
    """Change to the folder that may be written, and make it the one for temporary files."""
    if os.environ.get("TMPDIR") != scratch:  # at level 3 the zygote has set it, for all children
        os.environ.update(HOME=scratch, TMPDIR=scratch)
    os.chdir(scratch)
