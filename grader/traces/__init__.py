"""Traces: what a run on a student's own machine leaves behind, and how far it is believed.

Theory of operation
-------------------
A run on a GPU can't be watched from here, so it is made hard to invent. The student's `nonce`
comes from the course key (`challenge`): weights and tokens follow from it, and nobody knows
them before the nonce is handed out. `capture` runs the student's file on two ranks over them
and writes a trace: hashes of the shards, every collective with what was handed in and what
came out, memory as the allocator counts it, the logits. `verify` computes all of that again,
in numpy on a CPU, and reports what does not agree.

What a computation gives is compared within bounds that follow from the operations themselves
(`reference`); a sum of two ranks bit for bit; bytes exactly; the allocator by its own rounding.

All of it can be computed without a GPU by someone who knows how. So the verdict is "trace
consistent", never "GPU run proven": a trace shows that its author can account for every byte.

A trace is a JSON header and raw bytes in one file (`format`), never pickle, at most 16 MiB.
It is read as hostile: a broken schema is refused with the name of the field.
"""

from grader.traces.challenge import Challenge, nonce_of
from grader.traces.format import MAX_TRACE_BYTES, Trace, TraceError, read_trace
from grader.traces.verify import CHECKS, Flaw, verify

__all__ = [
    "CHECKS",
    "MAX_TRACE_BYTES",
    "Challenge",
    "Flaw",
    "Trace",
    "TraceError",
    "nonce_of",
    "read_trace",
    "verify",
]
