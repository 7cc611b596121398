"""torch's part of the codec: tensors as raw bytes, rebuilt plain from dtype, shape and bytes.

The host never imports torch: there a tensor is a `Tensor`, which has its bytes as a numpy
array and the name of its dtype (numpy has no bfloat16: its bits come as uint16). Inside the same
bytes become a `torch.Tensor` and back. Which side this is, the frame's reader knows: only the
one inside can make services.

A tensor says besides how large the storage is that it lies in, which tensors share it, and
whether it came from the host: so the host can tell a part that owns its bytes from a view that
keeps the whole alive, or from the very tensor that it was cut from.
"""

from __future__ import annotations

import importlib
import sys
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import decoding, held, wire
from .decoding import Decoder
from .wire import Encoder, NotPlainError, WireError

if TYPE_CHECKING:
    from numpy.typing import NDArray

arrays = held.need("arrays")  # which can't be imported in a child

# torch's name of each dtype that may cross, and the numpy dtype that has its bits
_BITS = {
    "bool": "b1", "uint8": "u1", "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8",
    "float16": "<f2", "bfloat16": "<u2", "float32": "<f4", "float64": "<f8",
}  # fmt: skip
_MAX_SIZE = 1 << 48


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor without torch: the name of its dtype, and its entries.

    `storage` names the memory that it lies in (tensors of one frame with the same name share
    it) and says how many bytes that has; None where it was made on the host. `borrowed` says that
    this memory was an argument's.
    """

    array: NDArray[Any]
    dtype: str = ""
    storage: tuple[int, int] | None = None
    borrowed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", self.dtype or self.array.dtype.name)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def nbytes(self) -> int:
        return self.array.nbytes


# The memory of tensors that came from the host, by its address, as long as it lives.
_arrived: weakref.WeakValueDictionary[int, NDArray[Any]] = weakref.WeakValueDictionary()


def _item(
    encoder: Encoder, array: NDArray[Any], dtype: str, memory: tuple[int, int, bool]
) -> list[Any]:
    plain = array.astype(_BITS[dtype], copy=False)
    return [wire.TENSOR, dtype, *memory, *arrays.attach(encoder, plain)]


def _encode_plain(encoder: Encoder, value: Tensor, _depth: int) -> list[Any]:
    if value.dtype not in _BITS or value.array.dtype != np.dtype(_BITS[value.dtype]):
        raise NotPlainError(f"a tensor of dtype {value.dtype} in {value.array.dtype.name}")
    memory = (*(value.storage or (0, value.nbytes)), value.borrowed)
    return _item(encoder, value.array, value.dtype, memory)


def _encode_torch(encoder: Encoder, value: Any, _depth: int) -> list[Any]:
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():  # noqa: SLF001
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in _BITS:
            raise NotPlainError(f"a tensor of dtype {dtype}")
        if value.layout != torch.strided or value.device.type != "cpu":
            raise NotPlainError(f"a {value.device.type} tensor of layout {value.layout}")
        try:
            array, memory = _contents(torch, value, dtype)
        except (RuntimeError, ValueError, TypeError):  # a tensor of torch's own of tensors, say
            raise NotPlainError(
                f"a {type(value).__qualname__} without entries of its own"
            ) from None
    return _item(encoder, array, dtype, memory)


def _contents(torch: Any, value: Any, dtype: str) -> tuple[NDArray[Any], tuple[int, int, bool]]:
    storage = value.untyped_storage()
    place = storage.data_ptr()
    memory = (place & ((1 << 62) - 1), storage.nbytes(), place in _arrived)
    plain = value.detach().resolve_conj().resolve_neg().contiguous()
    bits = plain.view(torch.int16) if dtype == "bfloat16" else plain
    array: NDArray[Any] = bits.numpy().view(_BITS[dtype])
    return array, memory


def _decode(decoder: Decoder, items: list[Any], _depth: int) -> Any:
    dtype, place, size, borrowed, *shape = items
    if type(dtype) is not str or dtype not in _BITS:
        raise WireError("a tensor of unknown dtype")
    if type(place) is not int or type(borrowed) is not bool:
        raise WireError("a tensor in an impossible storage")
    if type(size) is not int or not 0 <= size < _MAX_SIZE:
        raise WireError("a tensor in a storage of impossible size")
    array = arrays.take(decoder, shape, np.dtype(_BITS[dtype]), bools=dtype == "bool")
    if decoder.inside:
        return _torch_of(array, dtype)
    return Tensor(array, dtype, (place, size), borrowed)


def _torch_of(array: NDArray[Any], dtype: str) -> Any:
    """A tensor over the memory of `array`, which may be filled later."""
    torch = importlib.import_module("torch")
    if dtype == "bfloat16":
        tensor = torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    else:
        tensor = torch.from_numpy(array)
    if array.size:
        _arrived[tensor.data_ptr()] = array
    return tensor


def register() -> None:
    """Let tensors cross: torch's own too where it is imported."""
    wire.register(Tensor, _encode_plain)
    decoding.register_tag(wire.TENSOR, _decode)
    if "torch" in sys.modules:
        wire.register(sys.modules["torch"].Tensor, _encode_torch)


register()
