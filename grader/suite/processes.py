"""The sandboxed processes that serve one submission: one for single calls, one per rank.

A process is used again by later cases as long as it is provably at rest (`Process.idle`, read
by the host), because a fresh one for each of some sixty cases would cost ten times the work of
the cases themselves. Two rules keep that from telling a rank what it must not know:

* single calls and ranks never share a process, so whoever cuts a matrix is not rank 0;
* one case runs ranks at one world size only, and its data is drawn for that case alone, so a
  rank process never sees two cuts of the same matrix.

A process that hung, died or was left busy is replaced, which costs its own case only.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from grader.errors import CourseError
from grader.sandbox import Limits, Outcome, Process, Returned, Sandbox
from grader.suite.finding import CaseFailure, Finding, Verdict


@dataclass
class Processes:
    """What a submission runs in; closes everything at the end of the `with` block."""

    sandbox: Sandbox
    files: Mapping[str, bytes]
    entry: str
    limits: Limits
    budget_s: float = 30.0
    _single: Process | None = None
    _ranks: dict[int, Process] = field(default_factory=dict)
    _world_size: int | None = None
    _fit: set[int] = field(default_factory=set)
    load_failure: Outcome | None = None  # why the submitted file can't be imported

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.budget_s

    def new_case(self) -> None:
        """Forgets the world size of the case before, and looks at every process anew."""
        self._world_size = None
        self._fit.clear()

    def call_seconds(self) -> float:
        """The wall time that a call may take now: its own limit, or what is left of all."""
        left = self._deadline - time.monotonic()
        return max(0.0, min(self.limits.wall_time_s, left))

    def single(self) -> Process:
        """The process for calls without a group. Not necessarily loaded yet."""
        if not self._is_fit(self._single):
            self._single = self._replace(self._single)
        assert self._single is not None
        return self._single

    def ranks(self, world_size: int) -> list[Process]:
        """One process per rank, rank r's always the same while it is fit."""
        if self._world_size not in (None, world_size):
            raise CourseError(
                f"a case ran ranks({self._world_size}) and then ranks({world_size}): "
                "parametrize over world_size, or a rank would see two cuts of one matrix"
            )
        self._world_size = world_size
        for rank in range(world_size):
            process = self._ranks.get(rank)
            if not self._is_fit(process):
                self._ranks[rank] = self._replace(process)
        return [self._ranks[rank] for rank in range(world_size)]

    def wait_until_loaded(self, *processes: Process) -> None:
        """Waits for imports under way; sets `load_failure`, once, if one of them fails."""
        for process in processes:
            if self.load_failure is None:
                outcome = process.loaded()
                self.load_failure = None if isinstance(outcome, Returned) else outcome

    def close(self) -> None:
        """Ends every process."""
        for process in (self._single, *self._ranks.values()):
            if process is not None:
                process.close()
        self._single, self._ranks = None, {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _is_fit(self, process: Process | None) -> bool:
        """Whether it can serve: at rest at its first use in a case, and alive ever since."""
        if process is None or process.closed:
            return False
        if process.pid not in self._fit:
            if not process.idle:
                return False
            self._fit.add(process.pid)
        return True

    def _replace(self, process: Process | None) -> Process:
        """A fresh process, while there is time left to load it in."""
        if process is not None:
            self._fit.discard(process.pid)
            process.close()
        left = self._deadline - time.monotonic()
        if left <= 0:
            text = f"the {self.budget_s:g} s that all cases share are used up"
            raise CaseFailure(Verdict.TIMEOUT, Finding(error=text))
        load_time_s = min(self.limits.load_time_s, left)
        limits = replace(self.limits, load_time_s=load_time_s)
        process = self.sandbox.open(self.files, self.entry, limits)
        self._fit.add(process.pid)
        return process
