"""Answers the requests of all ranks: matches, carries out, logs, and explains a deadlock."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from grader.fabric.collectives import OPERATIONS, Array, Unfit
from grader.fabric.requests import POINT_TO_POINT, Refusal, Request, read_request
from grader.fabric.tensors import narrow
from grader.sandbox import Outcome, Process, Raised, Returned, TimedOut, begin, drive

MAX_CALLS = 20_000  # of one rank in one run
MAX_BUFFERED_BYTES = 256 << 20
MAX_KEPT_BYTES = 32 << 20


@dataclass(frozen=True)
class Event:
    """One call of one rank into its group, as the grader's side saw it.

    `shape`, `dtype` and `nbytes` are of what the rank handed in; for recv, of what it got.
    `payload` is what it handed in, kept of tensors only, and at most 32 MiB in a run.
    `peer` is dst for send, src for recv, (dst, src) for send_recv, else None.
    """

    rank: int
    step: int
    op: str
    dtype: str | None
    shape: tuple[int, ...]
    nbytes: int
    peer: int | tuple[int, int] | None = None
    payload: Array | None = field(default=None, compare=False, repr=False)


class Run(msgspec.Struct, frozen=True):
    """The result of an SPMD run. Where `diagnosis` is set, unfinished ranks have no outcome.

    A diagnosis is text of a few lines, mostly one for each rank.
    """

    outcomes: tuple[Outcome | None, ...]
    log: tuple[Event, ...]
    unreceived: tuple[tuple[int, int, int], ...]  # (src, dst, nbytes)
    diagnosis: str | None


def run_spmd(
    processes: Sequence[Process],
    function: str,
    arguments: Sequence[tuple[Sequence[Any], Mapping[str, Any]]],
    seconds: float,
) -> Run:
    """Calls `function` on every process at once, rank r with `arguments[r]`.

    It ends once a rank has had so many seconds to itself (see `drive`), and at once where ranks
    wait for what can't come.
    """
    group = ProcessGroup(processes)
    for process, (args, kwargs) in zip(processes, arguments, strict=True):
        begin(process, function, tuple(args), kwargs)
    outcomes = group.blameless(drive(processes, group, seconds))
    return Run(outcomes, tuple(group.log), group.unreceived(), group.diagnosis)


class _Waiting(msgspec.Struct, frozen=True):
    """A rank that has asked and has no answer yet; `step` counts its calls from 1."""

    request: Request
    step: int

    @property
    def collective(self) -> bool:
        return self.request.op not in POINT_TO_POINT

    def __str__(self) -> str:
        op, _, rest = str(self.request).partition(" ")
        return f"waits in {op.rstrip(',')} #{self.step} {rest}".rstrip()


@dataclass
class ProcessGroup:
    """The service behind the ranks' groups. See the package's theory of operation."""

    processes: Sequence[Process]
    log: list[Event] = field(default_factory=list)
    diagnosis: str | None = None

    def __post_init__(self) -> None:
        self._world_size = len(self.processes)
        self._waiting: dict[int, _Waiting] = {}
        self._ended: dict[int, str] = {}
        self._steps = [0] * self._world_size
        self._mail: dict[tuple[int, int], deque[Array]] = {}
        self._buffered_bytes = 0
        self._kept_bytes = 0

    @property
    def stopped(self) -> bool:
        """Whether the run can't go on."""
        return self.diagnosis is not None

    def unreceived(self) -> tuple[tuple[int, int, int], ...]:
        """(src, dst, nbytes) of every message that was sent and never asked for."""
        return tuple(
            (src, dst, array.nbytes)
            for (src, dst), queue in sorted(self._mail.items())
            for array in queue
        )

    def upcall(self, index: int, op: str, args: tuple[Any, ...]) -> None:
        """Takes a rank's request: answers it now or later, or stops the run."""
        self._steps[index] += 1
        if self._steps[index] > MAX_CALLS:
            self.diagnosis = f"rank {index} made more than {MAX_CALLS} calls into its group"
            return
        request = read_request(op, args, self._world_size)
        if isinstance(request, Refusal):
            self.processes[index].answer_error(request.error, request.message)
            return
        self._take(index, request)
        self._look_for_deadlock()

    def finished(self, index: int, outcome: Outcome) -> None:
        """Notes that a rank has ended: whoever waits for it waits in vain."""
        if isinstance(outcome, TimedOut):
            return  # time ends all ranks at once: each stays where it was
        self._ended[index] = _end_of(outcome)
        self._waiting.pop(index, None)
        self._look_for_deadlock()

    def blameless(self, outcomes: Sequence[Outcome | None]) -> tuple[Outcome | None, ...]:
        """The outcomes, but None for ranks whose time ran out while they waited for another.

        If there are any, the diagnosis says where every rank was.
        """
        if not any(isinstance(outcome, TimedOut) for outcome in outcomes):
            return tuple(outcomes)
        if self._waiting and not self.stopped:
            self.diagnosis = self._states()
        return tuple(
            None if rank in self._waiting and isinstance(outcome, TimedOut) else outcome
            for rank, outcome in enumerate(outcomes)
        )

    # -- carrying out --------------------------------------------------------------------

    def _take(self, rank: int, request: Request) -> None:
        if request.op != "recv":  # a receive is logged when there is something received
            self._log(rank, request, self._steps[rank])
        if request.dst is not None and request.array is not None:
            self._post(rank, request.dst, request.array)
        if request.op == "send":
            self.processes[rank].answer(None)
            return
        self._waiting[rank] = _Waiting(request, self._steps[rank])
        if request.src is not None:
            self._deliver(rank)
        else:
            self._meet()

    def _meet(self) -> None:
        """Carries a collective out once all ranks are in it; stops where they are in several."""
        met = {rank: each for rank, each in self._waiting.items() if each.collective}
        if len({(each.request.op, each.request.axis) for each in met.values()}) > 1:
            self._stop("ranks are in different collectives:\n")
        elif len(met) == self._world_size:
            self._carry_out([met[rank] for rank in range(self._world_size)])

    def _carry_out(self, met: Sequence[_Waiting]) -> None:
        first = met[0].request
        kinds = {each.request.tensors for each in met}
        if len(kinds) > 1:
            self._stop(f"{first.op} #{met[0].step}: ranks disagree on dtype\n")
            return
        extra = () if first.axis is None else (first.axis,)
        try:
            results = OPERATIONS[first.op]([each.request.payload for each in met], *extra)
        except Unfit as reason:
            self.diagnosis = f"{first.op} #{met[0].step}: {reason}"
            return
        self._waiting.clear()
        for process, result in zip(self.processes, results, strict=True):
            process.answer(narrow(result, first.tensors) if first.tensors else result)

    def _post(self, src: int, dst: int, array: Array) -> None:
        self._buffered_bytes += array.nbytes
        if self._buffered_bytes > MAX_BUFFERED_BYTES:
            megabytes = MAX_BUFFERED_BYTES >> 20
            self.diagnosis = f"rank {src} sent messages that nobody received, over {megabytes} MB"
            return
        self._mail.setdefault((src, dst), deque()).append(array)
        self._deliver(dst)

    def _deliver(self, rank: int) -> None:
        """Hands a rank that waits for a message the oldest one for it, if there is one."""
        waiting = self._waiting.get(rank)
        if waiting is None or waiting.request.src is None:
            return
        queue = self._mail.get((waiting.request.src, rank))
        if not queue:
            return
        array = queue.popleft()
        self._buffered_bytes -= array.nbytes
        del self._waiting[rank]
        if waiting.request.op == "recv":
            got = Request("recv", array=array, src=waiting.request.src)
            self._log(rank, got, waiting.step)
        self.processes[rank].answer(array)

    # -- log and diagnosis ---------------------------------------------------------------

    def _log(self, rank: int, request: Request, step: int) -> None:
        op, dtype, nbytes, peer = request.op, request.dtype, request.nbytes, _peer(request)
        shape = request.arrays[0].shape if request.arrays else ()
        self.log.append(Event(rank, step, op, dtype, shape, nbytes, peer, self._kept(request)))

    def _kept(self, request: Request) -> Array | None:
        if not request.tensors or request.array is None:
            return None
        self._kept_bytes += request.array.nbytes
        return request.array if self._kept_bytes <= MAX_KEPT_BYTES else None

    def _look_for_deadlock(self) -> None:
        """Stops the run if a rank waits for what can't come any more."""
        if self.stopped or not self._waiting:
            return
        everyone_rests = len(self._waiting) + len(self._ended) == self._world_size
        if everyone_rests or any(map(self._in_vain, self._waiting.values())):
            self._stop("")

    def _in_vain(self, waiting: _Waiting) -> bool:
        """Whether it waits for a rank that has ended."""
        if waiting.collective:
            return bool(self._ended)
        return waiting.request.src in self._ended

    def _stop(self, why: str) -> None:
        self.diagnosis = f"{why}{self._states()}\nwith NCCL this hangs"

    def _states(self) -> str:
        return "\n".join(self._state(rank) for rank in range(self._world_size))

    def _state(self, rank: int) -> str:
        if rank in self._ended:
            return f"rank {rank} {self._ended[rank]}"
        if rank in self._waiting:
            return f"rank {rank} {self._waiting[rank]}"
        return f"rank {rank} was still computing"


def _end_of(outcome: Outcome) -> str:
    if isinstance(outcome, Raised):
        return f"raised {outcome.types[0]}"
    return "returned" if isinstance(outcome, Returned) else "failed"


def _peer(request: Request) -> int | tuple[int, int] | None:
    if request.dst is not None and request.src is not None:
        return (request.dst, request.src)
    return request.dst if request.src is None else request.src
