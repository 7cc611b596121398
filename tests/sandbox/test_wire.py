"""The codec: what goes in comes out, and what is hostile is refused at a bounded price."""

import contextlib
import enum
import math
import os
import socket
import struct
from collections import OrderedDict, namedtuple
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.sandbox.inside import wire as codec
from grader.sandbox.inside.frames import Reader
from grader.sandbox.inside.wire import Caps, NotPlainError, ServiceRef, WireError, encode


def received(raw: bytes, caps: Caps | None = None, resolve=None):
    """What a reader makes of `raw` followed by the end of the connection."""
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        reader = Reader(caps or Caps(), resolve)
        rest = memoryview(raw)
        while True:
            if rest:
                with contextlib.suppress(BlockingIOError):
                    rest = rest[near.send(rest) :]
            else:
                near.close()
            value = reader.receive(far, socket.MSG_DONTWAIT)
            if type(value).__name__ != "_Pending":
                return value


def there_and_back(value):
    return received(b"".join(encode(value)))


def frame(tree, body=b"", *, magic=b"SLW1", header_size=None, body_size=None) -> bytes:
    """A frame as an attacker would make it: any header, any claim about sizes."""
    header = tree if isinstance(tree, bytes) else msgspec.msgpack.encode(tree)
    sizes = (
        len(header) if header_size is None else header_size,
        len(body) if body_size is None else body_size,
    )
    return struct.pack("<4sIQ", magic, *sizes) + header + body


def same(a, b) -> bool:  # noqa: PLR0911  one answer for each kind of value
    """Equal in value and in exact type, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return a == b


_DTYPES = [
    np.dtype(c)
    for c in ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")
]
_ARRAYS = st.sampled_from(_DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0))
)
_KEYS = (
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.fractions()
    | st.tuples(st.integers(), st.text())
)  # fmt: skip
_ATOMS = (
    _KEYS | st.floats() | st.complex_numbers() | _ARRAYS
    | _ARRAYS.filter(lambda a: a.ndim == 0).map(lambda a: a[()])
    | st.sets(_KEYS) | st.frozensets(_KEYS)
)  # fmt: skip
_VALUES = st.recursive(
    _ATOMS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(_KEYS, inner),
    max_leaves=12,
)


@given(_VALUES)
@settings(max_examples=200, deadline=None)
def test_plain_values_survive_the_crossing(value):
    """Every kind of plain value arrives equal, with its exact type, bit for bit."""
    assert same(there_and_back(value), value)


@given(_ARRAYS)
@settings(max_examples=50, deadline=None)
def test_arrays_arrive_writable_and_their_own(array):
    """An array that arrived can be changed in place, also where the one sent could not."""
    array.setflags(write=False)
    got = there_and_back([array])[0]
    got[...] = 0
    assert got.flags.writeable
    assert not got.any()


@pytest.mark.parametrize(
    "make",
    [
        lambda a: a[::2, 1:],
        lambda a: a.T,
        lambda a: a[::-1],
        lambda a: a.astype(">f8"),
        lambda a: np.broadcast_to(a[0], (3, 4)),
        np.asmatrix,
        np.ma.masked_array,
    ],
    ids=["strided", "transposed", "reversed", "big-endian", "broadcast", "matrix", "masked"],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_odd_arrays_arrive_plain(make):
    """Views, foreign byte orders and subclasses arrive as plain arrays of the same numbers."""
    array = make(np.arange(12.0).reshape(3, 4))
    got = there_and_back(array)
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    assert np.array_equal(got, np.asarray(array))


Point = namedtuple("Point", "x y")  # noqa: PYI024  what students write


class Colour(enum.IntEnum):
    RED = 7


class Liar(list):
    def __iter__(self):
        return iter([666])

    def __len__(self):
        return 0


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Point(1, 2), (1, 2)),
        (OrderedDict(a=1), {"a": 1}),
        (Colour.RED, 7),
        (type("S", (str,), {})("s"), "s"),
        (type("F", (float,), {})(-0.0), -0.0),
        (type("B", (bytes,), {"__bytes__": lambda _s: b"lie"})(b"b"), b"b"),
        (Liar([1, 2]), [1, 2]),
        (np.float64(2.5), np.float64(2.5)),
        (np.str_("numpy's"), "numpy's"),
        (10**4299, 10**4299),
        (-(2**63) - 1, -(2**63) - 1),
        (Fraction(10**30, 7), Fraction(10**30, 7)),
    ],
    ids=lambda v: type(v).__name__,
)
def test_subclasses_cross_as_their_base(value, plain):
    """What a subclass overrides is not asked: its base value crosses, with the exact base type."""
    assert same(there_and_back(value), plain)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (object(), "an object"),
        (len, "a builtin_function_or_method"),
        ((n for n in ()), "a generator"),
        (np.array([None]), "an array of dtype object"),
        (np.array(["x"]), "an array of dtype str"),
        (np.zeros(1, "f8,i4"), "an array of dtype void"),
        (np.longdouble(1), "a number of dtype longdouble"),
        (10**5000, "an int of 16610 bits"),
        ("\ud800", "a str with half a surrogate pair"),
        ([0] * 300_000, "more than 200000 objects"),
        ("x" * (3 << 20), "a value of 31457"),
        (np.zeros(65 << 20, "u1"), "more than 64 MiB of arrays"),
    ],
    ids=lambda v: v[:30] if isinstance(v, str) and len(v) < 99 else "",
)
def test_what_is_not_plain_is_named(value, what):
    """A value that can't cross is refused where it is sent, and named."""
    with pytest.raises(NotPlainError) as refused:
        encode([value])
    assert what in str(refused.value)


