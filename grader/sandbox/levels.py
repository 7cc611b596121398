"""How far a machine can isolate submitted code."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.IntEnum):
    """Isolation, from nothing to all layers. Grading others' work asks for FULL."""

    NONE = 0  # a process of its own, with time and memory limits
    LANDLOCK = 1  # and Landlock and a filter of system calls
    SHARED = 2  # and namespaces, which all submissions of one sandbox share
    FULL = 3  # and namespaces of its own for each

    @property
    def word(self) -> str:
        """The name as it is written in options and results."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Level:
        """The level of that name; ValueError for any other word."""
        try:
            return cls[word.upper()]
        except KeyError:
            words = ", ".join(level.word for level in cls)
            raise ValueError(f"no isolation level {word!r}: there are {words}") from None


@dataclass(frozen=True)
class Layer:
    """One layer of isolation: whether it works here, and if not why, and what would mend it."""

    name: str
    works: bool
    reason: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Probe:
    """What was found by trying."""

    level: Level
    layers: tuple[Layer, ...]
