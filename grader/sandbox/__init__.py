"""Runs untrusted Python, and says what it did.

Theory of operation
===================

A *zygote* is started once, inside bubblewrap: no network, no files but Python's libraries
(read-only) and our own files from `inside/`, an empty environment, a user of its own. It has
imported what submissions need, and holds no secret: there is nothing in it to steal. Whatever
else is installed beside numpy a submission may import itself, at every level alike.

For each submission the zygote forks a *child*. Before the child sees a byte of the submission
it gives up what it can (`inside.lockdown`): namespaces and a scratch of its own, resource
limits, no capabilities, Landlock for files, sockets and signals, a filter of system calls. Then
the host checks that, with the kernel as witness (`attestation`), and only then sends the files.

Code and host exchange *frames* over one socket (`inside.wire`): plain values and raw arrays,
never pickle. The host takes every byte of them for hostile. A reply can carry a value, never a
verdict, and only the current call's: each call has a nonce. What the frames say and mean stands in
`inside.contract`, which both sides share, with levels, limits and outcomes; what they come to is
worked out in a `Conversation`, which does no I/O.

A `Process` is the child as the host holds it: its pid, its limits, its end. Above both stands the
`loop`, which owns time and memory: one thread, and every 10 ms a look at what runs: its memory,
and the time that it has had to itself (`own_time`), which a busy machine does not make longer. What
oversteps is killed: the child is the first process of its pid namespace, so all that it started
goes with it. What a submission does wrong is data, an `Outcome`; `SandboxError` means that the
sandbox itself can't be trusted, or that our own code failed in it.

Nothing outlives the host: bwrap is started from a lasting thread and dies with it, the zygote
ends when its control line does, and the children with the zygote.

Levels
======

`FULL` is the above. Where namespaces can't be nested, `SHARED` has one set of them for all
children of a sandbox; where there are none, `LANDLOCK` has Landlock and the filter; `NONE` has
a process and its limits, and is for one's own code. `probe` finds out by trying what a machine
can do, and a `Sandbox` never runs with less than it was asked for.

What this does not do
=====================

It does not hide the time of day, how busy the machine is, or numbers that the kernel counts up
for all its processes together: a process that makes many pipes moves the inode numbers that the
next one sees. By such means a process can tell a later one some ten bits in half a second, on a
machine that is otherwise quiet. So a submission made for that can carry a little of what its
hidden cases gave it into the explanation that its student reads, a few numbers in each attempt,
and of inputs that are that student's alone. It does not stop a submission from wasting its own
time and memory. Values that a call was given can leave by its output: don't show students the
output of hidden cases.
"""

from grader.sandbox.inside.contract import (
    BACKSTOP,
    BadReturn,
    Crashed,
    Level,
    Limits,
    Outcome,
    OutOfMemory,
    Raised,
    Returned,
    Step,
    TimedOut,
)
from grader.sandbox.inside.tensors import Tensor
from grader.sandbox.inside.wire import ServiceRef
from grader.sandbox.launch import check_installed
from grader.sandbox.loop import begin, call, drive, loaded
from grader.sandbox.probe import Layer, probe
from grader.sandbox.process import Process
from grader.sandbox.sandbox import Sandbox

__all__ = [
    "BACKSTOP",
    "BadReturn",
    "Crashed",
    "Layer",
    "Level",
    "Limits",
    "OutOfMemory",
    "Outcome",
    "Process",
    "Raised",
    "Returned",
    "Sandbox",
    "ServiceRef",
    "Step",
    "Tensor",
    "TimedOut",
    "begin",
    "call",
    "check_installed",
    "drive",
    "loaded",
    "probe",
]
