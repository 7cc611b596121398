"""Prepares the zygote before it forks, so that no child pays for it again."""

import gc
import importlib
import linecache
import marshal
import os
import random
import signal
import socket
import sys
import tempfile
import types
from pathlib import Path

from . import held, streams, wire
from .runner import Runner

_LAZY_MODULES = (
    "collections.abc", "copy", "dataclasses", "enum", "fractions", "functools", "heapq", "inspect",
    "itertools", "json", "math", "operator", "random", "statistics", "string", "textwrap", "typing",
)  # fmt: skip
_ROUNDS = 32
_NAME = "rehearsal"
_REHEARSAL = """
def ask(array, upcall, more):
    return [upcall("op", array, 1), more]
def fail(*numbers):
    raise ValueError(f"{numbers} are wrong")
"""
_SEED = 0  # of the random numbers that every child starts with
_LAZY_NUMPY = ("numpy.random", "numpy.linalg", "numpy.fft")


def address_space() -> tuple[int, int]:
    """Bytes of address space of this process: all, and what of it is private and can be written.

    0 and 0 where the system does not tell.
    """
    try:
        pages = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0, 0
    size = os.sysconf("SC_PAGESIZE")
    return int(pages[0]) * size, int(pages[5]) * size


def touch() -> None:
    """Import what is imported late, and rehearse what children do."""
    names = _LAZY_MODULES + (_LAZY_NUMPY if "numpy" in sys.modules else ())
    for name in names:
        importlib.import_module(name)
    held.hold(wire.LIBRARIES.values())
    for library in [name for name in wire.LIBRARIES if name in sys.modules]:
        wire.extend(wire.LIBRARIES[library])
    streams.renew()
    sys.dont_write_bytecode = True
    _rehearse()


def renew_interpreter(scratch: str) -> None:
    """Give all children a fresh `__main__`, folders of their own and the same random numbers.

    With the same numbers, grading a submission twice gives the same result.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv[:] = [""]
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    tempfile.tempdir = None  # what the zygote found is not for its children
    random.seed(_SEED)
    if "numpy" in sys.modules:
        importlib.import_module("numpy.random").seed(_SEED)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(_SEED)


def _rehearse() -> None:
    """Serve some submissions, because the interpreter adapts to code that has run a few times.

    It rewrites such code and fills caches. Done in each child, that would cost time, and a copy
    of every page that changes.
    """
    path = list(sys.path)
    for _ in range(_ROUNDS):
        _live_once()
    sys.path[:] = path
    del sys.modules[_NAME]
    linecache.clearcache()
    gc.collect()


def _live_once() -> None:
    array = sys.modules["numpy"].ones((2, 2)) if "numpy" in sys.modules else None
    value = {"a": [1, (2.5, "b")], "c": array}
    folder = "/"  # which is there, so nothing is written
    code = marshal.dumps(compile(_REHEARSAL, f"{folder}/{_NAME}.py", "exec"))
    messages = [
        ("load", 1, {}, _NAME, code),
        ("call", 2, "ask", (array, wire.ServiceRef(_NAME)), {"more": value}),
        ("answer", array),
        ("call", 3, "fail", (1, "b"), {}),
    ]
    near, far = socket.socketpair()
    with near, far:
        for message in messages:
            for part in wire.encode(message):
                near.sendall(part)
        near.shutdown(socket.SHUT_WR)
        service = types.SimpleNamespace(make=lambda upcall: upcall)
        Runner(far, folder, {_NAME: service}, wire.Caps()).serve()


def check_single_thread() -> None:
    """Exit unless this is the only thread: a fork copies one, and locks of others stay held."""
    try:
        threads = list(Path("/proc/self/task").iterdir())
    except OSError:
        return
    if len(threads) > 1:
        raise SystemExit("a preloaded library has started threads: a fork of it is unsafe")
