"""The `student` and `ranks` fixtures: functions that run in a sandbox when they are called.

What comes back is plain data, or the end of the case: every way in which a call can go wrong
becomes a `CaseFailure` with a verdict of its own, so a suite reads as if the student's
function were an ordinary one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import numpy as np

from grader.course import Lab
from grader.errors import CourseError
from grader.fabric import Event, Handle, Run, run_spmd
from grader.fabric.requests import POINT_TO_POINT
from grader.files import sources
from grader.results import Finding, Verdict
from grader.sandbox import Outcome, Process, Returned, Tensor, call
from grader.suite.explain.description import Call
from grader.suite.explain.failures import (
    Expectation,
    failure_of,
    met,
    mismatch,
    mutated,
    require_raised,
)
from grader.suite.explain.loading import load_failure
from grader.suite.explain.naming import checked, words_only
from grader.suite.finding import CaseFailure
from grader.suite.processes import Processes
from grader.suite.text import show
from grader.suite.values import for_rank

# torch says so where it finds no /proc, when a process first computes
_NOT_THE_STUDENTS = "Error in cpuinfo: "


@dataclass
class Calls:
    """Runs the calls of one case after another and remembers the last. Shared by both proxies."""

    processes: Processes
    lab: Lab
    last: Call | None = None
    _printing: list[tuple[Process, int]] = field(default_factory=list)

    def new_case(self) -> None:
        """Forgets the case before."""
        self.processes.new_case()
        self.last, self._printing = None, []

    @property
    def file(self) -> str:
        """The name of the submitted file."""
        return self.lab.assignment.file

    def place(self, function: str) -> str:
        """`file.py:31`: where the submission defines the function, as far as its text tells."""
        opening = re.compile(rf"def\s+{re.escape(function)}\b")
        for number, line in enumerate(sources.lines(self.processes.files.get(self.file, b"")), 1):
            if opening.match(line):
                return f"{self.file}:{number}"
        return self.file

    def printed(self) -> str:
        """What the submission printed during the last call, files named as the student does."""
        text = "".join(process.printed_since(start) for process, start in self._printing)
        file = re.escape(self.file)
        lines = re.sub(rf"^(> )?\S*/(?={file}[:(]\d)", r"\1", text, flags=re.MULTILINE).splitlines(
            True
        )
        return "".join(line for line in lines if not line.startswith(_NOT_THE_STUDENTS))

    @property
    def unprinted(self) -> int:
        """How many lines the last call printed when no more was kept."""
        return sum(process.unkept_lines for process, _ in self._printing)

    def single(self, function: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
        """The outcome of one call in the process for single calls."""
        self.last = Call(function, args, kwargs)
        for each in (*args, *kwargs.values()):
            if isinstance(each, Handle):
                raise CourseError(
                    f"student.{function} was given a {type(each).__name__}, which only ranks are "
                    f"handed: write ranks(1).{function}(…)"
                )
        process = self.processes.single()
        self._check_loaded(process)
        return call(process, function, tuple(args), kwargs, self.processes.call_seconds())

    def spmd(
        self, world_size: int, function: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Run:
        """An SPMD run of the function on that many ranks."""
        self.last = Call(function, args, kwargs, world_size)
        processes = self.processes.ranks(world_size)
        self._check_loaded(*processes)
        arguments = [
            (
                [for_rank(each, rank, world_size) for each in args],
                {name: for_rank(each, rank, world_size) for name, each in kwargs.items()},
            )
            for rank in range(world_size)
        ]
        return run_spmd(processes, function, arguments, self.processes.call_seconds())

    def value(self, outcome: Outcome, expectation: "Expectation", rank: int | None = None) -> Any:
        """What the last call returned, if it met the expectation; else ends the case."""
        if expectation.error is not None:
            return require_raised(outcome, expectation, self.file, rank)
        if not isinstance(outcome, Returned):
            raise failure_of(outcome, self.file, rank=rank)
        if outcome.mutated and self.last is not None:
            names = self.lab.functions.get(self.last.function, ())
            raise mutated(self.last.function, [_named(label, names) for label in outcome.mutated])
        return outcome.value

    def _check_loaded(self, *processes: Process) -> None:
        self.processes.wait_until_loaded(*processes)
        self._printing = [(process, 0) for process in processes]
        if self.processes.load_failure is not None:
            raise load_failure(self.processes.load_failure, self.file, self.processes.source)
        self._printing = [(process, process.printed_bytes) for process in processes]


_RETURNS = Expectation()


class Student(msgspec.Struct, frozen=True):
    """`student.f(x)` calls the submitted f in a process of its own and returns its value."""

    calls: Calls
    expectation: Expectation = _RETURNS

    def raises(self, error: type[Exception], naming: Any = (), nudge: str = "") -> "Student":
        """The same, but the call must raise `error`, its message naming each of `naming`.

        Numbers are named by any number equal to them, and a TypeError need not name any; see
        `grader.suite.explain.naming`.
        """
        return Student(self.calls, _expect(error, naming, nudge))

    def __getattr__(self, function: str) -> Callable[..., Any]:
        return partial(_public(function, self._call), function)

    def _call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        outcome = self.calls.single(function, args, kwargs)
        return self.calls.value(outcome, self.expectation)


class Ranks(msgspec.Struct, frozen=True):
    """`ranks(4).f(x, GROUP)` runs the submitted f once on each of four ranks."""

    calls: Calls
    world_size: int = 0
    expectation: Expectation = _RETURNS

    def __call__(self, world_size: int) -> "Ranks":
        return Ranks(self.calls, world_size)

    def raises(self, error: type[Exception], naming: Any = (), nudge: str = "") -> "Ranks":
        """The same, but every rank must raise `error`, its message naming each of `naming`."""
        return Ranks(self.calls, self.world_size, _expect(error, naming, nudge))

    def __getattr__(self, function: str) -> "Callable[..., SpmdResult]":
        return partial(_public(function, self._call), function)

    def _call(self, function: str, /, *args: Any, **kwargs: Any) -> "SpmdResult":
        run = self.calls.spmd(self.world_size, function, args, kwargs)
        _end_if_broken(run, self.expectation, self.calls.file)
        values = [
            self.calls.value(outcome, self.expectation, rank)
            for rank, outcome in enumerate(run.outcomes)
            if outcome is not None
        ]
        return SpmdResult(values, run)


@dataclass(frozen=True)
class SpmdResult:
    """What the ranks returned, and what they sent to each other."""

    values: list[Any]
    run: Run = field(repr=False)

    @property
    def value(self) -> Any:
        """What every rank returned; the case ends if any rank differs by a bit."""
        first = self.values[0]
        for rank, other in enumerate(self.values[1:], 1):
            if not _same_bits(first, other):
                raise CaseFailure(
                    Verdict.FAILED,
                    Finding(
                        expected="the same bits on every rank",
                        got=f"rank 0: {show(first)}; rank {rank}: {show(other)}",
                    ),
                )
        return first

    @property
    def log(self) -> tuple[Event, ...]:
        """Every call into the group, rank by rank in each rank's order."""
        return tuple(sorted(self.run.log, key=lambda event: (event.rank, event.step)))

    @property
    def ops(self) -> tuple[str, ...]:
        """The collectives in order, the same on every rank; point to point is left out."""
        return tuple(r.op for r in self.log if r.rank == 0 and r.op not in POINT_TO_POINT)

    @property
    def bytes_sent(self) -> list[int]:
        """Bytes each rank sent point to point."""
        return [sum(r.nbytes for r in self._sends(rank)) for rank in range(len(self.values))]

    @property
    def messages_sent(self) -> list[int]:
        """Messages each rank sent point to point."""
        return [len(self._sends(rank)) for rank in range(len(self.values))]

    @property
    def unreceived(self) -> tuple[tuple[int, int, int], ...]:
        """(src, dst, nbytes) of each message that nobody asked for."""
        return self.run.unreceived

    def _sends(self, rank: int) -> list[Event]:
        return [r for r in self.run.log if r.rank == rank and r.op in ("send", "send_recv")]


