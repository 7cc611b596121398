"""Handles: each stands, in a suite, for one kind of object that submitted code is given.

A *service object* lives beside submitted code, in its process. To add a kind of one:

1. Write its module here, `inside_NAME.py`, which needs nothing of `grader`. It defines
   `make(upcall, **params)`, whose value is what the student's function gets. By
   `upcall(op, *args)` the object reaches the host, which answers with plain data or with a
   `requests.Refusal`: a ValueError, a TypeError or a RuntimeError in the student's code. What is
   no plain data never reaches the host, so check such arguments inside, and all again on the host.
2. Write its handle below: a frozen dataclass derived from `Handle`, with the service's name, its
   module, and `params`, the keyword arguments of `make` on one rank. That registers it:
   each sandbox has the module, and `ranks(n).f(x, THE_HANDLE)` hands each rank an object of its
   own. One rank is enough: `ranks(1)`; `student.f` hands out none.
3. Let `grader.suite` export the handle, for suites to import.
4. Only where the object asks for more than a process group does: `requests` reads the new
   operation, `ProcessGroup` answers it, and an `Event` tells of it.

`tests/fabric/test_handles.py` adds one, and calls a function with it in a sandbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from grader.errors import CourseError
from grader.sandbox import ServiceRef

_HANDLES: dict[str, type["Handle"]] = {}


class Handle:
    """Stands, among the arguments of a call, for a service object."""

    service: ClassVar[str]
    """The service's name, which no other has."""

    module: ClassVar[str]
    """The file that defines its `make`, in this folder, or with its whole path."""

    needs: ClassVar[str] = ""
    """The library without which there is no such service: a lab has it that preloads that."""

    def __init_subclass__(cls) -> None:
        _HANDLES[cls.service] = cls

    def params(self, rank: int, world_size: int) -> dict[str, Any]:
        """The arguments of `make` in the process of this rank."""
        return {"rank": rank, "world_size": world_size}

    def reference(self, rank: int, world_size: int) -> ServiceRef:
        """What is sent in its place to the process of this rank."""
        return ServiceRef(self.service, self.params(rank, world_size))

    def shown(self) -> str:
        """What a message shows of it besides the name of its parameter."""
        return ""


def services_for(preload: Sequence[str]) -> dict[str, Path]:
    """The modules of all service objects that a sandbox with these libraries can have, by name."""
    folder = Path(__file__).parent
    return {
        name: folder / handle.module
        for name, handle in _HANDLES.items()
        if not handle.needs or handle.needs in preload
    }


@dataclass(frozen=True)
class GroupHandle(Handle):
    """Stands for the process group of the rank that is called."""

    service = "group"
    module = "inside_group.py"


GROUP = GroupHandle()
"""Stands for the process group of the rank that is called."""


@dataclass(frozen=True)
class TorchGroup(Handle):
    """Stands for the `torch.distributed` process group of the rank that is called.

    With `members` it is a part of a world of `world` ranks: rank r of the group is rank
    `members[r]` of the world, where nobody else runs.
    """

    service = "torch_group"
    module = "inside_torch.py"
    needs = "torch"
    members: tuple[int, ...] = ()
    world: int = 0

    def params(self, rank: int, world_size: int) -> dict[str, Any]:
        """The arguments of `make`; CourseError where the members are no ranks of that world."""
        whole = super().params(rank, world_size)
        if not self.members:
            return whole
        ascending = self.members == tuple(sorted(set(self.members) & set(range(self.world))))
        if len(self.members) != world_size or not ascending:
            raise CourseError(
                f"TorchGroup: members {self.members} of a world of {self.world} for world_size "
                f"{world_size}: name as many ranks of that world, in ascending order"
            )
        return {**whole, "members": self.members, "world": self.world}


TORCH_GROUP = TorchGroup()
"""Stands for the `torch.distributed` process group that is the whole world."""


@dataclass(frozen=True)
class Fields(Handle):
    """Becomes a record whose fields are read as keys or as attributes."""

    service = "record"
    module = "inside_record.py"
    fields: Mapping[str, Any]

    def params(self, rank: int, world_size: int) -> dict[str, Any]:  # noqa: ARG002  alike for all
        """The fields."""
        return dict(self.fields)

    def shown(self) -> str:
        """The fields and their values."""
        return ", ".join(f"{name} {each}" for name, each in self.fields.items())