def test_a_value_that_contains_itself_is_refused():
    """A cycle ends at the cap on nesting, not in a crash."""
    cycle: list = []
    cycle.append(cycle)
    with pytest.raises(NotPlainError, match="nested"):
        encode(cycle)


_COLLIDING = [[codec.INT, ((1 << 61) - 1) * n] for n in range(3)]
_P61 = (1 << 61) - 1


def _bigints(count):
    return [[codec.INT, (_P61 * (n + 1)).to_bytes(16, "little")] for n in range(count)]


# Each of the 20,000 keys of the largest frames is looked at, and nothing is that often again.
_CALLS = 10 * 20_000

_HOSTILE = {
    "no frame at all": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "wrong magic": frame(None, magic=b"EVIL"),
    "header of 4 GB": frame(b"", header_size=0xFFFFFFFF),
    "body of 16 EB": frame(None, body_size=(1 << 64) - 1),
    "header that is no msgpack": frame(b"\xc1\xff\xfe"),
    "two values in the header": frame(b"\x01\x02"),
    "empty header": frame(b""),
    "a map": frame({"a": 1}),
    "an extension type": frame(msgspec.msgpack.encode(msgspec.msgpack.Ext(1, b"x"))),
    "a timestamp": frame(b"\xd6\xff\x00\x00\x00\x00"),
    "an untagged list": frame([]),
    "a list for a tag": frame([[1], 2]),
    "a bool for a tag": frame([True, 1]),
    "unknown tag": frame([99, 1]),
    "negative tag": frame([-1, 1]),
    "dict without a value": frame([codec.DICT, "a"]),
    "unhashable key": frame([codec.DICT, [codec.LIST], 1]),
    "unhashable member": frame([codec.SET, [codec.DICT]]),
    "complex of texts": frame([codec.COMPLEX, "1", "2"]),
    "complex of one part": frame([codec.COMPLEX, 1.0]),
    "integer of 3 MB": frame([codec.INT, b"\xff" * 2000]),
    "integer from text": frame([codec.INT, "12"]),
    "fraction over zero": frame([codec.FRACTION, 1, 0]),
    "fraction over a float": frame([codec.FRACTION, 1, 1.5]),
    "fraction over a negative": frame([codec.FRACTION, 1, -2]),
    "service reference": frame([codec.SERVICE, "echo", [codec.DICT]]),
    "array of objects": frame([codec.ARRAY, "O", 1], b"\0" * 8),
    "array of pointers by text": frame([codec.ARRAY, "|O8", 1], b"\0" * 8),
    "array of strings": frame([codec.ARRAY, "U1", 1], b"\0" * 4),
    "dtype that is a list": frame([codec.ARRAY, ["f4"], 1], b"\0" * 4),
    "array without dtype": frame([codec.ARRAY]),
    "negative dimension": frame([codec.ARRAY, "f4", -1, -1], b"\0" * 4),
    "dimension that is a float": frame([codec.ARRAY, "f4", 1.0], b"\0" * 4),
    "dimension that is True": frame([codec.ARRAY, "f4", True], b"\0" * 4),
    "shape that overflows": frame([codec.ARRAY, "f4", 1 << 40, 1 << 40], b"\0" * 4),
    "shape that overflows to zero": frame([codec.ARRAY, "f4", 1 << 47, 1 << 47, 0]),
    "65 dimensions": frame([codec.ARRAY, "u1", *[1] * 65], b"\0"),
    "array larger than the body": frame([codec.ARRAY, "f4", 5], b"\0" * 4),
    "array smaller than the body": frame([codec.ARRAY, "f4", 1], b"\0" * 400),
    "body without arrays": frame(1, b"\0" * 4),
    "arrays that share a body": frame(
        [codec.LIST, [codec.ARRAY, "u1", 4], [codec.ARRAY, "u1", 4]], b"\0" * 4
    ),
    "scalar of the wrong size": frame([codec.SCALAR, "f8", b"\0"]),
    "scalar of objects": frame([codec.SCALAR, "O", b"\0" * 8]),
    "100,000 nested lists": frame(b"\x91" * 100_000 + b"\xc0"),
    "nested 200 deep": frame(b"\x92\x00" * 200 + b"\xc0"),
    "2 million empty lists": frame(b"\xdd" + struct.pack(">I", 2_000_000) + b"\x90" * 2_000_000),
    "a million integers": frame(b"\xdd" + struct.pack(">I", 1_000_000) + b"\x00" * 1_000_000),
    "20,000 colliding members": frame([codec.SET, *_bigints(20_000)]),
    "20,000 colliding keys": frame([codec.DICT, *[x for k in _bigints(20_000) for x in (k, 0)]]),
    "colliding keys in many dicts": frame(
        [codec.LIST, *[[codec.SET, *_bigints(1000)] for _ in range(20)]]
    ),
    "cut off in the prefix": frame(1)[:7],
    "cut off in the header": frame("hello")[:-2],
    "cut off in the body": frame([codec.ARRAY, "f4", 4], b"\0" * 16)[:-1],
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_frames_are_refused_cheaply(name, counted):
    """Each is refused as such, in bounded work and without its claims being allocated."""
    with counted, pytest.raises((WireError, EOFError)):
        received(_HOSTILE[name])
    assert counted.count < _CALLS


def test_colliding_keys_are_compared_up_to_the_cap():
    """The most that pass are compared in full, though each is as long as can be; no more are."""
    count = codec.MAX_COLLIDING_KEYS + 1
    same = [[codec.FRACTION, 1, 3]] * (codec.MAX_NODES // count // 5)
    keys = [[codec.TUPLE, *same, last] for last in _bigints(count)]
    assert len(received(frame([codec.SET, *keys]))) == count
    with pytest.raises(WireError, match="same hash"):
        received(frame([codec.SET, *_bigints(count + 1)]))


def test_many_small_keys_are_allowed():
    """Texts and small whole numbers, whose hashes are no weapon, are not counted as costly."""
    value = {n: str(n) for n in range(20_000)} | {str(n): n for n in range(20_000)}
    assert there_and_back(value) == value


def test_caps_hold_to_the_byte():
    """A frame at the cap passes; one byte more is refused before its body comes."""
    whole = b"".join(encode(np.zeros(1000, "u1")))
    assert received(whole, Caps(body_bytes=1000)).size == 1000
    with pytest.raises(WireError):
        received(whole, Caps(body_bytes=999))


def test_bools_are_bools():
    """A byte of 2 in an array of bool arrives as True, not as a bool that is neither."""
    got = received(frame([codec.ARRAY, "b1", 3], b"\x00\x01\x02"))
    assert got.tolist() == [False, True, True]
    assert got.view("u1").tolist() == [0, 1, 1]
    assert received(frame([codec.SCALAR, "b1", b"\x07"])).tobytes() == b"\x01"


def test_service_references_resolve_only_where_a_resolver_is():
    """The reader that the host uses knows none, so a process can't send one."""
    raw = b"".join(encode([ServiceRef("echo", {"rank": 3})]))
    assert received(raw, resolve=lambda ref: (ref.name, ref.params)) == [("echo", {"rank": 3})]
    with pytest.raises(WireError):
        received(raw)


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_never_do_worse_than_fail(raw):
    """Any bytes either decode or raise WireError or EOFError: nothing else escapes."""
    for attempt in (raw, frame(raw), b"SLW1" + raw):
        with contextlib.suppress(WireError, EOFError):
            received(attempt)


@given(_VALUES, st.data())
@settings(max_examples=200, deadline=None)
def test_mutated_frames_never_do_worse_than_fail(value, data):
    """A frame with a few bytes changed decodes to something plain or is refused as such."""
    raw = bytearray(b"".join(encode(value)))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        got = received(bytes(raw))
    except (WireError, EOFError):
        return
    encode(got)


def test_frames_arrive_whole_however_they_are_cut():
    """A frame that comes byte by byte, and two frames at once, are read as they were sent."""
    near, far = socket.socketpair()
    with near, far:
        reader = Reader()
        for byte in b"".join(encode({"a": np.arange(3)})):
            near.send(bytes([byte]))
            last = reader.receive(far, socket.MSG_DONTWAIT)
        assert same(last, {"a": np.arange(3)})
        near.send(b"".join(encode(1)) + b"".join(encode(2)))
        assert [reader.receive(far), reader.receive(far)] == [1, 2]


def test_the_body_is_received_in_place():
    """Receiving 32 MB takes memory once, not twice: its bytes go straight into the array."""
    import resource

    near, far = socket.socketpair()
    if (pid := os.fork()) == 0:  # a child sends, so that this process only receives
        for part in encode(np.ones(32 << 20, "u1")):
            near.sendall(part)
        os._exit(0)
    near.close()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with far:
        got = Reader().receive(far)
    os.waitpid(pid, 0)
    assert got.sum() == 32 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 << 10


def test_nan_and_signed_zero_keep_their_bits():
    """Floats cross bit for bit: a payload in a NaN and the sign of zero included."""
    nan = struct.unpack("<d", b"\x01\x00\x00\x00\x00\x00\xf8\x7f")[0]
    assert same(there_and_back([nan, -0.0, math.inf]), [nan, -0.0, math.inf])
