"""What each collective computes: pure functions from what ranks hand in to what they get.

Each takes the arrays in rank order and returns one result per rank. Arrays that don't fit
together raise `Unfit`, whose text names the ranks. Sums run in rank order in the arrays' own
dtype, once, so that every rank gets the same bits.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Parts = list[Array]


class Unfit(Exception):  # noqa: N818 - it is a finding about ranks, not an error of ours
    """What the ranks handed in can't be combined."""


def all_reduce(arrays: Sequence[Array]) -> list[Array]:
    """The sum, for every rank."""
    total = _sum("all_reduce", arrays)
    return [total] * len(arrays)


def all_gather(arrays: Sequence[Array], axis: int) -> list[Array]:
    """All arrays joined along axis, for every rank; lengths along axis may differ."""
    _same("dtype", [array.dtype.name for array in arrays])
    _same("number of dimensions", [array.ndim for array in arrays])
    place = _place("all_gather", arrays[0], axis)
    _same(
        "shape (but for the gathered axis)",
        [array.shape[:place] + array.shape[place + 1 :] for array in arrays],
    )
    try:
        whole = np.concatenate(arrays, axis=place)
    except (ValueError, MemoryError):  # even an empty array can have a shape that is too large
        raise Unfit("all arrays joined are too large for one array") from None
    return [whole] * len(arrays)


def reduce_scatter(arrays: Sequence[Array], axis: int) -> list[Array]:
    """The sum, cut into equal parts along axis: part r for rank r."""
    total = _sum("reduce_scatter", arrays)
    place = _place("reduce_scatter", total, axis)
    length, ranks = total.shape[place], len(arrays)
    if length % ranks:
        raise Unfit(f"reduce_scatter along axis {axis}: {length} does not divide by {ranks} ranks")
    return np.split(total, ranks, axis=place)


def all_to_all(lists: Sequence[Parts]) -> list[Parts]:
    """Rank r's part i becomes rank i's part r."""
    for rank, parts in enumerate(lists):
        if len(parts) != len(lists):
            raise Unfit(
                f"all_to_all takes one part per rank: rank {rank} gave {len(parts)} "
                f"for {len(lists)} ranks"
            )
    return [list(column) for column in zip(*lists, strict=True)]


def barrier(waiting: Sequence[None]) -> list[None]:
    """None for every rank, once all have come."""
    return [None] * len(waiting)


OPERATIONS: dict[str, Callable[..., list[Any]]] = {
    "all_reduce": all_reduce,
    "all_gather": all_gather,
    "reduce_scatter": reduce_scatter,
    "all_to_all": all_to_all,
    "barrier": barrier,
}


def _sum(op: str, arrays: Sequence[Array]) -> Array:
    _same("shape", [array.shape for array in arrays])
    _same("dtype", [array.dtype.name for array in arrays])
    dtype = arrays[0].dtype
    if dtype.kind not in "iufc":
        raise Unfit(f"{op} sums numbers, got dtype {dtype.name}")
    total = arrays[0].copy()
    with np.errstate(all="ignore"):  # an overflow is the student's to see, not ours to raise
        for array in arrays[1:]:
            np.add(total, array, out=total)
    return total


def _same(what: str, values: Sequence[Any]) -> None:
    if any(value != values[0] for value in values):
        each = "\n".join(f"rank {rank}: {value}" for rank, value in enumerate(values))
        raise Unfit(f"ranks disagree on {what}\n{each}")


def _place(op: str, array: Array, axis: int) -> int:
    if not -array.ndim <= axis < array.ndim:
        raise Unfit(f"{op}: axis {axis} is out of range for shape {array.shape}")
    return axis % array.ndim
