"""What a rank may ask of its group, read from what an untrusted process sent.

`read_request` accepts exactly what a `Group` can send. Anything else, from code that talks to
the wire by itself, is a `Refusal`: an error to raise in that rank, and nobody else's trouble.
"""

import functools
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from grader.fabric.collectives import Array
from grader.fabric.tensors import BFLOAT16, BFLOAT16_BYTES, Tensor, widen

POINT_TO_POINT = ("send", "recv", "send_recv")
_WITH_AXIS = ("all_gather", "reduce_scatter")


@functools.cache
def _name(dtype: np.dtype[Any]) -> str:
    """numpy makes it anew each time; the wire has 14 dtypes."""
    return str(dtype.name)


class Request(msgspec.Struct, frozen=True):
    """One well-formed call of one rank; fields that the operation has no use for are None."""

    op: str
    array: Array | None = None
    parts: list[Array] | None = None
    axis: int | None = None
    dst: int | None = None
    src: int | None = None
    tensors: str = ""  # where the rank handed in tensors: torch's name of their dtype

    @property
    def arrays(self) -> list[Array]:
        """What the rank hands in."""
        if self.parts is not None:
            return self.parts
        return [] if self.array is None else [self.array]

    @property
    def dtype(self) -> str | None:
        """The name of the dtype of what the rank hands in."""
        return self.tensors or (_name(self.arrays[0].dtype) if self.arrays else None)

    @property
    def nbytes(self) -> int:
        """Bytes of what the rank hands in."""
        width = BFLOAT16_BYTES if self.tensors == BFLOAT16 else None
        return sum(a.size * width if width else a.nbytes for a in self.arrays)

    @property
    def payload(self) -> Any:
        """What the collective's function takes from this rank."""
        return self.parts if self.parts is not None else self.array

    def __str__(self) -> str:
        if self.op == "recv":
            return f"recv from rank {self.src}"
        if self.op == "send_recv":
            return f"send_recv, for rank {self.src}"
        shapes = ", ".join(
            f"{array.shape} {self.tensors or array.dtype.name}".replace(",)", ")")
            for array in self.arrays[:4]
        )
        axis = f"axis {self.axis}" if self.axis is not None else ""
        return " ".join(filter(None, (self.op, shapes, axis)))


class Refusal(msgspec.Struct, frozen=True):
    """The error to raise in the rank that asked."""

    error: str
    message: str


def read_request(op: str, args: tuple[Any, ...], world_size: int) -> Request | Refusal:
    """The request, or why it is refused."""
    flat = (each for arg in args for each in (arg if isinstance(arg, list) else [arg]))
    dtypes = {each.dtype for each in flat if isinstance(each, Tensor)}
    if len(dtypes) > 1:
        return Refusal("TypeError", f"{op[:40]}: tensors of {len(dtypes)} dtypes in one call")
    request = _shape_of(op, tuple(map(_widened, args)))
    if request is not None and dtypes:
        request = replace(request, tensors=dtypes.pop())
    if request is None:
        return Refusal("TypeError", f"{op[:40]!r} was asked for as no group method asks")
    for name, rank in (("dst", request.dst), ("src", request.src)):
        if rank is not None and not 0 <= rank < world_size:
            text = f"{op}: {name} is {rank}, ranks are 0 to {world_size - 1}"
            return Refusal("ValueError", text)
    return request if request.axis is None else _with_axis_from_0(request)


def _widened(arg: Any) -> Any:
    """The argument with its tensors as arrays that numpy can sum, also within a list."""
    if isinstance(arg, list):
        return [_widened(each) for each in arg]
    return widen(arg) if isinstance(arg, Tensor) else arg


def _with_axis_from_0(request: Request) -> Request | Refusal:
    """The request with its axis counted from the first, so that ranks may say -1 or 1."""
    assert request.array is not None
    assert request.axis is not None
    ndim, shape = request.array.ndim, request.array.shape
    if -ndim <= request.axis < ndim:
        return replace(request, axis=request.axis % ndim)
    text = f"{request.op}: axis {request.axis} is out of range for shape {shape}"
    return Refusal("ValueError", text)


def _shape_of(op: str, args: tuple[Any, ...]) -> Request | None:  # noqa: PLR0911 - one each
    match op, args:
        case "barrier", ():
            return Request(op)
        case "all_reduce", (np.ndarray() as array,):
            return Request(op, array=array)
        case "all_to_all", (list() as parts,) if all(isinstance(p, np.ndarray) for p in parts):
            return Request(op, parts=parts)
        case _, (np.ndarray() as array, int() as axis) if op in _WITH_AXIS:
            return Request(op, array=array, axis=axis)
        case "send", (np.ndarray() as array, int() as dst):
            return Request(op, array=array, dst=dst)
        case "recv", (int() as src,):
            return Request(op, src=src)
        case "send_recv", (np.ndarray() as array, int() as dst, int() as src):
            return Request(op, array=array, dst=dst, src=src)
        case _:
            return None
