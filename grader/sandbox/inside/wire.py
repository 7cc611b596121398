"""The codec between the host and submitted code: plain values in, plain values out, no code.

A frame is `magic, header size, body size | header | body`. The header is msgpack made of
scalars and of arrays that begin with a tag; the body is the bytes of the numeric arrays, in
the order in which the header names them. So an array is received straight into its memory.

This half writes frames, and has what both halves share; `decoding` reads them. A value
of a subclass crosses as its base, whatever it overrides; numbers within a Fraction, a key or a set
cross as the built-in ones that they equal.

Other libraries' types have modules of their own, which run when such a type or tag is first met.
"""

import operator
import struct
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec

from . import held

MAGIC = b"SLW1"
PREFIX = struct.Struct("<4sIQ")

_SMALL_BODY = 1 << 16  # up to here one copy costs less than a system call for each array
MAX_HEADER_BYTES = 2 << 20
MAX_NODES = 200_000  # objects in one frame; a numeric array counts as one
MAX_DEPTH = 64
MAX_INT_BITS = 14_284  # below 10**4300, the longest that Python prints by default
# Keys of any other type can be chosen so that their hashes collide, and cost quadratic time.
MAX_COSTLY_KEYS = 1 << 15
MAX_COLLIDING_KEYS = 64  # of a whole hash: comparing two long tuples may take milliseconds
_CHEAP_INT_KEY = 1 << 60

LIST, TUPLE, DICT, SET, FROZENSET, COMPLEX, INT, FRACTION, SERVICE, ARRAY, SCALAR, TENSOR = range(
    12
)

# The modules here that know a library's types, by its name.
LIBRARIES = {"numpy": "arrays", "torch": "tensors"}


class WireError(Exception):
    """The other side sent what our own code never sends."""


class NotPlainError(TypeError):
    """A value that can't cross; the text names its type, as in "a Foo"."""


class ServiceRef(msgspec.Struct, frozen=True):
    """Stands, among the arguments of a call, for an object that a service makes inside."""

    name: str
    params: dict[str, Any] = {}


@dataclass(frozen=True)
class Caps:
    """The most that one frame may take."""

    header_bytes: int = MAX_HEADER_BYTES
    body_bytes: int = 64 << 20
    nodes: int = MAX_NODES
    depth: int = MAX_DEPTH


# What the host sends is capped against accidents only. Deeper than what it receives: a suite
# may hand a returned value on, as one argument of many.
HOST_CAPS = Caps(header_bytes=256 << 20, body_bytes=1 << 32, nodes=10_000_000, depth=MAX_DEPTH + 16)


ATOMS = frozenset({type(None), bool, float, str, bytes})
ATOMS_READ = ATOMS | {int}  # of which msgpack reads none that is too long
_MIN_INT, _MAX_INT = -(1 << 63), (1 << 64) - 1  # what msgpack writes as a number


def is_costly(key: Any) -> bool:
    """Whether the hash of such a key can be chosen to be that of another."""
    if type(key) is int:
        return not -_CHEAP_INT_KEY < key < _CHEAP_INT_KEY
    return type(key) not in ATOMS or type(key) is float


class Encoder:
    """Builds one frame; `body` collects the bytes of arrays."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._nodes_left = caps.nodes
        self._costly_keys = 0
        self.within_key = False
        self.body: list[bytes | memoryview] = []
        self.body_bytes = 0

    def attach(self, raw: bytes | memoryview, size: int) -> None:
        """Append the `size` bytes of an array to the body."""
        self.body_bytes += size
        if self.body_bytes > self._caps.body_bytes:
            limit = self._caps.body_bytes >> 20
            raise NotPlainError(f"more than {limit} MiB of arrays")
        if size:
            self.body.append(raw)

    def item(self, value: Any, depth: int = 0) -> Any:
        """`value` as msgpack's own types."""
        kind = type(value)
        if kind in ATOMS or (kind is int and _MIN_INT <= value <= _MAX_INT):
            return value
        self._count(1)
        if depth > self._caps.depth:
            raise NotPlainError(f"a value nested more than {self._caps.depth} deep")
        encode = _ENCODERS.get(kind) or _encoder_of_a_base(kind)
        return encode(self, value, depth + 1)

    def items(self, values: Iterable[Any], depth: int) -> list[Any]:
        encoded = [
            each
            if (kind := type(each)) in ATOMS or (kind is int and _MIN_INT <= each <= _MAX_INT)
            else self.item(each, depth)
            for each in values
        ]
        self._count(len(encoded))
        return encoded

    def keys(self, values: Iterable[Any], depth: int) -> list[Any]:
        """The same for keys and members; numbers in them cross as Python's own equal ones."""
        before, self.within_key = self.within_key, True
        encoded = self.items(values, depth)
        self.within_key = before
        self._costly_keys += len([1 for key in encoded if type(key) is not str and is_costly(key)])
        if self._costly_keys > MAX_COSTLY_KEYS:
            raise NotPlainError(
                f"more than {MAX_COSTLY_KEYS} keys that are neither text nor small whole numbers"
            )
        return encoded

    def _count(self, nodes: int) -> None:
        self._nodes_left -= nodes
        if self._nodes_left < 0:
            raise NotPlainError(f"more than {self._caps.nodes} objects")


