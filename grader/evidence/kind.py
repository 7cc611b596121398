"""What a lab defines in its package `evidence/`, and the types that it shares with the engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from grader.evidence.challenge import Challenge

LIVE_SECONDS = 60.0


class TraceError(Exception):
    """A trace that can't be read; the text begins with the name of the field."""


@dataclass(frozen=True)
class Flaw:
    """One thing in a trace that is wrong. `check` is one of the kind's, or "" where it costs all.

    `expected` and `nudge` are the flaw's own words where the usual ones don't fit. An `open` flaw
    is no mistake: the machine that captured the trace could not show the thing.
    """

    check: str
    text: str
    expected: str = ""
    nudge: str = ""
    open: bool = False


@dataclass(frozen=True)
class Capture:
    """The trace, or why none could be made, in words for the student."""

    raw: bytes = b""
    problem: str = ""


class Way(Protocol):
    """How a capture can run on this machine."""

    @property
    def meaning(self) -> str:
        """What it runs on, and what a trace of it shows: "two GPUs: times are real."."""

    @property
    def on_gpu(self) -> bool: ...


class Claim(Protocol):
    """A trace whose form is right; what it claims is still to be compared with its challenge."""

    def flaws(self) -> Sequence[Flaw]:
        """All that is wrong with it; asked for once."""

    def verdict(self) -> str:
        """One line for the result, where nothing is wrong with the trace."""

    def picture(self) -> list[str]:
        """A picture of what was captured, in lines of at most 74 characters."""


class Kind(Protocol):
    """A kind of evidence: the package `evidence/` of a lab has these names."""

    CHECKS: tuple[str, ...]
    """The names of its checks; each is lost by its own flaws only."""

    def way(self, *, cpu: bool = False) -> Way:
        """The best way to capture on this machine, or that without its accelerators."""

    def capture(
        self,
        file: Path,
        challenge: Challenge,
        way: Any,
        on_stage: Callable[[str], None] = ...,
        *,
        seconds: float = ...,
    ) -> Capture:
        """Runs the student's file and notes what it did. Every process has ended on return.

        It runs as whoever calls this, without isolation.
        """

    def read(self, raw: bytes, challenge: Challenge, *, synthetic: bool = False) -> Claim:
        """The trace, once its form is right; TraceError where it is not.

        With `synthetic`, one that nothing ran for counts, as tests of the grader need it.
        """


NAMES = ("CHECKS", "way", "capture", "read")


def live_trace(kind: Kind, source: bytes, challenge: Challenge) -> bytes | None:
    """The trace of a submission that is run here and now; None where it does not get to its end.

    It runs as whoever calls this, without isolation: nothing else that matters may be on such a
    machine. What it says is as good as a trace that a student captured.
    """
    with TemporaryDirectory(prefix="shardlab-live-") as folder:
        file = Path(folder, "submission.py")
        file.write_bytes(source)
        return kind.capture(file, challenge, kind.way(), seconds=LIVE_SECONDS).raw or None
