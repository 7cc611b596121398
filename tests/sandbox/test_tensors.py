"""Tensors on the wire, seen from the host, which never imports torch."""

import msgspec
import numpy as np
import pytest

from grader.sandbox import Tensor
from grader.sandbox.inside import decoding, tensors, wire
from grader.sandbox.inside.wire import NotPlainError, WireError, encode


def decoded(frame, inside=False):
    """What a reader of that side makes of a frame's bytes."""
    raw = b"".join(frame)
    _, header, body = wire.PREFIX.unpack_from(raw)
    start = wire.PREFIX.size
    decoder = decoding.Decoder(wire.Caps(), body, (lambda ref: ref) if inside else None)
    value = decoder.read(raw[start : start + header])
    rest = memoryview(raw)[start + header :]
    for part in decoder.body:
        part[:] = rest[: part.nbytes]
        rest = rest[part.nbytes :]
    decoder.settle()
    return value


def read_header(header, body_bytes):
    """All that is checked before a body is received."""
    decoding.Decoder(wire.Caps(), body_bytes).read(msgspec.msgpack.encode(header))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_a_tensor_comes_back_as_it_went(dtype, shape):
    """Dtype, shape and bits; without a storage of its own it has that of its bytes."""
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    back = decoded(encode(Tensor(array)))
    assert isinstance(back, Tensor)
    assert (back.dtype, back.shape, back.nbytes) == (dtype, shape, array.nbytes)
    assert (back.array == array).all()
    assert back.storage == (0, array.nbytes)


def test_bfloat16_crosses_as_its_bits():
    """numpy has no such dtype."""
    back = decoded(encode(Tensor(np.array([0x3F80], np.uint16), "bfloat16")))
    assert (back.dtype, back.array.dtype.name, back.array[0]) == ("bfloat16", "uint16", 0x3F80)


@pytest.mark.parametrize("dtype", ["complex64", "object", "float32"])
def test_other_dtypes_do_not_cross(dtype):
    """Not on the list, or not of the bits that it says."""
    with pytest.raises(NotPlainError, match=dtype):
        encode(Tensor(np.zeros(2), dtype))


@pytest.mark.parametrize(
    "items",
    [
        ["float32", 0, 8],
        ["float32", 0, 8, False],
        ["complex64", 0, 8, False, 2],
        [7, 0, 8, False, 2],
        ["float32", "place", 8, False, 2],
        ["float32", 0, -8, False, 2],
        ["float32", 0, 8, 0, 2],
        ["float32", 0, 8, None, 2],
        ["float32", 0, 8, False, -2],
        ["float32", 0, 8, False, 1 << 60],
        ["float32", 0, 8, False, 2.0],
        ["float32", 0, 8, False, *[1] * 40],
        ["float32", 0, 8, False, 100, 100],
    ],
)
def test_hostile_headers_are_refused(items):
    """Before anything is allocated: 8 bytes of body, and only two float32 fit them."""
    read_header([wire.TENSOR, "float32", 0, 8, False, 2], 8)
    with pytest.raises((WireError, ValueError)):
        read_header([wire.TENSOR, *items], 8)


def test_bytes_that_are_no_bool_become_true():
    """A byte of 7 in a bool tensor would be neither."""
    frame = encode(Tensor(np.array([True, False])))
    raw = bytearray(b"".join(frame))
    raw[-2] = 7
    assert decoded([bytes(raw)]).array.tobytes() == b"\1\0"


def test_torch_is_not_needed_here():
    """The module is the host's too."""
    assert "torch" not in vars(tensors)
