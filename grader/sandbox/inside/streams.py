"""Makes the standard streams of all children: once, in the zygote, over pipes.

Python asks a stream's descriptor what it is when it makes the stream, and believes that for
ever. The zygote is started over /dev/null, which can seek; a child's descriptors are pipes,
which can't. A stream that believes it can seek fails ("Illegal seek") as soon as it is to change
its encoding. So the streams are made anew while descriptors 0 to 2 are pipes, as a child's are.
"""

import io
import os
import sys

_STDIN, _STDOUT, _STDERR = range(3)


def renew() -> None:
    """Make `sys.stdin`, `sys.stdout` and `sys.stderr` anew, as Python makes them over pipes."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(fd) for fd in range(3)]
    reader, writer = os.pipe()
    for fd, end in enumerate((reader, writer, writer)):
        os.dup2(end, fd)
    try:
        raw = io.FileIO(_STDIN, "r", closefd=False)
        _put("stdin", _named(io.BufferedReader(raw), raw, "<stdin>", "r"))
        for fd, name in ((_STDOUT, "stdout"), (_STDERR, "stderr")):
            raw = io.FileIO(fd, "w", closefd=False)
            _put(name, _named(io.BufferedWriter(raw), raw, f"<{name}>", "w"))
    finally:
        for fd, old in enumerate(kept):
            os.dup2(old, fd)
        for fd in (*kept, reader, writer):
            os.close(fd)


def _put(name: str, stream: io.TextIOWrapper) -> None:
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)


def _named(
    buffer: io.BufferedReader | io.BufferedWriter, raw: io.FileIO, name: str, mode: str
) -> io.TextIOWrapper:
    """A text stream as Python makes one, but that each line is written at once.

    What a process has printed is told even where it is killed.
    """
    raw.name = name
    errors = "surrogateescape" if mode == "r" else "backslashreplace"
    text = io.TextIOWrapper(buffer, "utf-8", errors, newline="\n", line_buffering=mode == "w")
    text.mode = mode  # type: ignore[misc]
    return text
