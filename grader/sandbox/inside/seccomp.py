"""The filter of system calls, as a program for the kernel's classic BPF machine.

The kernel runs the program once per known call when it is installed, to learn which calls
need no look at their arguments; so it is a binary search over ranges of numbers, not a list.
A call that is not allowed answers EPERM. Calls newer than our lists answer ENOSYS, and so does
clone3, whose flags are behind a pointer: the C library then falls back to what is filtered.
"""

import errno
import platform
import struct
from dataclasses import dataclass

from . import kernel, syscalls

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_LOAD, _AND, _RETURN, _JUMP, _JUMP_EQ, _JUMP_GE = 0x20, 0x54, 0x06, 0x05, 0x15, 0x35
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS

_Program = list[tuple[int, int, int, int]]


@dataclass(frozen=True)
class _Rule:
    """Allowed where `argument & mask` is one of `values`."""

    argument: int
    mask: int
    values: tuple[int, ...]


_WHOLE = 0xFFFFFFFF
_TERMINAL_SIZE_AND_MODE, _BYTES_WAITING, _FLAGS_OF_DESCRIPTORS = (
    (0x5401, 0x5413),
    (0x541B,),
    (0x5421, 0x5450, 0x5451),
)
# Copies and flags of descriptors, sizes of pipes. Never a lock: the libraries' files are the same
# for all processes, and a lock on one is seen by all, whatever namespaces they have.
_NO_LOCKS = (0, 1, 2, 3, 4, 1030, 1031, 1032)
_RULES = {
    # Threads of this process, in no new namespace; never a process.
    "clone": _Rule(
        0, kernel.CLONE_THREAD | kernel.CLONE_ALL_NAMESPACES & ~0xFF, (kernel.CLONE_THREAD,)
    ),
    "fcntl": _Rule(1, _WHOLE, _NO_LOCKS),
    "ioctl": _Rule(1, _WHOLE, _TERMINAL_SIZE_AND_MODE + _BYTES_WAITING + _FLAGS_OF_DESCRIPTORS),
    "prctl": _Rule(0, _WHOLE, (15, 16, 0x53564D41)),  # names of threads and of mappings
    "prlimit64": _Rule(0, _WHOLE, (0,)),  # one's own limits only
    "socketpair": _Rule(0, _WHOLE, (1,)),  # within the process: what asyncio needs
}

_Action = int | _Rule


def _actions(*, alone: bool, signals: bool) -> dict[int, _Action]:
    allowed = dict(syscalls.FREE)
    if signals:
        allowed |= syscalls.SIGNALS
    if alone:
        allowed |= syscalls.METADATA
    actions: dict[int, _Action] = dict.fromkeys(allowed.values(), _ALLOW)
    for name, number in syscalls.RULED.items():
        actions[number] = _RULES.get(name, _ENOSYS)
    return actions


def _ranges(actions: dict[int, _Action]) -> list[tuple[int, _Action]]:
    """(first number, action) of each run of equal actions, covering all numbers."""
    runs: list[tuple[int, _Action]] = []
    for number in range(syscalls.NEWEST + 2):
        action = actions.get(number, _EPERM if number <= syscalls.NEWEST else _ENOSYS)
        if not runs or runs[-1][1] != action:
            runs.append((number, action))
    return runs


def _leaf(action: _Action) -> _Program:
    if isinstance(action, int):
        return [(_RETURN, 0, 0, action)]
    # The lower half of the argument, little-endian: flags and numbers of 32 bits.
    body = [(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * action.argument), (_AND, 0, 0, action.mask)]
    for value in action.values:
        body += [(_JUMP_EQ, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*body, (_RETURN, 0, 0, _EPERM)]


def _search(runs: list[tuple[int, _Action]]) -> _Program:
    if len(runs) == 1:
        return _leaf(runs[0][1])
    middle = len(runs) // 2
    low, high = _search(runs[:middle]), _search(runs[middle:])
    # Conditional jumps reach 255 instructions only; the unconditional one reaches anywhere.
    return [(_JUMP_GE, 0, 1, runs[middle][0]), (_JUMP, 0, 0, len(low)), *low, *high]


def program(*, alone: bool, signals: bool) -> bytes:
    """The filter's instructions.

    Args:
        alone: the process has a mount namespace of its own, so it may change metadata.
        signals: it can signal none but itself, so it may signal.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURE:
        raise OSError(f"no list of system calls for {machine}")
    instructions: _Program = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_EQ, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL),  # another ABI, such as int 0x80, has other numbers
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        instructions += [(_JUMP_GE, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    instructions += _search(_ranges(_actions(alone=alone, signals=signals)))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
