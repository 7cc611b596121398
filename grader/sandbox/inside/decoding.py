"""The half of the codec that reads: see `wire`.

It takes every byte for hostile. Sizes are checked before anything is allocated; counts,
nesting, the length of integers and the number of keys whose hashes can be made to collide are
capped. What it builds is of exact built-in types, or a plain array: a subclass on the other side
can't reach this one.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec

from .wire import (
    ARRAY,
    ATOMS_READ,
    COMPLEX,
    DICT,
    FRACTION,
    FROZENSET,
    INT,
    LIST,
    MAGIC,
    MAX_COLLIDING_KEYS,
    MAX_COSTLY_KEYS,
    MAX_INT_BITS,
    PREFIX,
    SCALAR,
    SERVICE,
    SET,
    TENSOR,
    TUPLE,
    Caps,
    ServiceRef,
    WireError,
    extend,
    is_costly,
)

# The modules here that know a tag, which run when it is first met.
_TAGS = {ARRAY: "arrays", SCALAR: "arrays", TENSOR: "tensors"}


def sizes(prefix: bytearray | memoryview, caps: Caps) -> tuple[int, int]:
    """Bytes of the header and of the body that a frame's prefix announces."""
    magic, header_bytes, body_bytes = PREFIX.unpack_from(prefix)
    if magic != MAGIC or header_bytes > caps.header_bytes or body_bytes > caps.body_bytes:
        raise WireError("not the beginning of a frame, or of one that is too large")
    return header_bytes, body_bytes


class Decoder:
    """Rebuilds one value.

    Where `ahead` has the frame's body, arrays are copied from there; else `body` lists the memory
    that the body is to fill.
    """

    def __init__(
        self,
        caps: Caps,
        body_bytes: int,
        resolve: Callable[[ServiceRef], Any] | None = None,
        ahead: memoryview | None = None,
    ) -> None:
        self._nodes_left = caps.nodes
        self._depth = caps.depth + 4
        self._keys_left = MAX_COSTLY_KEYS
        self._collisions_left = MAX_COLLIDING_KEYS
        self._body_left = body_bytes
        self._resolve = resolve
        self._ahead = ahead
        self.body: list[memoryview] = []
        self.when_filled: list[Callable[[], object]] = []

    def take(self, size: int) -> memoryview | None:
        """The next `size` bytes of the body, None if they have yet to come; refuses too many."""
        self._body_left -= size
        if self._body_left < 0:
            raise WireError("the arrays are larger than the frame's body")
        if self._ahead is None:
            return None
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def read(self, header: bytes | bytearray | memoryview) -> Any:
        """The header's value; whole once `body` is filled and `settle` was called."""
        value = self.item(msgspec.msgpack.decode(header))
        if self._body_left:
            raise WireError("the frame's body is larger than its arrays")
        return value

    def settle(self) -> None:
        """Finish what had to wait for the body."""
        for settle in self.when_filled:
            settle()

    def item(self, item: Any, depth: int = 0) -> Any:
        kind = type(item)
        if kind in ATOMS_READ:
            return item
        if kind is not list or not item or type(item[0]) is not int:
            raise WireError("a header that is not made of tagged lists")
        if depth > self._depth:
            raise WireError("nested too deep")
        tag, decode = item[0], _DECODERS.get(item[0])
        if decode is None and tag in _TAGS:
            extend(_TAGS[tag])
            decode = _DECODERS.get(tag)
        if decode is None:
            raise WireError(f"unknown tag {tag}")
        self._nodes_left -= len(item)
        if self._nodes_left < 0:
            raise WireError("too many objects")
        return decode(self, item[1:], depth + 1)

    def items(self, items: list[Any], depth: int) -> list[Any]:
        return [each if type(each) in ATOMS_READ else self.item(each, depth) for each in items]

    def keys(self, items: list[Any], depth: int) -> list[Any]:
        keys = self.items(items, depth)
        costly = [key for key in keys if type(key) is not str and is_costly(key)]
        self._keys_left -= len(costly)
        if self._keys_left < 0:
            raise WireError("too many keys that are neither text nor small whole numbers")
        if costly:
            self._collisions_left -= len(costly) - len(set(map(hash, costly)))
        if self._collisions_left < 0:
            raise WireError("too many keys of the same hash")
        return keys

    @property
    def inside(self) -> bool:
        """Whether this reads the host's frames, inside a sandbox."""
        return self._resolve is not None

    def service(self, name: Any, params: Any) -> Any:
        """What a reference stands for: only where the host's frames are read."""
        if self._resolve is None or type(name) is not str or type(params) is not dict:
            raise WireError("a service reference where none may be")
        return self._resolve(ServiceRef(name, params))


def _decode_dict(decoder: Decoder, items: list[Any], depth: int) -> dict[Any, Any]:
    if len(items) % 2:
        raise WireError("a key without a value")
    return dict(
        zip(decoder.keys(items[::2], depth), decoder.items(items[1::2], depth), strict=True)
    )


def _decode_complex(_decoder: Decoder, items: list[Any], _depth: int) -> complex:
    real, imag = items
    if type(real) is not float or type(imag) is not float:
        raise WireError("a complex number of other parts than floats")
    return complex(real, imag)


def _decode_int(_decoder: Decoder, items: list[Any], _depth: int) -> int:
    (raw,) = items
    if type(raw) is not bytes or len(raw) > MAX_INT_BITS // 8 + 1:
        raise WireError("an integer that is too long")
    value = int.from_bytes(raw, "little", signed=True)
    if value.bit_length() > MAX_INT_BITS:  # Python would refuse to print it
        raise WireError("an integer that is too long")
    return value


def _decode_fraction(decoder: Decoder, items: list[Any], depth: int) -> Fraction:
    numerator, denominator = decoder.items(items, depth)
    if type(numerator) is not int or type(denominator) is not int or denominator < 1:
        raise WireError("a fraction of other parts than integers")
    return Fraction(numerator, denominator)


_DECODERS: dict[int, Callable[[Decoder, list[Any], int], Any]] = {
    LIST: Decoder.items,
    TUPLE: lambda d, items, depth: tuple(d.items(items, depth)),
    DICT: _decode_dict,
    SET: lambda d, items, depth: set(d.keys(items, depth)),
    FROZENSET: lambda d, items, depth: frozenset(d.keys(items, depth)),
    COMPLEX: _decode_complex,
    INT: _decode_int,
    FRACTION: _decode_fraction,
    SERVICE: lambda d, items, depth: d.service(*d.items(items, depth)),
}


def register_tag(tag: int, decode: Callable[[Decoder, list[Any], int], Any]) -> None:
    """Let frames carry `tag`."""
    _DECODERS[tag] = decode
