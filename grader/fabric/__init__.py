"""The process group of the labs, between sandboxed ranks.

Theory of operation
-------------------
An SPMD run is one function, called once in each of `world_size` sandboxed processes. Each
holds only its own arguments. Its `group` (`inside.Group`, the one file of ours that runs
beside student code) turns every collective into a request over that process's own wire and
waits for the answer.

All requests meet here, on the trusted side. `ProcessGroup` matches them: a collective is
carried out (`collectives`) once every rank has asked for the same one with arrays that fit;
a message is handed on when its receiver asks. Every request is logged as it arrives, so the
log shows what a rank did and not what it says it did.

Ranks can only be working, waiting in a call, or at an end. As soon as no rank is working
and nothing that waits can be answered, or a rank waits for one that has ended, the run is
stopped with a diagnosis that names every rank and what it waits for. No clock is involved:
a deadlock is found when its last rank blocks.
"""

from collections.abc import Sequence
from pathlib import Path

from grader.fabric.process_group import Record, Run, run_spmd

INSIDE = Path(__file__).with_name("inside.py")
"""The file to hand to a `Sandbox` as the service that `ServiceRef("group", …)` names."""

_TORCH = {"torch_group": Path(__file__).with_name("inside_torch.py")}
_PLAIN = {"group": INSIDE, "record": Path(__file__).with_name("inside_record.py")}


def services_for(preload: Sequence[str]) -> dict[str, Path]:
    """The services of a sandbox with these libraries: `torch_group` only beside torch."""
    return _PLAIN | (_TORCH if "torch" in preload else {})


__all__ = ["INSIDE", "Record", "Run", "run_spmd", "services_for"]
