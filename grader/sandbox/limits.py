"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


# How many times its own limit a call may last by the clock on the wall, on a machine so busy.
BACKSTOP = 20.0


@dataclass(frozen=True)
class Limits:
    """The most that one process may take; each is enforced from outside it.

    Times are those that a process has to itself (`clock`), so they hold on a busy machine, too.
    """

    call_time_s: float = 2.0  # one call
    load_time_s: float = 5.0  # importing the submitted file
    memory_bytes: int = 512 * MIB  # private memory above the zygote's
    scratch_bytes: int = 16 * MIB  # files, on level 3 all together, else each
    output_bytes: int = 64 << 10  # what is kept of stdout and stderr
    frame_bytes: int = 64 * MIB  # the arrays of one reply
    tasks: int = 32  # threads; below level 3 seen by the host only, a moment later
