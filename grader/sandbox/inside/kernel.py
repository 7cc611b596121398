"""The Linux calls that Python lacks, by ctypes. Each raises OSError; none is best-effort."""

import ctypes
import os
import struct
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_THREAD = 0x00010000
CLONE_ALL_NAMESPACES = 0x7E020080  # and those of cgroups and time

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_SYS_CLOSE_RANGE = 436

_libc = ctypes.CDLL(None, use_errno=True)
if sys.platform == "linux":
    _libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_libc_under_lock = ctypes.PyDLL(None, use_errno=True)  # does not let go of the interpreter


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(number: int, what: str, *arguments: object) -> int:
    """The result of a raw system call; `what` names it in the error."""
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), what)


def fork() -> int:
    """`os.fork`, without what Python then does in the child on account of other threads.

    For a process of one thread that is work without use, and costs every child hundreds of
    pages. What was registered with `os.register_at_fork` is not called either.
    """
    return _checked(_libc_under_lock.fork(), "fork")


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags` for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    """Enter the namespace that `fd` stands for."""
    _checked(_libc.setns(fd, flags), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount `source` on `target`."""
    kind_c = kind.encode() if kind else None
    flags_c = ctypes.c_ulong(flags)
    result = _libc.mount(source.encode(), target.encode(), kind_c, flags_c, options.encode())
    _checked(result, f"mount {target}")


def prctl(operation: int, *arguments: int) -> None:
    """Change an attribute of this thread."""
    if _libc.prctl(operation, *(*arguments, 0, 0, 0, 0)[:4]) < 0:
        _checked(-1, f"prctl {operation}")


def drop_capabilities(last: int) -> None:
    """Empty every capability set of this thread, the bounding set (0…`last`) where it may."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    try:
        for capability in range(last + 1):
            prctl(PR_CAPBSET_DROP, capability)
    except PermissionError:
        pass  # without CAP_SETPCAP there is nothing in it that no_new_privs would let one gain
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


def install_seccomp(program: bytes) -> None:
    """Filter this thread's system calls from now on; needs no_new_privs."""
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    header_c = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(header_c))


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    if sys.platform == "linux":
        syscall(_SYS_CLOSE_RANGE, "close_range", first, ctypes.c_uint(0xFFFFFFFF), 0)
    else:
        os.closerange(first, 4096)
