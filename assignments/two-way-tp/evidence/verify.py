"""What of a trace does not agree with the challenge that it answers: pure, and on a CPU."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from grader.evidence import Challenge, Flaw
from grader.evidence.format import Array

from .header import Event, Memory, Parameter, Rank, Reading, RunTrace
from .model import rank_bytes, shard_of
from .passes import Passes
from .reference import Approx
from .task import DTYPE, WORLD_SIZE, Task

CHECKS = ("shards", "reductions", "logits", "memory")
"""What a trace is asked for; each is lost by its own flaws only."""

# Rates above these can't be: HBM3e moves under 10 TB/s, the memory of a CPU under 2 TB/s, and no
# accelerator reaches 10 PFLOP/s in float32. Below 100 ns no message gets out of a device.
_MOST_BYTES_PER_S = {"cuda": 10e12, "cpu": 2e12}
_MOST_FLOPS = 10e15
_LEAST_SECONDS = 1e-7
# torch's caching allocator (c10/cuda/CUDACachingAllocator): blocks of 512 bytes; what is left of
# a large block (over 1 MiB) is split off only if it is over 1 MiB; segments are of 2 MiB each.
_BLOCK = 512
_LARGE = 1 << 20
_SEGMENT = 2 << 20
_WHERE = "Was it captured in your own folder, with your own nonce?"
_ON_A_CPU = Flaw(
    "memory",
    "device: cpu. The split is real, but a CPU has no caching allocator: "
    "requested, allocated and reserved bytes can be seen on a GPU only",
    expected="what a GPU's allocator counts",
    nudge="Is there a machine with a GPU on which you can capture again?",
    open=True,
)
_ON_GPUS = {("nccl", WORLD_SIZE), ("gloo", 1)}  # as `capture` runs two ranks on GPUs


def verify(trace: RunTrace, challenge: Challenge, *, synthetic: bool = False) -> list[Flaw]:
    """Every flaw of the trace; an empty list means "trace consistent", not "GPU run proven".

    A synthetic trace answers for nothing unless `synthetic` is set, as tests of the grader do.
    """
    task = Task(challenge)
    if flaws := list(_foreign(trace, task, synthetic=synthetic)):
        return [Flaw("", text, nudge=_WHERE) for text in flaws]
    passes = Passes(trace, task)
    checks: dict[str, Callable[[], Iterator[str]]] = {
        "shards": lambda: _shards(trace, task),
        "reductions": lambda: _reductions(trace, task, passes),
        "logits": lambda: _logits(trace, task, passes),
        "memory": lambda: _memory(trace, task),
    }
    on_cpu = [_ON_A_CPU] if trace.header.run.device == "cpu" else []
    asked = [name for name in CHECKS if not (on_cpu and name == _ON_A_CPU.check)]
    return [Flaw(name, text) for name in asked for text in checks[name]()] + on_cpu


def _foreign(trace: RunTrace, task: Task, *, synthetic: bool) -> Iterator[str]:
    header, challenge = trace.header, task.challenge
    if header.lab != challenge.lab:
        yield f"it is a trace of the lab {header.lab[:40]!r}"
    if header.nonce != challenge.nonce:
        yield (
            "it answers another challenge: its nonce is not yours. "
            "Capture in the folder that 'shardlab start' made with your own nonce"
        )
    if header.origin == "synthetic" and not synthetic:
        yield "it says itself that it is synthetic: nothing ran"
    if header.config != task.config.as_dict():
        yield "config: not the model of the challenge"
    if [each.rank for each in header.ranks] != list(range(WORLD_SIZE)):
        yield f"ranks: expected ranks 0 and 1, got {[each.rank for each in header.ranks]}"


# -- shards --------------------------------------------------------------------------------


def _shards(trace: RunTrace, task: Task) -> Iterator[str]:
    for rank in trace.header.ranks:
        expected = shard_of(task.weights, rank.rank, WORLD_SIZE)
        names = [each.name for each in rank.parameters]
        if sorted(names) != sorted(expected):
            odd = sorted(set(names) ^ set(expected)) or ["one name stands twice"]
            yield f"rank {rank.rank}: parameters are not the model's: {odd[0][:60]}"
            continue
        for each in rank.parameters:
            yield from _parameter(rank.rank, each.name, each, expected[each.name])


def _parameter(rank: int, name: str, got: Parameter, expected: Array) -> Iterator[str]:
    facts = {
        "shape": expected.shape,
        "dtype": expected.dtype.name,
        "nbytes": expected.nbytes,
        "sha256": hashlib.sha256(expected.tobytes()).hexdigest(),
    }
    for fact, wanted in facts.items():
        if (found := getattr(got, fact)) != wanted:
            if fact == "sha256":
                yield f"rank {rank}: {name} does not hold the bytes of this rank's part"
            else:
                yield f"rank {rank}: {name}: {fact} expected {wanted}, got {found}"
            return


# -- collectives ---------------------------------------------------------------------------


def _reductions(trace: RunTrace, task: Task, passes: Passes) -> Iterator[str]:
    config, tokens = task.config, len(task.tokens)
    wanted = 2 * config.num_layers
    shape = (tokens, config.hidden)
    for rank in trace.header.ranks:
        if len(rank.collectives) != wanted:
            yield (
                f"rank {rank.rank}: {config.num_layers} layers, all-reduces expected {wanted}, "
                f"got {len(rank.collectives)} collectives. One after attention, one after the MLP"
            )
            return
        for index, event in enumerate(rank.collectives):
            yield from _event(rank.rank, index, event, tokens * config.hidden)
    yield from _timings(trace, task)
    yield from _sums_and_parts(trace, passes.told.partials, shape)


def _event(rank: int, index: int, event: Event, count: int) -> Iterator[str]:
    nbytes = count * np.dtype(DTYPE).itemsize
    facts = {"sequence": index, "op": "all_reduce", "dtype": DTYPE, "count": count}
    for fact, wanted in (facts | {"nbytes": nbytes}).items():
        if (found := str(getattr(event, fact))) != str(wanted):
            yield f"rank {rank}: collective {index}: {fact} expected {wanted}, got {found[:40]}"


def _timings(trace: RunTrace, task: Task) -> Iterator[str]:
    most = _MOST_BYTES_PER_S[trace.header.run.device]
    flops = 2 * len(task.tokens) * sum(w.size for w in task.weights.values()) / WORLD_SIZE
    for rank in trace.header.ranks:
        for index, event in enumerate(rank.collectives):
            least = max(_LEAST_SECONDS, event.nbytes / most)
            if event.seconds < least:
                yield (
                    f"rank {rank.rank}: collective {index}: {event.seconds:.3g} s for "
                    f"{event.nbytes} bytes is faster than any device"
                )
                break
        if sum(event.seconds for event in rank.collectives) > rank.forward_seconds:
            yield f"rank {rank.rank}: its collectives took longer than the whole forward pass"
        elif rank.forward_seconds < flops / _MOST_FLOPS:
            yield f"rank {rank.rank}: forward_seconds {rank.forward_seconds:.3g} can't be"


def _sums_and_parts(
    trace: RunTrace, partials: Sequence[tuple[Approx, ...]], shape: tuple[int, ...]
) -> Iterator[str]:
    for index, expected in enumerate(partials):
        yield from _reduction(trace, index, shape, expected)


def _reduction(
    trace: RunTrace, index: int, shape: tuple[int, ...], expected: tuple[Approx, ...]
) -> Iterator[str]:
    names = [f"rank{r}/reduce{index}/{end}" for end in ("in", "out") for r in range(WORLD_SIZE)]
    arrays = [trace.tensors.get(name) for name in names]
    for name, array in zip(names, arrays, strict=True):
        if array is None or array.shape != shape or array.dtype != DTYPE:
            yield f"{name}: expected a {DTYPE} tensor of shape {shape} in the trace"
            return
    part0, part1, sum0, sum1 = (array for array in arrays if array is not None)
    with np.errstate(all="ignore"):
        total = part0 + part1
    for rank, result in enumerate((sum0, sum1)):
        if (total != result).any():
            yield f"rank {rank}: all-reduce {index} did not give P0 + P1, bit for bit"
    for rank, part in enumerate((part0, part1)):
        if worst := _outside(part, expected[rank]):
            yield f"rank {rank}: all-reduce {index} was not given its partial product{worst}"


# -- logits --------------------------------------------------------------------------------


def _logits(trace: RunTrace, task: Task, passes: Passes) -> Iterator[str]:
    # From the trace's own sums, which bounds rounding tightly; or from the reference's, so that
    # a flaw among the sums does not cost the logits too. Sums with a flaw bound nothing: huge
    # ones that cancel would make room for any logits.
    shape = (len(task.tokens), task.config.hidden)
    sums_hold = not any(_sums_and_parts(trace, passes.told.partials, shape))
    expected = passes.told.logits if sums_hold else passes.own.logits
    copies = [trace.tensors.get(f"rank{rank}/logits") for rank in range(WORLD_SIZE)]
    for rank, logits in enumerate(copies):
        if logits is None or logits.shape != expected.value.shape or logits.dtype != DTYPE:
            yield f"rank{rank}/logits: expected {DTYPE} of shape {expected.value.shape}"
        elif (worst := _outside(logits, expected)) and _outside(logits, passes.own.logits):
            yield f"rank {rank}: the logits are not the model's{worst}"
    first, second = copies
    if first is not None and second is not None and first.tobytes() != second.tobytes():
        yield "the logits of rank 0 and rank 1 differ in some bit"


def _outside(got: Array, expected: Approx) -> str:
    """How far the worst entry is outside its bound; empty where all are inside."""
    with np.errstate(all="ignore"):  # sums of a forged trace may be of any size
        difference = np.abs(got.astype(np.float64) - expected.value)
    if (difference <= expected.error).all():
        return ""
    place = np.unravel_index(np.argmax(difference - expected.error), difference.shape)
    return (
        f": at {tuple(map(int, place))} expected {expected.value[place]:.6g} ± "
        f"{expected.error[place]:.1g}, got {got[place]:.6g}"
    )


# -- memory --------------------------------------------------------------------------------


def _memory(trace: RunTrace, task: Task) -> Iterator[str]:
    run = trace.header.run
    if (run.backend, run.gpus) not in _ON_GPUS:
        yield (
            f"run: {run.backend} with gpus {run.gpus}. On GPUs it is nccl with 2, or gloo with 1"
        )
    for rank in trace.header.ranks:
        if rank.device == "cpu":
            yield f"rank {rank.rank}: its device is a CPU, though the run says cuda"
        if rank.memory is None:
            yield f"rank {rank.rank}: no memory readings, though it ran on a GPU"
        else:
            yield from _readings(rank, rank.memory, task)


def _readings(rank: Rank, memory: Memory, task: Task) -> Iterator[str]:
    shards = shard_of(task.weights, rank.rank, WORLD_SIZE).values()
    parameters = rank_bytes(task.config, np.dtype(DTYPE).itemsize, WORLD_SIZE)
    requested = memory.weights.requested - memory.baseline.requested
    if requested != parameters:
        yield (
            f"rank {rank.rank}: the weights took {requested} requested bytes, "
            f"its parameters are {parameters}"
        )
    least = sum(-(-each.nbytes // _BLOCK) * _BLOCK for each in shards)
    most = least + _LARGE * sum(each.nbytes > _LARGE for each in shards)
    allocated = memory.weights.allocated - memory.baseline.allocated
    if not least <= allocated <= most:
        yield (
            f"rank {rank.rank}: the weights took {allocated} allocated bytes; in blocks of "
            f"{_BLOCK} they are {least}{f' to {most}' if most > least else ''}"
        )
    readings = {name: getattr(memory, name) for name in memory.__struct_fields__}
    for name, reading in readings.items():
        yield from _order(rank.rank, name, reading)
    for fact in ("requested", "allocated"):
        if getattr(memory.forward, fact) < getattr(memory.weights, fact):
            yield f"rank {rank.rank}: less is {fact} after the forward pass than before it"


def _order(rank: int, name: str, reading: Reading) -> Iterator[str]:
    if not reading.requested <= reading.allocated <= reading.reserved:
        yield f"rank {rank}: memory.{name}: expected requested <= allocated <= reserved"
    if reading.reserved % _SEGMENT:
        yield f"rank {rank}: memory.{name}.reserved: {reading.reserved} is no multiple of 2 MiB"
    if reading.allocated % _BLOCK:
        yield f"rank {rank}: memory.{name}.allocated: {reading.allocated} is no multiple of 512"
