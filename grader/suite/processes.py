"""The sandboxed processes that serve one submission.

A process is used again by later cases as long as it is provably at rest (`Process.idle`, read
by the host), because a fresh one for each of some sixty cases would cost ten times the work of
the cases themselves. Each case deals its roles anew: one process for single calls, one per
rank. Two rules keep that from telling a rank what it must not know:

* within a case a process has one role, so whoever cuts a matrix is not rank 0;
* a case runs ranks at one world size only, and its data is drawn for that case alone, so no
  process ever sees two cuts of the same matrix.

A process that hung, died or was left busy is replaced, which costs its own case only.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from grader.course import Lab
from grader.errors import CourseError, StarvedError
from grader.results import Finding, Verdict
from grader.sandbox import BACKSTOP, Limits, Outcome, Process, Returned, Sandbox, loaded
from grader.submissions import Submission
from grader.suite.finding import CaseFailure

_SINGLE = "single"  # the role of the process for calls without a group


@dataclass
class Processes:
    """What a submission runs in; closes everything at the end of the `with` block.

    All its processes share `budget_s` seconds of their own time (`sandbox.clock`).
    """

    sandbox: Sandbox
    files: Mapping[str, bytes]
    entry: str
    limits: Limits
    budget_s: float = 30.0
    compiled: bytes = b""  # by the first process that loaded the submission
    load_failure: Outcome | None = None  # why the submitted file can't be imported
    fickle: bool = False  # it could at first: when it no longer could, it may have known inputs
    _all: list[Process] = field(default_factory=list)
    _dealt: dict[str, Process] = field(default_factory=dict)  # in this case, by role
    _world_size: int | None = None
    _has_loaded: bool = False
    _given_up: bool = False
    _spent: float = 0.0  # by processes that are gone, less what no longer counts
    _starved: bool = False

    @classmethod
    def of(
        cls,
        lab: Lab,
        submission: Submission,
        sandbox: Sandbox,
        budget_s: float | None = None,
        compiled: bytes = b"",
    ) -> Self:
        """The processes of a submission within its lab's limits, by default also its budget."""
        limits = lab.assignment.limits
        each_call = Limits(call_time_s=limits.call_seconds, memory_bytes=limits.memory_mb << 20)
        budget = limits.submission_seconds if budget_s is None else budget_s
        return cls(sandbox, submission.files, lab.entry, each_call, budget, compiled)

    def __post_init__(self) -> None:
        self._started = time.monotonic()

    @property
    def source(self) -> bytes:
        """The submitted file."""
        return self.files[f"{self.entry}.py"]

    def new_case(self) -> None:
        """Forgets the roles and the world size of the case before."""
        self._world_size = None
        self._dealt.clear()
        for process in self._all:
            process.forget_printed()

    def printed(self) -> tuple[tuple[str, str], ...]:
        """What was printed in this case: which rank, empty where there is none, and the text."""
        told = ((role, process.printed_since(0)) for role, process in self._dealt.items())
        return tuple(("" if role == _SINGLE else role, text) for role, text in told if text)

    def call_seconds(self) -> float:
        """The time that a call may take now: its own limit, or what is left of all.

        Raises:
            StarvedError: this machine is too busy for more calls.
        """
        self.check_time()
        return max(0.0, min(self.limits.call_time_s, self._left))

    def check_time(self) -> None:
        """Raises StarvedError if this machine was too busy to give this submission its time."""
        lasted = time.monotonic() - self._started
        self._starved = self._starved or any(process.starved for process in self._all)
        if self._starved or (lasted > BACKSTOP * self.budget_s and not self._given_up):
            self._starved = True
            raise StarvedError(
                f"this machine is too busy to judge the submission; after {lasted:.0f} s "
                "it was given up: grade it again when less is going on here"
            )

    @property
    def _left(self) -> float:
        """Seconds that all calls together may still take."""
        used = self._spent + sum(process.clock.total for process in self._all)
        return 0.0 if self._given_up else self.budget_s - used

    def renew(self) -> None:
        """Starts the budget anew: the cases to come are another student's."""
        self._started = time.monotonic()
        self._spent = -sum(process.clock.total for process in self._all)

    def give_up(self) -> None:
        """Ends the call under way, and gives no other any time. May be called from any thread."""
        self._given_up = True
        for process in list(self._all):
            process.give_up()

    def single(self) -> Process:
        """The process for calls without a group; it may still be loading."""
        return self._deal(_SINGLE)

    def ranks(self, world_size: int) -> list[Process]:
        """One process per rank, the same ones throughout a case."""
        if self._world_size not in (None, world_size):
            raise CourseError(
                f"a case ran ranks({self._world_size}) and then ranks({world_size}): "
                "parametrize over world_size, or a rank would see two cuts of one matrix"
            )
        self._world_size = world_size
        return [self._deal(f"rank {rank}") for rank in range(world_size)]

    def wait_until_loaded(self, *processes: Process) -> None:
        """Waits for imports under way; sets `load_failure`, once, if one of them fails."""
        for process in processes:
            if self.load_failure is None:
                outcome = loaded(process)
                self.load_failure = None if isinstance(outcome, Returned) else outcome
                self.fickle = self._has_loaded and self.load_failure is not None
                self._has_loaded = self._has_loaded or self.load_failure is None
                self.compiled = self.compiled or process.conversation.compiled

    def close(self) -> None:
        """Ends every process."""
        for process in self._all:
            process.close()
        self._all.clear()
        self._dealt.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _deal(self, role: str) -> Process:
        """The process that has the role in this case: one at rest, else a fresh one."""
        dealt = self._dealt.get(role)
        if dealt is not None and not dealt.closed:
            return dealt
        taken = self._dealt.values()
        free = [each for each in self._all if each is not dealt and each not in taken]
        for process in free:
            if process.idle:
                self._dealt[role] = process
                return process
            self._drop(process)
        self._dealt[role] = self._open()
        return self._dealt[role]

    def _drop(self, process: Process) -> None:
        """Ends a process; the time that it took stays taken."""
        process.close()
        self._all.remove(process)
        self._spent += process.clock.total
        self._starved = self._starved or process.starved

    def _open(self) -> Process:
        """A fresh process, while there is time left to load it in."""
        self.check_time()
        left = self._left
        if left <= 0:
            text = f"the {self.budget_s:g} s that all cases share are used up"
            raise CaseFailure(Verdict.TIMEOUT, Finding(error=text))
        limits = replace(self.limits, load_time_s=min(self.limits.load_time_s, left))
        process = self.sandbox.open(self.files, self.entry, limits, compiled=self.compiled)
        self._all.append(process)
        if self._given_up:  # since the line above, or `give_up` has seen it
            process.give_up()
        return process
