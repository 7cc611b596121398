"""One rank of a capture: a process of its own, on the student's machine, with real torch.

`main` gets the JSON of an `Order`. It runs the student's file over the challenge, notes every
collective, and writes what it saw as an .npz.
Only the sums that go through `torch.distributed`'s own functions are seen.
"""

import hashlib
import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import torch
import torch.distributed as dist

from grader.evidence import Challenge
from grader.fabric.inside_record import Record

from .capture import Order, Where
from .header import Event, Memory, Parameter, Rank, Reading, Run
from .task import WORLD_SIZE, Task

_OTHERS = (
    "all_gather", "all_gather_into_tensor", "all_gather_single", "all_to_all",
    "all_to_all_single", "barrier", "broadcast", "gather", "recv", "reduce", "reduce_scatter",
    "reduce_scatter_single", "reduce_scatter_tensor", "scatter", "send",
)  # fmt: skip


_LOOK_S = 0.5


class Teller:
    """Writes where this rank is, again and again, and ends it when nobody is left to read that."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._main = threading.get_ident()
        self._call, self._waits = "computes", False
        self._told: Where | None = None

    def start(self) -> None:
        """Begin, in a thread that does not outlive the process."""
        threading.Thread(target=self._go_on, name="teller", daemon=True).start()

    @contextmanager
    def waiting(self, call: str) -> Iterator[None]:
        """Say of the block that it needs the other rank."""
        self._call, self._waits = call, True
        try:
            yield
        finally:
            self._call, self._waits = "computes", False

    def _go_on(self) -> None:
        while os.getppid() == self._order.parent:
            where = Where(self._call, self._line(), self._waits)
            if where != self._told:
                self._told = where
                draft = self._order.where.with_suffix(".draft")
                draft.write_bytes(msgspec.json.encode(where))
                draft.replace(self._order.where)
            time.sleep(_LOOK_S)
        os.killpg(0, signal.SIGKILL)  # the capture was killed, and can't end this rank itself

    def _line(self) -> str:
        """`file.py:12`, the innermost line of the student's file that is being run."""
        frame = sys._current_frames().get(self._main)  # noqa: SLF001 - made for debuggers
        while frame is not None and frame.f_code.co_filename != self._order.file:
            frame = frame.f_back
        return f"{Path(self._order.file).name}:{frame.f_lineno}" if frame is not None else ""


