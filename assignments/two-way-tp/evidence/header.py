"""What a trace of this lab says, beside its tensors: one header, read as hostile."""

from typing import Annotated, Literal

from msgspec import Meta

from grader.evidence.format import (
    Count,
    Dtype,
    Entry,
    Hex32,
    Hex64,
    Seconds,
    Shape,
    Table,
    Text,
    Trace,
)


class Parameter(Table, frozen=True):
    """One parameter as a rank holds it; the hash is of its bytes in C order."""

    name: Text
    shape: Shape
    dtype: Dtype
    nbytes: Count
    sha256: Hex64


class Reading(Table, frozen=True):
    """What the allocator says, in bytes: asked for, set aside, taken from the device."""

    requested: Count
    allocated: Count
    reserved: Count


class Memory(Table, frozen=True):
    """Three readings: before the weights, with them, and after the forward pass."""

    baseline: Reading
    weights: Reading
    forward: Reading


class Event(Table, frozen=True):
    """One collective, as a rank made it."""

    sequence: Count
    op: Text
    dtype: Text
    count: Count
    nbytes: Count
    seconds: Seconds


class Rank(Table, frozen=True):
    """What one rank recorded."""

    rank: Count
    device: Text
    parameters: Annotated[tuple[Parameter, ...], Meta(max_length=512)]
    memory: Memory | None
    collectives: Annotated[tuple[Event, ...], Meta(max_length=1024)]
    forward_seconds: Seconds


class Run(Table, frozen=True):
    """How the trace came about."""

    device: Literal["cuda", "cpu"]
    backend: Literal["nccl", "gloo"]
    gpus: Annotated[int, Meta(ge=0, le=2)]
    torch: Text
    cuda: Text
    nccl: Text


class Header(Table, frozen=True):
    """All that is not raw tensors. `origin` says whether anything ever ran."""

    format: Literal["shardlab-trace"]
    version: Literal[1]
    origin: Literal["captured", "synthetic"]
    lab: Text
    nonce: Hex32
    config: Annotated[dict[Text, Count], Meta(max_length=16)]
    run: Run
    ranks: Annotated[tuple[Rank, ...], Meta(min_length=2, max_length=2)]
    tensors: Annotated[tuple[Entry, ...], Meta(max_length=4096)]


RunTrace = Trace[Header]
