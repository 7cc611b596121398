"""Evidence beside code: the trace of a run on a student's machine, which its lab verifies.

Theory of operation
-------------------
Some labs ask for more than code: a run on the student's own hardware, and a file that tells of it,
the *trace*. Such a run can't be watched from here, so it is made hard to invent. The student's
`nonce` comes from the course key (`challenge`), and the inputs of the run follow from the nonce:
nobody knows them before it is handed out.

What a trace holds, how it is captured and what of it is believed is the lab's own affair. A lab
whose `assignment.toml` says `trace = true` has a package `evidence/` in its folder, which `loading`
imports as the lab's `Kind` of evidence (`kind` says what it must define):

    assignments/<lab>/evidence/          students get it: captures a trace, and reads one
    tests/hidden/<lab>/synthetic.py      staff only: a trace that nothing ran for, for `validate`

Both are the course's, never a student's: of a submission nothing but the bytes of its trace comes
here, and they are read as hostile. For kinds that hold tensors, `format` is a container with a JSON
header and raw bytes, which refuses a broken file by the name of the field.
"""

from grader.evidence.challenge import PRACTICE, Challenge, nonce_of
from grader.evidence.format import MAX_TRACE_BYTES
from grader.evidence.kind import Capture, Claim, Flaw, Kind, TraceError, live_trace
from grader.evidence.loading import command_of, importable, kind_of, synthetic_trace

__all__ = [
    "MAX_TRACE_BYTES",
    "PRACTICE",
    "Capture",
    "Challenge",
    "Claim",
    "Flaw",
    "Kind",
    "TraceError",
    "command_of",
    "importable",
    "kind_of",
    "live_trace",
    "nonce_of",
    "synthetic_trace",
]