class Recorder:
    """Stands before torch's collectives and keeps what goes in and what comes out."""

    def __init__(self, rank: int, device: torch.device, teller: Teller) -> None:
        self._rank = rank
        self._device = device
        self._teller = teller
        self._all_reduce = dist.all_reduce
        self.events: list[Event] = []
        self.tensors: dict[str, Any] = {}

    def install(self) -> None:
        """Put recording functions in the place of torch's own."""
        dist.all_reduce = self.all_reduce
        for name in filter(partial(hasattr, dist), _OTHERS):
            setattr(dist, name, self._noting(name, getattr(dist, name)))

    def all_reduce(
        self, tensor: Any, op: Any = dist.ReduceOp.SUM, group: Any = None, async_op: bool = False
    ) -> Any:
        """torch's all_reduce, finished before it returns; what `async_op` gives is torch's own."""
        place = f"rank{self._rank}/reduce{len(self.events)}"
        self.tensors[f"{place}/in"] = _numpy(tensor)
        started = self._now()
        with self._teller.waiting(
            f"all_reduce #{self._count('all_reduce') + 1} of {tensor.numel()} numbers"
        ):
            work = self._all_reduce(tensor, op=op, group=group, async_op=True)
            work.wait()
        self._note("all_reduce", tensor, self._now() - started)
        self.tensors[f"{place}/out"] = _numpy(tensor)
        return work if async_op else None

    def _noting(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            started = self._now()
            with self._teller.waiting(f"{name} #{self._count(name) + 1}"):
                result = real(*args, **kwargs)
            tensor = next((each for each in args if isinstance(each, torch.Tensor)), None)
            self._note(name, tensor, self._now() - started)
            return result

        return noted

    def _count(self, op: str) -> int:
        return sum(each.op == op for each in self.events)

    def _note(self, op: str, tensor: Any, seconds: float) -> None:
        dtype, count, nbytes = "", 0, 0
        if tensor is not None:
            dtype, count = str(tensor.dtype).removeprefix("torch."), tensor.numel()
            nbytes = count * tensor.element_size()
        self.events.append(Event(len(self.events), op, dtype, count, nbytes, seconds))

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def run(order: Order, teller: Teller) -> tuple[Rank, dict[str, Any]]:
    """What this rank recorded, and its tensors."""
    task = Task(Challenge(order.lab, order.nonce))
    device = torch.device("cuda", order.gpu) if order.gpu >= 0 else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    store = dist.FileStore(order.store, WORLD_SIZE)
    dist.init_process_group(order.backend, store=store, rank=order.rank, world_size=WORLD_SIZE)
    recorder = Recorder(order.rank, device, teller)
    barrier = dist.barrier
    recorder.install()  # before the student's file may import names from torch.distributed
    module = _module(Path(order.file))
    state = {n: torch.from_numpy(w.copy()) for n, w in task.weights.items()}
    tokens = torch.from_numpy(task.tokens.copy()).to(device)
    _stage(order, "cutting the weights")
    baseline = _reading(device)
    parts: Mapping[str, Any] = module.shard_state_dict(state, order.rank, WORLD_SIZE)
    shard = {name: part.to(device) for name, part in parts.items()}
    weights = _reading(device)
    _stage(order, "forward pass")
    started = time.perf_counter()
    with torch.no_grad():
        logits = module.forward(tokens, shard, Record(task.config.as_dict()), dist.group.WORLD)
        host = _numpy(logits)
    seconds = time.perf_counter() - started
    memory = Memory(baseline, weights, _reading(device)) if device.type == "cuda" else None
    recorder.tensors[f"rank{order.rank}/logits"] = host
    parameters = tuple(_parameter(name, part) for name, part in shard.items())
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    done = Rank(order.rank, name, parameters, memory, tuple(recorder.events), seconds)
    with teller.waiting("its end, with nothing left to do"):
        barrier()
    return done, recorder.tensors


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _numpy(tensor: Any) -> Any:
    return tensor.detach().cpu().contiguous().numpy().copy()


def _parameter(name: str, tensor: Any) -> Parameter:
    array = _numpy(tensor)
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    return Parameter(name, array.shape, array.dtype.name, array.nbytes, digest)


def _reading(device: torch.device) -> Reading:
    if device.type != "cuda":
        return Reading(0, 0, 0)
    torch.cuda.synchronize(device)
    stats = torch.cuda.memory_stats(device)
    return Reading(*(stats.get(f"{each}_bytes.all.current", 0)
                     for each in ("requested", "allocated", "reserved")))  # fmt: skip


def _stage(order: Order, text: str) -> None:
    if order.rank == 0:
        Path(order.folder, "stage").write_text(text)


def _run(order: Order) -> Run:
    """What this runs on; one GPU where both ranks have the same."""
    on_gpu, with_nccl = order.gpu >= 0, order.backend == "nccl"
    return Run(
        device="cuda" if on_gpu else "cpu",
        backend="nccl" if with_nccl else "gloo",
        gpus=(WORLD_SIZE if with_nccl else 1) if on_gpu else 0,
        torch=str(torch.__version__),
        cuda=str(torch.version.cuda or ""),
        nccl=".".join(map(str, torch.cuda.nccl.version())) if with_nccl else "",
    )


def main(text: str) -> None:
    order = msgspec.json.decode(text, type=Order)
    teller = Teller(order)
    teller.start()
    if order.rank == 0:
        Path(order.folder, "run.json").write_bytes(msgspec.json.encode(_run(order)))
    rank, tensors = run(order, teller)
    path = Path(order.folder, f"rank{order.rank}.npz")
    np.savez(path, _rank=np.frombuffer(msgspec.json.encode(rank), np.uint8), **tensors)
    os._exit(0)  # destroy_process_group hangs now and then; both ranks are past a barrier
