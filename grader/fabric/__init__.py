"""The process group of the labs, between sandboxed ranks.

Theory of operation
-------------------
An SPMD run is one function, called once in each of `world_size` sandboxed processes. Each
holds only its own arguments. Its `group` (`inside_group.Group`, which runs beside student code)
turns every collective into a request over that process's own wire and waits for the answer. In a
suite a `Handle` stands for it; `handles` says how to add another object for students.

All requests meet here, on the trusted side. `ProcessGroup` matches them: a collective is
carried out (`collectives`) once every rank has asked for the same one with arrays that fit;
a message is handed on when its receiver asks. Every request is logged as it arrives, as an
`Event`, so the log shows what a rank did and not what it says it did.

Ranks can only be working, waiting in a call, or at an end. As soon as no rank is working
and nothing that waits can be answered, or a rank waits for one that has ended, the run is
stopped with a diagnosis that names every rank and what it waits for. No time-out is involved:
a deadlock is found when its last rank blocks.
"""

from grader.fabric.handles import GROUP, TORCH_GROUP, Fields, Handle, TorchGroup, services_for
from grader.fabric.process_group import Event, Run, run_spmd

__all__ = [
    "GROUP",
    "TORCH_GROUP",
    "Event",
    "Fields",
    "Handle",
    "Run",
    "TorchGroup",
    "run_spmd",
    "services_for",
]
