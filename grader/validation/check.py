"""What a validation tells: its checks, and how far it has come."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Check:
    """One thing that must hold for a lab; `detail` says by how much, or what is wrong."""

    lab: str
    name: str
    passed: bool
    detail: str
    problems: tuple[str, ...] = ()


class Progress(Protocol):
    """Told how many submissions of a lab there are, and then of each that is graded."""

    def start(self, total: int) -> None: ...

    def step(self) -> None: ...


class NoProgress:
    """Progress that nobody looks at."""

    def start(self, total: int) -> None: ...

    def step(self) -> None: ...
