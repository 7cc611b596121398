"""Landlock: which files, TCP ports, abstract sockets and signals a process may reach.

A rule belongs to a folder, and a look-up walks from the file up to the root, through mount
points. So a rule on the *parent* of a mount point covers whatever is mounted there later: the
zygote prepares one ruleset, and a child, which mounts a scratch of its own, only enters it.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Mapping

from . import kernel

_SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 444, 445, 446  # on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 7, 1 << 8, 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_EVERY_V1_RIGHT = (1 << 13) - 1
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

READ = READ_FILE | READ_DIR
LIBRARY = READ | EXECUTE  # shared libraries are mapped executable
SCRATCH = (  # never EXECUTE below a folder that can be written
    READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER
)
DEVICE = READ_FILE | WRITE_FILE

_BIND_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3
SCOPES_SINCE = 6  # the ABI from which signals and abstract sockets are ruled


def abi() -> int:
    """The kernel's Landlock ABI; 0 where it has none."""
    try:
        flag = ctypes.c_uint(_CREATE_RULESET_VERSION)
        return kernel.syscall(
            _SYS_CREATE_RULESET, "landlock_create_ruleset", None, ctypes.c_size_t(0), flag
        )
    except OSError:
        return 0


def _handled(version: int) -> tuple[int, bytes]:
    files = _EVERY_V1_RIGHT
    files |= REFER if version >= 2 else 0
    files |= TRUNCATE if version >= 3 else 0
    files |= IOCTL_DEV if version >= 5 else 0
    fields = [files]
    if version >= 4:
        fields.append(_BIND_AND_CONNECT_TCP)
    if version >= SCOPES_SINCE:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    return files, struct.pack(f"{len(fields)}Q", *fields)


def ruleset(rules: Mapping[str, int]) -> int:
    """A descriptor of a ruleset that refuses all it can except `rules`, path to rights."""
    version = abi()
    if version < 1:
        raise OSError("this kernel has no Landlock, or it is switched off")
    files, attributes = _handled(version)
    size, flags = ctypes.c_size_t(len(attributes)), ctypes.c_uint(0)
    fd = kernel.syscall(_SYS_CREATE_RULESET, "landlock_create_ruleset", attributes, size, flags)
    for path, rights in rules.items():
        _add(fd, path, rights & files)
    return fd


def _add(ruleset_fd: int, path: str, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, fd)
        what, flags = f"landlock_add_rule {path}", ctypes.c_uint(0)
        kernel.syscall(_SYS_ADD_RULE, what, ruleset_fd, _RULE_PATH_BENEATH, rule, flags)
    finally:
        os.close(fd)


def enter(ruleset_fd: int) -> None:
    """Bind this thread to the ruleset for good; needs no_new_privs."""
    kernel.syscall(_SYS_RESTRICT_SELF, "landlock_restrict_self", ruleset_fd, ctypes.c_uint(0))
