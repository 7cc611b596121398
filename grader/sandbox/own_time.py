"""The time that a process has had to itself, which is what its limits count.

A machine that others keep busy makes every call long by the clock on the wall. So what counts is
the processor time that a process used, and the time that it slept by its own choice. What it
spent in a queue for a processor, or waiting for an answer of ours or for a disk, does not.
"""

import time

from grader.sandbox import procfs

# The most that one look adds: what happened while the host itself got no processor, nobody knows.
_MOST_ASLEEP_S = 0.02


class OwnTime:
    """The clock of one process, which moves when somebody looks at it, every 10 ms or so.

    Where the system has no /proc, the clock on the wall has to do.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = 0.0  # of all earlier calls
        self._now = 0.0  # of this one
        self._used: float | None = None
        self._looked = time.monotonic()

    @property
    def total(self) -> float:
        """Seconds of all calls together; those too short to be looked at count nothing."""
        return self._before + self._now

    def start(self, used: float | None = None) -> None:
        """Begin a call. `used` is the processor time so far, if it is known without a look."""
        self._before += self._now
        self._now, self._used = 0.0, used
        self._looked = time.monotonic()

    def look(self, now: float, *, waits: bool) -> float:
        """Seconds of this call so far; `waits` is whether it waits for an answer of ours."""
        passed, self._looked = now - self._looked, now
        found = procfs.use(self._pid)
        if found is None:
            self._now += 0.0 if waits else min(passed, _MOST_ASLEEP_S)
            return self._now
        before, self._used = self._used, found.cpu_s
        ran = 0.0 if before is None else found.cpu_s - before
        asleep = found.asleep and not waits
        self._now += max(ran, min(passed, _MOST_ASLEEP_S)) if asleep else ran
        return self._now
