"""A rank's view of its process group: the only part of the fabric that a sandbox holds.

It carries nothing out and decides nothing. Each call sends what the rank handed in and
returns what the grader's side answers. Needs only numpy: the `grader` package is not there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


class Group:
    """The process group handed to a lab's functions: this rank, and how to reach the others."""

    def __init__(self, upcall: Callable[..., Any], rank: int, world_size: int) -> None:
        self._upcall = upcall
        self._rank = rank
        self._world_size = world_size

    @property
    def rank(self) -> int:
        """This process's number, from 0 to world_size - 1."""
        return self._rank

    @property
    def world_size(self) -> int:
        """The number of ranks."""
        return self._world_size

    def all_reduce(self, x: np.ndarray) -> np.ndarray:
        """The sum of x over all ranks: a new array, the same bits on every rank, in x's dtype."""
        return self._upcall("all_reduce", _array("all_reduce", x))

    def all_gather(self, x: np.ndarray, axis: int = -1) -> np.ndarray:
        """The arrays of all ranks, joined in rank order along axis."""
        return self._upcall("all_gather", _array("all_gather", x), _axis("all_gather", axis))

    def reduce_scatter(self, x: np.ndarray, axis: int = 0) -> np.ndarray:
        """This rank's equal part, along axis, of the sum over ranks."""
        op = "reduce_scatter"
        return self._upcall(op, _array(op, x), _axis(op, axis))

    def all_to_all(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """Sends part i to rank i; returns what each rank sent here, in rank order."""
        if not isinstance(parts, (list, tuple)):
            raise TypeError(f"all_to_all takes a list of arrays, got {type(parts).__name__}")
        return self._upcall("all_to_all", [_array("all_to_all", part) for part in parts])

    def send(self, x: np.ndarray, dst: int) -> None:
        """Hands a copy of x to rank dst and returns at once."""
        self._upcall("send", _array("send", x), _rank("send", "dst", dst))

    def recv(self, src: int) -> np.ndarray:
        """The next array that rank src sends here; waits for it."""
        return self._upcall("recv", _rank("recv", "src", src))

    def send_recv(self, x: np.ndarray, dst: int, src: int) -> np.ndarray:
        """Sends x to dst and returns what src sends here, both at once."""
        op = "send_recv"
        return self._upcall(op, _array(op, x), _rank(op, "dst", dst), _rank(op, "src", src))

    def barrier(self) -> None:
        """Returns when every rank has called it."""
        self._upcall("barrier")

    def __repr__(self) -> str:
        return f"<group: rank {self._rank} of {self._world_size}>"


def make(upcall: Callable[..., Any], *, rank: int, world_size: int) -> Group:
    """The group of one rank; `upcall(op, *args)` reaches the grader's side."""
    return Group(upcall, rank, world_size)


def _array(op: str, x: Any) -> np.ndarray:
    if not isinstance(x, (np.ndarray, np.generic)):
        raise TypeError(f"{op} takes a numpy array, got {type(x).__name__}")
    return np.asarray(x)


def _axis(op: str, axis: Any) -> int:
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{op}: axis must be an int, got {axis!r}")
    return int(axis)


def _rank(op: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{op}: {name} must be a rank, got {value!r}")
    return int(value)
