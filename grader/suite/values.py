"""What suites put into a call: whole numbers, and what each rank gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import CourseError

Array = npt.NDArray[Any]


class _Group:
    def __repr__(self) -> str:
        return "group"


GROUP = _Group()
"""Stands for the process group of the rank that is called."""


@dataclass(frozen=True)
class TorchGroup:
    """Stands for the `torch.distributed` process group of the rank that is called.

    With `members` it is a part of a world of `world` ranks: rank r of the group is rank
    `members[r]` of the world, where nobody else runs.
    """

    members: tuple[int, ...] = ()
    world: int = 0

    def __repr__(self) -> str:
        return "group"

    def params(self, rank: int, world_size: int) -> dict[str, Any]:
        """What the service that makes the group is told."""
        if not self.members:
            return {"rank": rank, "world_size": world_size}
        ascending = self.members == tuple(sorted(set(self.members) & set(range(self.world))))
        if len(self.members) != world_size or not ascending:
            raise CourseError(
                f"TorchGroup: members {self.members} of a world of {self.world} for world_size "
                f"{world_size}: name as many ranks of that world, in ascending order"
            )
        part = {"members": self.members, "world": self.world}
        return {"rank": rank, "world_size": world_size, **part}


TORCH_GROUP = TorchGroup()
"""Stands for the `torch.distributed` process group that is the whole world."""


@dataclass(frozen=True)
class Fields:
    """Becomes a record whose fields are read as keys or as attributes."""

    fields: Mapping[str, Any]


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
    """What an argument of an SPMD call is on one rank. `GROUP` is left for the caller."""
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
