"""The `torch.distributed` process group of a rank; the host carries its collectives out.

It is registered as a backend of torch's own, so submitted code calls the real
`torch.distributed.all_reduce(t, group=group)`, sync or async, and can't tell the difference.
Each collective becomes a request over this process's own wire, as `inside.Group` makes them.

The answer is written into the caller's tensor when the caller waits for it, and no earlier: an
asynchronous call without its `wait()` leaves the tensor as it was, as it may with NCCL.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed as dist

BACKEND = "shardlab"


class _Work(dist._Work):  # noqa: SLF001 - the base class that torch's own backends have
    """A collective under way; `fill` writes its result into the caller's tensors."""

    def __init__(self, fill: Callable[[], None], outputs: list[Any]) -> None:
        super().__init__()
        self._fill: Callable[[], None] | None = fill
        self._outputs = outputs

    def wait(self, timeout: Any = None) -> bool:  # noqa: ARG002 - torch's signature
        """Returns when the tensors hold the result."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill()
        return True

    def is_completed(self) -> bool:
        return self._fill is None

    def is_success(self) -> bool:
        return self._fill is None

    def result(self) -> list[Any]:
        self.wait()
        return self._outputs

    def get_future(self) -> Any:
        self.wait()
        future: Any = torch.futures.Future()
        future.set_result(self._outputs)
        return future


class TorchProcessGroup(dist.ProcessGroup):
    """The process group of one rank: sums, gathers and barriers, as requests to the grader."""

    def __init__(self, upcall: Callable[..., Any], rank: int, world_size: int) -> None:
        super().__init__(rank, world_size)
        self._upcall = upcall

    def getBackendName(self) -> str:  # noqa: N802 - torch's name
        return BACKEND

    def allreduce(self, tensors: Any, opts: Any = None) -> _Work:
        """The sum over ranks, written into the tensor itself."""
        (tensor,) = _listed("all_reduce", tensors)
        _sums("all_reduce", opts)
        answer = self._upcall("all_reduce", _dense("all_reduce", tensor))
        return _Work(lambda: _copy(tensor, answer), [tensor])

    def allreduce_coalesced(self, tensors: Any, opts: Any = None) -> _Work:
        """Each tensor's sum; every one is a collective of its own."""
        works = [self.allreduce([tensor], opts) for tensor in tensors]
        return _Work(lambda: _wait_for(works), list(tensors))

    def allgather(self, outputs: Any, inputs: Any, opts: Any = None) -> _Work:  # noqa: ARG002
        """Every rank's tensor, in rank order."""
        (tensor,), (parts,) = _listed("all_gather", inputs), outputs
        whole = self._upcall("all_gather", _dense("all_gather", tensor).unsqueeze(0), 0)
        return _Work(lambda: _copy_each(parts, whole), list(parts))

    def _allgather_base(self, output: Any, tensor: Any, opts: Any = None) -> _Work:  # noqa: ARG002
        whole = self._upcall("all_gather", _dense("all_gather", tensor), 0)
        return _Work(lambda: _copy(output, whole.reshape(output.shape)), [output])

    def _reduce_scatter_base(self, output: Any, tensor: Any, opts: Any = None) -> _Work:
        _sums("reduce_scatter", opts)
        part = self._upcall("reduce_scatter", _dense("reduce_scatter", tensor), 0)
        return _Work(lambda: _copy(output, part.reshape(output.shape)), [output])

    all_gather_single = _allgather_base  # the names since torch 2.13
    reduce_scatter_single = _reduce_scatter_base

    def barrier(self, opts: Any = None) -> _Work:  # noqa: ARG002 - torch's signature
        """Returns when every rank has called it."""
        self._upcall("barrier")
        return _Work(lambda: None, [])


def _refusal(name: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        offered = "all_reduce, all_gather, reduce_scatter and barrier"
        raise RuntimeError(f"{name}: this group has {offered}, and nothing else")

    return refuse


for _name in (
    "allgather_coalesced", "allgather_into_tensor_coalesced", "alltoall", "alltoall_base",
    "all_to_all_single", "broadcast", "gather", "recv", "recv_anysource", "reduce",
    "reduce_scatter", "scatter", "send",
):  # fmt: skip
    setattr(TorchProcessGroup, _name, _refusal(_name))


def _listed(op: str, tensors: Any) -> list[Any]:
    listed = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
    if len(listed) != 1:
        raise ValueError(f"{op} takes one tensor a call, got {len(listed)}")
    return listed


def _sums(op: str, options: Any) -> None:
    if options is not None and options.reduceOp != dist.ReduceOp.SUM:
        raise ValueError(f"{op}: this group sums; got another op than ReduceOp.SUM")


def _dense(op: str, tensor: Any) -> Any:
    if not tensor.is_contiguous():
        raise ValueError(f"{op}: the tensor must be contiguous, as for NCCL; {op} a .contiguous()")
    return tensor.detach()


def _copy(tensor: Any, answer: Any) -> None:
    with torch.no_grad():
        tensor.copy_(answer)


def _copy_each(tensors: Any, answers: Any) -> None:
    for tensor, answer in zip(tensors, answers, strict=True):
        _copy(tensor, answer)


def _wait_for(works: list[_Work]) -> None:
    for work in works:
        work.wait()


_made: dict[tuple[Any, ...], Any] = {}


def make(
    upcall: Callable[..., Any],
    *,
    rank: int,
    world_size: int,
    members: Sequence[int] = (),
    world: int = 0,
) -> Any:
    """The process group of `world_size` ranks in which this process is `rank`.

    It is the whole world, or, with `members`, these ranks of a world of `world`, in which nobody
    else runs: a collective of the default group is then refused, as it would never end.
    `upcall(op, *args)` reaches the grader's side.
    """
    key = (rank, world_size, tuple(members), world)
    if key not in _made:
        _made.clear()
        if members:
            _begin(_refused(members, world), members[rank], world)
            _NextGroup.upcall = upcall
            _made[key] = dist.new_group(list(members), backend=BACKEND)
        else:
            _begin(upcall, rank, world_size)
            _made[key] = dist.group.WORLD
    return _made[key]


def _begin(upcall: Callable[..., Any], rank: int, world_size: int) -> None:
    """Makes the default group of this process anew."""
    if dist.is_initialized():
        dist.destroy_process_group()
    if not hasattr(dist.Backend, BACKEND.upper()):
        dist.Backend.register_backend(BACKEND, _create, devices=["cpu"])
    _NextGroup.upcall = upcall
    dist.init_process_group(BACKEND, store=dist.HashStore(), rank=rank, world_size=world_size)


def _refused(members: Sequence[int], world: int) -> Callable[..., Any]:
    def upcall(op: str, *_: Any) -> Any:
        raise RuntimeError(
            f"{op} over all {world} ranks of the world, but only ranks "
            f"{' and '.join(map(str, members))} run this: with NCCL this hangs. Which group were "
            "you given?"
        )

    return upcall


class _NextGroup:
    """Holds the `upcall` of the next group that torch creates."""

    upcall: Callable[..., Any]


def _create(_store: Any, rank: int, world_size: int, _timeout: Any) -> TorchProcessGroup:
    return TorchProcessGroup(_NextGroup.upcall, rank, world_size)
