"""Which array and tensor arguments a call changed in place."""

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
    if hasattr(array, "tobytes"):
        return array.shape, array.dtype.str, array.tobytes()
    return tuple(array.shape), str(array.dtype), array.requires_grad, _bytes_of(array)


def _bytes_of(tensor: Any) -> bytes:
    uint8 = sys.modules["torch"].uint8
    raw: bytes = tensor.detach().contiguous().reshape(-1).view(uint8).numpy().tobytes()
    return raw


def _arrays(value: Any) -> Iterator[Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        yield value
        return
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _arrays(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)
