"""A trace that nothing ran for: what an honest run would give, computed here.

It tests the grader: `validate` hands it in with the course's own solutions, and the forgeries
of the tests are edits of it. It says in its header that it is synthetic, and no student's
submission earns anything with one.
"""

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from evidence.header import Event, Header, Memory, Parameter, Rank, Reading, Run
from evidence.model import shard_of
from evidence.reference import Reference
from evidence.task import DTYPE, WORLD_SIZE, Task

from grader.evidence import Challenge
from grader.evidence.format import Array, write_trace

_SEGMENT, _BLOCK = 2 << 20, 512
_RUNS = {
    "cuda": Run("cuda", "nccl", 2, "synthetic", "synthetic", "synthetic"),
    "cpu": Run("cpu", "gloo", 0, "synthetic", "", ""),
}


def synthetic_parts(
    challenge: Challenge, device: Literal["cuda", "cpu"] = "cuda"
) -> tuple[Header, dict[str, Array]]:
    """Header and tensors of a synthetic trace, to be edited or written."""
    task = Task(challenge)
    shards = [shard_of(task.weights, rank, WORLD_SIZE) for rank in range(WORLD_SIZE)]
    tensors = _tensors(task)
    ranks = tuple(_rank(rank, shard, task, device) for rank, shard in enumerate(shards))
    header = Header(
        format="shardlab-trace",
        version=1,
        origin="synthetic",
        lab=challenge.lab,
        nonce=challenge.nonce,
        config=task.config.as_dict(),
        run=_RUNS[device],
        ranks=ranks,
        tensors=(),
    )
    return header, tensors


def synthetic_trace(challenge: Challenge, device: Literal["cuda", "cpu"] = "cuda") -> bytes:
    """The bytes of a synthetic trace that answers the challenge."""
    return write_trace(*synthetic_parts(challenge, device))


def _tensors(task: Task) -> dict[str, Array]:
    reference = Reference(task.config, DTYPE)
    run = reference.forward(task.tokens, task.weights, WORLD_SIZE)
    tensors: dict[str, Array] = {}
    for index, parts in enumerate(run.partials):
        rounded = [part.value.astype(DTYPE) for part in parts]
        for rank in range(WORLD_SIZE):
            tensors[f"rank{rank}/reduce{index}/in"] = rounded[rank]
            tensors[f"rank{rank}/reduce{index}/out"] = rounded[0] + rounded[1]
    for rank in range(WORLD_SIZE):
        tensors[f"rank{rank}/logits"] = run.logits.value.astype(DTYPE)
    return tensors


def _rank(rank: int, shard: Mapping[str, Array], task: Task, device: str) -> Rank:
    parameters = tuple(
        Parameter(n, w.shape, "float32", w.nbytes, hashlib.sha256(w.tobytes()).hexdigest())
        for n, w in shard.items()
    )
    count = len(task.tokens) * task.config.hidden
    nbytes = count * np.dtype(DTYPE).itemsize
    events = tuple(
        Event(index, "all_reduce", DTYPE, count, nbytes, 2e-5)
        for index in range(2 * task.config.num_layers)
    )
    memory = _memory(shard) if device == "cuda" else None
    return Rank(rank, f"synthetic {device}", parameters, memory, events, 2e-3)


def _memory(shard: Mapping[str, Array]) -> Memory:
    requested = sum(w.nbytes for w in shard.values())
    allocated = sum(-(-w.nbytes // _BLOCK) * _BLOCK for w in shard.values())
    reserved = -(-allocated // _SEGMENT) * _SEGMENT
    return Memory(
        Reading(0, 0, 0),
        Reading(requested, allocated, reserved),
        Reading(requested + 40_720, allocated + 40_960, reserved + _SEGMENT),
    )
