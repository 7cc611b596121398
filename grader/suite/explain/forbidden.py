"""What a submission may not do, and what to do instead: told where an exception shows it.

Which rule an exception belongs to is read off its kind, its words, and the student's own line.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from grader.sandbox import Crashed, Limits, Raised

_LIMITS = Limits()


class Forbidden(NamedTuple):
    """One rule of the sandbox, in words: what is so, what to do instead, and a question."""

    note: str
    nudge: str


_RUN = "`shardlab run FILE FUNCTION` is not isolated"
_BREAKPOINT = Forbidden(
    f"nobody can type while your file is checked; {_RUN}: breakpoint() works there",
    "Which value do you want to see here? Print it.",
)
_INPUT = Forbidden(
    f"nobody can type while your file is checked; {_RUN}: input() works there",
    "Which argument of the function holds what you ask for here?",
)
_MODULE = Forbidden(
    "This one file is all that is handed in. Besides it there are Python's own modules, numpy, "
    "and what the hand-out names. What you have in a second file goes into this one.",
    "Which of these does what you want that module for?",
)
_NETWORK = Forbidden(
    "a submission uses no network, here or when graded; all that a function needs are its "
    "arguments, and other ranks are reached by its group",
    "Which argument holds what this line fetches?",
)
_PROCESS = Forbidden(
    "a submission starts no other process and uses no network, here or when graded; ranks are "
    "started for you, and meet in the group they are given",
    "Which lines of Python do the work of this one, in this process?",
)
_THREADS = Forbidden(
    f"a submission has at most {_LIMITS.tasks} threads at once, here or when graded; none is "
    "needed: ranks are processes, and started for you",
    "Which loop does the same without a thread for each round?",
)
_FILES = Forbidden(
    "a submission runs in an empty folder of its own and sees no other file, no data and no "
    f"test, here or when graded; {_RUN}: files can be read there",
    "Which argument holds what this line looks for in a file?",
)
_ROOM = Forbidden(
    f"a submission may write {_LIMITS.scratch_bytes >> 20} MB of files, which are gone when it "
    "ends; what it has found it returns",
    "Which value do you want to keep? Return or print it.",
)

# Kinds of exception and a pattern for the message; the first that fits.
_BY_MESSAGE: Sequence[tuple[tuple[str, ...], str, Forbidden]] = (
    (("BdbQuit",), "", _BREAKPOINT),
    (("EOFError",), "^EOF when reading a line$", _INPUT),
    (("ModuleNotFoundError",), "", _MODULE),
    (("ImportError",), "^attempted relative import", _MODULE),
    (("RuntimeError",), "can't (?:start new|allocate) (?:thread|lock)", _THREADS),
    (("URLError", "gaierror", "herror"), "", _NETWORK),
    (("FileNotFoundError",), r"^\[Errno 2\]", _FILES),
    (("OSError",), r"^\[Errno (?:27|28)\]|^\d+ requested and \d+ written$", _ROOM),
    (("BlockingIOError",), r"^\[Errno 11\] Resource temporarily unavailable", _PROCESS),
)
_FORBIDDEN = "[Errno 1] Operation not permitted"  # by the filter of system calls
_STARTING = re.compile(r"\b(?:subprocess|Popen|exec[lv]p?e?|p?spawn\w*)\b")
_NETWORKING = re.compile(r"\b(?:socket|create_connection|connect|urlopen|requests|https?)\b")


def forbidden_by(outcome: Raised) -> Forbidden | None:
    """The rule that stands behind the exception; None where there is none."""
    kind, message = outcome.types[0], outcome.message
    if kind == "FileNotFoundError" and _STARTING.search(outcome.source or ""):
        return _PROCESS  # where no filter refuses to start it, it is not there
    for kinds, pattern, rule in _BY_MESSAGE:
        if kind in kinds and re.search(pattern, message):
            return rule
    if kind != "PermissionError":
        return None
    if message != _FORBIDDEN:
        return _FILES if re.match(r"\[Errno (?:1|13)\] .*: ", message) else None
    return _NETWORK if _NETWORKING.search(outcome.source or "") else _PROCESS


def crashed_by(outcome: Crashed) -> Forbidden | None:
    """The rule for which the process was ended; None where it was for none."""
    return _THREADS if re.search(r"started more than \d+ threads", outcome.detail) else None
