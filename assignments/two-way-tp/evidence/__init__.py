"""The evidence of this lab: a trace of a forward pass on two ranks, and how far it is believed.

Theory of operation
-------------------
Weights and tokens of the run follow from the student's challenge (`task`). `capture` runs the
student's file on two ranks over them and writes a trace (`header`): hashes of the shards, every
collective with what was handed in and what came out, memory as the allocator counts it, the
logits. `verify` computes all of that again, in numpy on a CPU, and reports what does not agree.

What a computation gives is compared within bounds that follow from the operations themselves
(`reference`); a sum of two ranks bit for bit; bytes exactly; the allocator by its own rounding.

All of it can be computed without a GPU by someone who knows how. So the verdict is "trace
consistent", never "GPU run proven": a trace shows that its author can account for every byte.

The names in `__all__` are what the grader asks of every kind of evidence (`grader.evidence.Kind`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.evidence import Challenge, Flaw
from grader.evidence.format import read_trace

from .capture import CPU, Way, best_way, capture
from .header import Header, RunTrace
from .picture import bars, unsplit
from .verify import CHECKS, verify

__all__ = ["CHECKS", "capture", "read", "way"]


def way(*, cpu: bool = False) -> Way:
    """The best way to run two ranks on this machine, or that on its CPU."""
    return CPU if cpu else best_way()


def read(raw: bytes, challenge: Challenge, *, synthetic: bool = False) -> "RunClaim":
    """The trace, once its form is right; TraceError with the name of a field where it is not."""
    return RunClaim(read_trace(raw, Header), challenge, synthetic)


@dataclass(frozen=True)
class RunClaim:
    """What a trace claims of its run, beside the challenge that it has to answer."""

    trace: RunTrace
    challenge: Challenge
    synthetic: bool

    def flaws(self) -> Sequence[Flaw]:
        """All that does not agree."""
        return verify(self.trace, self.challenge, synthetic=self.synthetic)

    def verdict(self) -> str:
        """How it ran, what that can't show, and what does not split."""
        run = self.trace.header.run
        but = "; a CPU has no memory of a GPU to show" if run.device == "cpu" else ""
        return f"trace consistent ({run.device}, {run.backend}{but}). {unsplit(self.trace)}"

    def picture(self) -> list[str]:
        """What each rank holds."""
        return bars(self.trace)
