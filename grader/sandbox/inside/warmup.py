"""What the zygote touches before it forks, so that no child pays for it again."""

from __future__ import annotations

import gc
import importlib
import linecache
import os
import socket
import sys
from pathlib import Path

from . import frames, report, wire

_LAZY_MODULES = (
    "collections.abc", "copy", "dataclasses", "enum", "fractions", "functools", "heapq", "inspect",
    "itertools", "json", "math", "operator", "random", "statistics", "string", "textwrap", "typing",
)  # fmt: skip
SEED = 0  # of the random numbers that every child starts with
_LAZY_NUMPY = ("numpy.random", "numpy.linalg", "numpy.fft", "numpy.ma")


def vm_size() -> int:
    """Bytes of address space of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGESIZE")


def touch() -> None:
    """Import what is imported late, and run once what a child runs first."""
    names = _LAZY_MODULES + (_LAZY_NUMPY if "numpy" in sys.modules else ())
    for name in names:
        importlib.import_module(name)
    for library in [name for name in wire.EXTENSIONS if name in sys.modules]:
        wire.extend(library)  # a child can't read our files any more
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    if "numpy" in sys.modules:
        sys.modules["numpy.random"].seed(SEED)
    sys.dont_write_bytecode = True
    _rehearse()


def _rehearse() -> None:
    """One load, one exchange of values and one traceback, as a child will do them."""
    near, far = socket.socketpair()
    value = {"a": [1, (2.5, "b")], "c": None}
    if "numpy" in sys.modules:
        numpy = sys.modules["numpy"]
        value["c"] = numpy.ones((2, 2)) @ numpy.ones((2, 2))
    with near, far:
        for part in wire.encode(value):
            near.sendall(part)
        frames.Reader().receive(far)
    _rehearse_failure("/rehearsal.py")
    linecache.clearcache()
    gc.collect()


def _rehearse_failure(path: str) -> None:
    try:
        exec(compile("raise ValueError", path, "exec"), {})  # noqa: S102  our own constant
    except ValueError as error:
        report.describe(error, path)


def check_single_thread() -> None:
    """Exit unless this is the only thread: a fork takes but one, and locks held by others stay."""
    try:
        threads = list(Path("/proc/self/task").iterdir())
    except OSError:
        return
    if len(threads) > 1:
        raise SystemExit("a preloaded library has started threads: a fork of it is unsafe")