def _encoder_of_a_base(kind: type) -> Callable[[Encoder, Any, int], Any]:
    """The encoder of the nearest base: a namedtuple crosses as a tuple, an IntEnum as an int."""
    for base in kind.__mro__:
        root = str(base.__module__).partition(".")[0]
        if base not in _ENCODERS and root in LIBRARIES and root in sys.modules:
            extend(LIBRARIES[root])
        if base in _ENCODERS:
            return _ENCODERS[base]
    name = kind.__qualname__
    raise NotPlainError(f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}")


def extend(module: str) -> None:
    """Let what this module of ours knows cross; it imports its library."""
    held.need(module).register()


def _encode_int(_encoder: Encoder, value: int, _depth: int) -> Any:
    exact = int.__index__(value)
    if _MIN_INT <= exact <= _MAX_INT:
        return exact
    if exact.bit_length() > MAX_INT_BITS:
        raise NotPlainError(f"an int of {exact.bit_length()} bits")
    return [INT, exact.to_bytes(exact.bit_length() // 8 + 1, "little", signed=True)]


def _encode_dict(encoder: Encoder, value: dict[Any, Any], depth: int) -> list[Any]:
    encoded = [DICT] * (1 + 2 * len(pairs := list(dict.items(value))))
    encoded[1::2] = encoder.keys([key for key, _ in pairs], depth)
    encoded[2::2] = encoder.items([each for _, each in pairs], depth)
    return encoded


def _encode_fraction(encoder: Encoder, value: Fraction, depth: int) -> list[Any]:
    """`Fraction` keeps whatever integers it was made of, numpy's among them."""
    try:
        parts = [operator.index(read(value)) for read in _PARTS]
    except TypeError:
        raise NotPlainError("a Fraction of other parts than integers") from None
    if parts[1] < 1:  # integers of a fixed size have overflowed
        raise NotPlainError(f"a Fraction whose denominator is {parts[1]}")
    return [FRACTION, *encoder.items(parts, depth)]


def _encode_complex(_encoder: Encoder, value: complex, _depth: int) -> list[Any]:
    exact = complex.__complex__(value)
    return [COMPLEX, exact.real, exact.imag]


def _encode_service(encoder: Encoder, value: ServiceRef, depth: int) -> list[Any]:
    return [SERVICE, *encoder.items((value.name, value.params), depth)]


_PARTS: list[Any] = [vars(Fraction)[name].fget for name in ("numerator", "denominator")]


# Subclasses come here too, so each reads through the base class, past what they override.
_ENCODERS: dict[type, Callable[[Encoder, Any, int], Any]] = {
    bool: lambda _e, value, _d: value,
    int: _encode_int,
    float: lambda _e, value, _d: float.__float__(value),
    str: lambda _e, value, _d: str.__str__(value),
    bytes: lambda _e, value, _d: bytes(memoryview(value)),
    complex: _encode_complex,
    list: lambda e, value, d: [LIST, *e.items(list.__iter__(value), d)],
    tuple: lambda e, value, d: [TUPLE, *e.items(tuple.__iter__(value), d)],
    set: lambda e, value, d: [SET, *e.keys(list(set.__iter__(value)), d)],
    frozenset: lambda e, value, d: [FROZENSET, *e.keys(frozenset.__iter__(value), d)],
    dict: _encode_dict,
    Fraction: _encode_fraction,
    ServiceRef: _encode_service,
}


def encode(value: Any, caps: Caps | None = None) -> list[memoryview]:
    """The parts of a frame, to be sent one after the other.

    Raises:
        NotPlainError: for a value that is not plain data, or too large; the text says which.
    """
    caps = caps or Caps()
    encoder = Encoder(caps)
    tree = encoder.item(value)
    try:
        header = msgspec.msgpack.encode(tree)
    except UnicodeEncodeError:
        raise NotPlainError("a str with half a surrogate pair") from None
    if len(header) > caps.header_bytes:
        raise NotPlainError(f"a value of {len(header)} bytes besides its arrays")
    size = encoder.body_bytes
    parts = [PREFIX.pack(MAGIC, len(header), size), header, *encoder.body]
    if size <= _SMALL_BODY:
        parts = [b"".join(parts)]
    return [memoryview(part) for part in parts]


def register(kind: type, encoder: Callable[[Encoder, Any, int], Any]) -> None:
    """Let values of `kind` and of its subclasses cross."""
    _ENCODERS[kind] = encoder