def _public(function: str, call: Callable[..., Any]) -> Callable[..., Any]:
    if function.startswith("_"):
        raise AttributeError(function)  # pytest and copy look for such names; students have none
    return call


def _expect(error: type[Exception], naming: Any, nudge: str) -> Expectation:
    asked = checked(naming)
    # the contracts ask a TypeError for the argument's name only: its value is of no right kind
    return Expectation(error, words_only(asked) if issubclass(error, TypeError) else asked, nudge)


def _named(label: str, parameters: Sequence[str]) -> str:
    """The name of an argument, which the sandbox knows by place, counted from 0, or by name."""
    known = label.isdigit() and int(label) < len(parameters)
    return parameters[int(label)] if known else label


def _end_if_broken(run: Run, expectation: Expectation, file: str) -> None:
    """Ends the case for what broke first: a rank by itself, else the ranks among themselves."""
    if run.diagnosis is None:
        return
    for rank, outcome in enumerate(run.outcomes):
        if outcome is None or isinstance(outcome, Returned) or met(outcome, expectation):
            continue
        raise failure_of(outcome, file, rank=rank, note=run.diagnosis)
    expected = expectation.error.__name__ if expectation.error else ""
    raise mismatch(run.diagnosis, f"{expected} on every rank" if expected else "")


def _same_bits(one: Any, other: Any) -> bool:
    """Whether two ranks returned the same. Both are the student's, of any size: never explained."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same_bits, one, other))
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and _same_bits(one.array, other.array)
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        same_kind = one.shape == other.shape and one.dtype == other.dtype
        return bool(same_kind and one.tobytes() == other.tobytes())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same_bits(one[key], other[key]) for key in one)
    return bool(one == other)
