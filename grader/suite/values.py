"""What suites put into a call: whole numbers, and what each rank gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import CourseError
from grader.fabric import Handle

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Shards:
    """Rank r gets the r-th of `world_size` equal, contiguous parts of `whole` along `axis`."""

    whole: Array
    axis: int

    def part(self, rank: int, world_size: int) -> Array:
        """A copy of that rank's part, which shares no memory with the whole."""
        length = self.whole.shape[self.axis]
        if length % world_size:
            raise CourseError(f"Shards: {length} does not divide by world_size {world_size}")
        width = length // world_size
        index = [slice(None)] * self.whole.ndim
        index[self.axis] = slice(rank * width, (rank + 1) * width)
        return np.ascontiguousarray(self.whole[tuple(index)])


@dataclass(frozen=True, eq=False)
class PerRank:
    """Rank r gets `values[r]`."""

    values: Sequence[Any]

    def part(self, rank: int, world_size: int) -> Any:
        """That rank's value."""
        if len(self.values) != world_size:
            raise CourseError(f"PerRank: {len(self.values)} values for world_size {world_size}")
        return self.values[rank]


def for_rank(value: Any, rank: int, world_size: int) -> Any:
    """The argument of an SPMD call as one rank gets it."""
    if isinstance(value, Handle):
        return value.reference(rank, world_size)
    return value.part(rank, world_size) if isinstance(value, (Shards, PerRank)) else value


def whole(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    low: int = -4,
    high: int = 4,
    dtype: npt.DTypeLike = np.float32,
) -> Array:
    """Whole numbers in [low, high]; never all equal where there are two entries or more."""
    array = rng.integers(low, high, shape, endpoint=True)
    if array.size > 1 and (array == array.flat[0]).all():
        array.flat[0] = low if array.flat[0] != low else high
    return array.astype(dtype)
