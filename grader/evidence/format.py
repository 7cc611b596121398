r"""A trace as bytes: magic, the length of a JSON header, the header, then raw tensors.

::

    b"SHARDTRACE1\n" | uint64, little-endian | JSON | the tensors' bytes, one after the other

Reading takes every byte for hostile: sizes first, then the schema, then the tensors' places.
The first thing that is wrong raises `TraceError`, whose text begins with the name of the field.
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from grader.evidence.kind import TraceError

Array = npt.NDArray[Any]

MAX_TRACE_BYTES = 16 << 20
MAX_HEADER_BYTES = 1 << 20
MAGIC = b"SHARDTRACE1\n"
_LENGTH = struct.Struct("<Q")

Text = Annotated[str, Meta(max_length=200)]
Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Hex64 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0, lt=1 << 50)]
Seconds = Annotated[float, Meta(ge=0.0, le=1e6)]
Shape = Annotated[tuple[Annotated[int, Meta(ge=0, lt=1 << 31)], ...], Meta(max_length=4)]
Dtype = Literal["float32", "float64"]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the header; a field that nobody reads is refused."""


class Entry(Table, frozen=True):
    """A tensor of the body; they follow each other in this order."""

    name: Text
    dtype: Dtype
    shape: Shape


class HasTensors(Protocol):
    """What every header has: the places of the tensors in the body."""

    @property
    def tensors(self) -> tuple[Entry, ...]: ...


HeaderT = TypeVar("HeaderT", bound=HasTensors)


@dataclass(frozen=True)
class Trace(Generic[HeaderT]):
    """A trace that was read: its header, and its tensors by name, all finite."""

    header: HeaderT
    tensors: Mapping[str, Array]


def write_trace(header: HasTensors, tensors: Mapping[str, Array]) -> bytes:
    """The bytes of a trace; the header's `tensors` are set from the arrays."""
    entries = tuple(Entry(n, a.dtype.name, a.shape) for n, a in tensors.items())  # type: ignore[arg-type]
    head = msgspec.json.encode(msgspec.structs.replace(cast("Table", header), tensors=entries))
    body = b"".join(
        array.astype(array.dtype.newbyteorder("<")).tobytes() for array in tensors.values()
    )
    return MAGIC + _LENGTH.pack(len(head)) + head + body


def read_trace(raw: bytes, kind: type[HeaderT]) -> Trace[HeaderT]:
    """The trace, once its form is right: the header as `kind`, a struct of the lab's.

    Raises:
        TraceError: too large, cut short, a field missing, of the wrong type or no number.
    """
    if len(raw) > MAX_TRACE_BYTES:
        raise TraceError(f"file: larger than {MAX_TRACE_BYTES >> 20} MiB")
    if not raw.startswith(MAGIC):
        raise TraceError("file: does not begin like a trace of 'shardlab capture'")
    start = len(MAGIC) + _LENGTH.size
    if len(raw) < start:
        raise TraceError("header: cut short")
    (length,) = _LENGTH.unpack(raw[len(MAGIC) : start])
    if length > MAX_HEADER_BYTES:
        raise TraceError(f"header: {length} bytes, at most {MAX_HEADER_BYTES}")
    if len(raw) < start + length:
        raise TraceError(f"header: cut short, {len(raw) - start} of {length} bytes")
    header = _header(raw[start : start + length], kind)
    return Trace(header, _tensors(header, memoryview(raw)[start + length :]))


def _header(text: bytes, kind: type[HeaderT]) -> HeaderT:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".") or "header"
        raise TraceError(f"{field}: {what}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise TraceError(_not_json(text) or f"header: no JSON: {error}") from None


def _not_json(text: bytes) -> str:
    """The first field that is NaN or infinite, which JSON has no way to write."""
    try:
        loose = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return next((f"{place}: not a finite number" for place in _not_finite(loose, "")), "")


def _not_finite(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield place.removeprefix(".") or "header"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _not_finite(each, f"{place}.{key[:80]}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _not_finite(each, f"{place}[{index}]")


def _tensors(header: HasTensors, body: memoryview) -> dict[str, Array]:
    found: dict[str, Array] = {}
    offset = 0
    for index, entry in enumerate(header.tensors):
        dtype = np.dtype(entry.dtype).newbyteorder("<")
        size = math.prod(entry.shape) * dtype.itemsize
        field = f"tensors[{index}] ({entry.name})"
        if entry.name in found:
            raise TraceError(f"{field}: stands twice")
        if size > len(body) - offset:
            raise TraceError(f"{field}: cut short, {len(body) - offset} of {size} bytes")
        array = np.frombuffer(body[offset : offset + size], dtype).reshape(entry.shape)
        if not np.isfinite(array).all():
            raise TraceError(f"{field}: has entries that are not finite")
        found[entry.name] = array
        offset += size
    if offset != len(body):
        raise TraceError(f"tensors: {len(body) - offset} bytes more than they name")
    return found
