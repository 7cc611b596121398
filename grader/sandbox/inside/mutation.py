"""Which arguments a call changed in place: their arrays and tensors, lists, dicts and sets.

What counts is what the caller can see: an entry, the order of a list or of a dict's keys, the type
of a number. A value that was put back, or replaced by an equal one, has not changed.
"""

import operator
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

_ATOMS = frozenset({type(None), bool, int, float, str, bytes, complex, Fraction})
_CONTAINERS = (list, tuple, dict)
_MAX_DEPTH = 100  # beyond what any argument has: a call may nest a list in itself


class Snapshot:
    """What the arguments of a call hold that can be changed, as it was before the call."""

    def __init__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._changeable = (list, dict, set, *_classes("ndarray", "Tensor"))
        self._before: list[tuple[int | str, Any, Any]] = []
        for index, value in enumerate(args):
            self._collect(index, value)
        for name, value in kwargs.items():
            self._collect(name, value)

    def _collect(self, label: int | str, value: Any) -> None:
        """Keep the state of the value and of all in it, as far as a call could change them."""
        if type(value) in _ATOMS:
            return
        if isinstance(value, self._changeable):
            self._before.append((label, value, _state(value)))
        if isinstance(value, _CONTAINERS):
            for item in value.values() if isinstance(value, dict) else value:
                self._collect(label, item)

    def mutated(self) -> list[str]:
        """The labels of arguments that have changed: positions as text, or keywords."""
        changed = [label for label, each, state in self._before if not _is_as_it_was(each, state)]
        return [str(label) for label in dict.fromkeys(changed)]


def _classes(numpys: str, torchs: str) -> list[type]:
    """That class of numpy's and that one of torch's, where they are loaded.

    A submission may have put something else in their place.
    """
    named = (("numpy", numpys), ("torch", torchs))
    found = [getattr(sys.modules.get(library), name, None) for library, name in named]
    return [each for each in found if isinstance(each, type)]


def _state(value: Any) -> Any:
    """What `_is_as_it_was` compares: for a list, dict or set its members, not copies of them.

    A member that can be changed has a state of its own.
    """
    if isinstance(value, dict):  # one of ours may have attributes, too
        return list(value), list(value.values()), dict(getattr(value, "__dict__", {}))
    if isinstance(value, (list, set)):
        return value.copy()
    if hasattr(value, "tobytes"):
        return value.shape, value.dtype.str, value.tobytes()
    return tuple(value.shape), str(value.dtype), value.requires_grad, _bytes_of(value)


def _bytes_of(tensor: Any) -> bytes:
    uint8 = sys.modules["torch"].uint8
    raw: bytes = tensor.detach().contiguous().reshape(-1).view(uint8).numpy().tobytes()
    return raw


def _is_as_it_was(value: Any, state: Any) -> bool:
    now = _state(value)
    if isinstance(value, dict):
        return all(map(_hold_the_same, now[:2], state[:2])) and _are_alike(now[2], state[2])
    if isinstance(value, list):
        return _hold_the_same(now, state)
    return _are_alike(now, state) if isinstance(value, set) else bool(now == state)


def _hold_the_same(now: list[Any], then: list[Any], depth: int = 0) -> bool:
    if len(now) != len(then):
        return False
    if all(map(operator.is_, now, then)):
        return True
    return all(_are_alike(one, other, depth + 1) for one, other in zip(now, then, strict=True))


def _are_alike(now: Any, then: Any, depth: int = 0) -> bool:
    """Whether two values are of one type and equal, all the way down."""
    if now is then:
        return True
    if type(now) is not type(then) or depth > _MAX_DEPTH:
        return False
    compare = _COMPARED.get(type(now), _numbers_are_alike)
    return compare(now, then, depth)


def _atoms_are_alike(now: Any, then: Any, _depth: int) -> bool:
    return bool(now == then) or (now != now and then != then)  # noqa: PLR0124  NaN


def _members_are_alike(now: Any, then: Any, _depth: int) -> bool:
    return {(type(each), each) for each in now} == {(type(each), each) for each in then}


def _numbers_are_alike(now: Any, then: Any, _depth: int) -> bool:
    known = (*_classes("ndarray", "Tensor"), *_classes("generic", "Tensor"))
    return isinstance(now, known) and bool(_state(now) == _state(then))


_COMPARED: dict[type, Callable[[Any, Any, int], bool]] = {
    **dict.fromkeys(_ATOMS, _atoms_are_alike),
    list: _hold_the_same,
    tuple: lambda now, then, depth: _hold_the_same(list(now), list(then), depth),
    dict: lambda now, then, depth: _hold_the_same(
        [*now, *now.values()], [*then, *then.values()], depth
    ),
    set: _members_are_alike,
    frozenset: _members_are_alike,
}
