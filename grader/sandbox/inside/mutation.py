"""Which array arguments a call changed in place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Snapshot:
    """Copies of all arrays in the arguments of a call, made before it."""

    def __init__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        labelled = [(str(i), value) for i, value in enumerate(args)] + list(kwargs.items())
        self._before = [
            (label, array, _state(array)) for label, value in labelled for array in _arrays(value)
        ]

    def mutated(self) -> list[str]:
        """The labels of arguments with a changed array: positions as text, or keywords."""
        changed = (label for label, array, state in self._before if _state(array) != state)
        return list(dict.fromkeys(changed))


def _state(array: Any) -> tuple[Any, ...]:
    return array.shape, array.dtype.str, array.tobytes()


def _arrays(value: Any) -> Iterator[Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _arrays(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)
