"""numpy's part of the codec: arrays as raw bytes, rebuilt plain from dtype, shape and bytes."""

from __future__ import annotations

import functools
import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from . import decoding, wire
from .decoding import Decoder
from .wire import Encoder, NotPlainError, WireError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CODES = ("b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")
_DTYPES = {code: np.dtype("<" + code) for code in _CODES}
_NAMES = {dtype: code for code, dtype in _DTYPES.items()}
# By numpy's number of a dtype, which is faster to look up; it does not tell the order of bytes.
_BY_NUMBER = {dtype.num: code for code, dtype in _DTYPES.items() if dtype.isnative}
_MAX_NDIM = 32
_SMALL_BYTES = 4096  # up to here a copy costs less than a view


def _little(dtype: np.dtype[Any], what: str) -> np.dtype[Any]:
    if dtype.char in "gG":  # of as many bits as the machine likes
        raise NotPlainError(f"{what} of dtype {dtype.type.__name__}")
    little = dtype if dtype in _NAMES else dtype.newbyteorder("<")
    if little not in _NAMES:
        raise NotPlainError(f"{what} of dtype {dtype.name}")
    return little


def _encode_array(encoder: Encoder, value: NDArray[Any], _depth: int) -> list[Any]:
    dtype = value.dtype
    if type(value) is np.ndarray and dtype.isnative and dtype.num in _BY_NUMBER:
        return [wire.ARRAY, _BY_NUMBER[dtype.num], *attach(encoder, value)]
    plain = np.asarray(value)  # of a subclass: the base array, without asking the subclass
    if type(value) is not np.ndarray and _hides_entries(value):
        raise NotPlainError("a masked array with masked entries")
    little = _little(plain.dtype, "an array")
    return [wire.ARRAY, _NAMES[little], *attach(encoder, plain.astype(little, copy=False))]


def attach(encoder: Encoder, array: NDArray[Any]) -> tuple[int, ...]:
    """Put the array's bytes into the frame; returns its shape."""
    if array.nbytes <= _SMALL_BYTES:
        encoder.attach(array.tobytes(), array.nbytes)
    else:
        flat = np.ascontiguousarray(array).reshape(-1)
        encoder.attach(flat.view(np.uint8).data, array.nbytes)
    return array.shape


def _hides_entries(value: NDArray[Any]) -> bool:
    masked = sys.modules.get("numpy.ma")
    if masked is None or not isinstance(value, masked.MaskedArray):
        return False
    return bool(np.any(np.asarray(masked.getmask(value))))


def _encode_scalar(encoder: Encoder, value: np.generic, depth: int) -> Any:
    little = _little(value.dtype, "a number")
    if encoder.within_key:
        return encoder.item(np.generic.item(value), depth)
    return [wire.SCALAR, _NAMES[little], np.asarray(value, little).tobytes()]


def _dtype(code: Any) -> np.dtype[Any]:
    if type(code) is not str or code not in _DTYPES:
        raise WireError("an array of unknown dtype")
    return _DTYPES[code]


def _is_length(n: Any) -> bool:
    return type(n) is int and 0 <= n < 1 << 48


def _decode_array(decoder: Decoder, items: list[Any], _depth: int) -> NDArray[Any]:
    dtype, shape = _dtype(items[0]), items[1:]
    return take(decoder, shape, dtype, bools=dtype == np.bool_)


def take(decoder: Decoder, shape: list[Any], dtype: np.dtype[Any], *, bools: bool) -> NDArray[Any]:
    """An array that owns its memory, which the frame's body fills: now, or as it comes."""
    if len(shape) > _MAX_NDIM or not all(map(_is_length, shape)):
        raise WireError("an array of impossible shape")
    size = math.prod(shape) * dtype.itemsize
    raw = decoder.take(size)
    if raw is not None:
        array: NDArray[Any] = np.ndarray(shape, dtype, raw).copy()
    else:
        array = np.empty(shape, dtype)
        if size:
            decoder.body.append(array.reshape(-1).view(np.uint8).data)
    if bools and size:  # a byte other than 0 or 1 is no bool
        flat = array.reshape(-1).view(np.uint8)
        decoder.when_filled.append(functools.partial(np.minimum, flat, 1, out=flat))
    return array


def _decode_scalar(_decoder: Decoder, items: list[Any], _depth: int) -> np.generic:
    code, raw = items
    dtype = _dtype(code)
    if type(raw) is not bytes or len(raw) != dtype.itemsize:
        raise WireError("a number of the wrong size")
    if dtype == np.bool_:
        return np.bool_(raw != b"\0")
    scalar: np.generic = np.frombuffer(raw, dtype)[0]
    return scalar


def register() -> None:
    """Let arrays and numpy's numbers cross."""
    wire.register(np.ndarray, _encode_array)
    wire.register(np.generic, _encode_scalar)
    decoding.register_tag(wire.ARRAY, _decode_array)
    decoding.register_tag(wire.SCALAR, _decode_scalar)
