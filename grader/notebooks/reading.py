"""Reads the cells of a submitted notebook, in a process that is sure to end.

Python's parser and IPython's transformer can be made to take minutes or gigabytes. So a student's
text is only parsed in a child process with limits of its own (`child`), which exchanges texts with
us and imports nothing of the student's.
"""

import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from grader.errors import ShardlabError
from grader.notebooks.pieces import Piece, join

_CHILD = "grader.notebooks.child"
_CPU_SECONDS = 10  # of the child's own; a notebook takes it a fifth of one
TOO_MUCH = 64  # the exit code of a child that met a text nested too deeply
# ... one that used up its time, or the stack that a parser written in C has
_TOO_MUCH = (TOO_MUCH, -signal.SIGXCPU, -signal.SIGSEGV)
_WALL_SECONDS = 300.0  # whatever else the machine does
_MOST_CHARACTERS = 1 << 20  # that a child is given


class Spot(msgspec.Struct, frozen=True):
    """A line of an answer cell, counted from 1, and a remark on it."""

    cell: str
    line: int
    text: str = ""


class Omission(msgspec.Struct, frozen=True):
    """A Jupyter command that was taken out, and the names that it would have defined.

    `whole` says that everything below it in its cell was taken out, too.
    """

    spot: Spot
    names: tuple[str, ...] = ()
    whole: bool = False


class Definition(msgspec.Struct, frozen=True):
    """The definition of a name in a cell that is not handed in, by the cell's number."""

    cell: int
    text: str
    imports: bool = False


class Reading(msgspec.Struct, frozen=True):
    """The answer cells as one file, and facts that explain a low score.

    `extra_lines` stand in the file above the first cell. `broken` are lines that are no Python.
    `asked` are names that the file uses but does not bind, `bound` those that it binds, each with
    its first place.
    """

    source: str
    extra_lines: int = 0
    left_out: tuple[Omission, ...] = ()
    broken: tuple[Spot, ...] = ()
    asked: Mapping[str, Spot] = {}
    bound: Mapping[str, Spot] = {}
    unread: bool = False


def read_cells(pieces: Sequence[Piece]) -> Reading:
    """The answer cells as one file, without Jupyter's commands."""
    source = join(each.text for each in pieces)
    if len(source) > _MOST_CHARACTERS:  # more than any submission may have
        return Reading(source)
    cells = [(each.name, each.text) for each in pieces]
    return _answer(Reading, Reading(source, unread=True), "read", cells)


def joined_cells(texts: Sequence[str]) -> str:
    """The text of one cell that was split into these; each part may begin with a command."""
    joined = join(texts).removesuffix("\n")
    if len(texts) == 1 or len(joined) > _MOST_CHARACTERS:
        return joined
    return _answer(str, joined, "join", texts)


def found_elsewhere(
    names: Iterable[str], cells: Iterable[tuple[int, str]]
) -> Mapping[str, Definition]:
    """The first definition of each name in cells outside of the answer, if there is one."""
    room, taken = _MOST_CHARACTERS, []
    for number, text in cells:
        room -= len(text)
        if room >= 0:
            taken.append((number, text))
    return _answer(dict[str, Definition], {}, "find", list(names), taken)


def _answer(kind: Any, otherwise: Any, *order: Any) -> Any:
    """The answer of a child process; `otherwise` if the student's text is too much for it."""
    command = [sys.executable, "-P", "-m", _CHILD, str(_CPU_SECONDS)]
    text = msgspec.json.encode(order)
    try:
        ended = subprocess.run(
            command, input=text, capture_output=True, timeout=_WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ShardlabError(
            f"a notebook was not read within {_WALL_SECONDS:g} s: is the machine overloaded?"
        ) from None
    if ended.returncode in _TOO_MUCH:
        return otherwise
    if ended.returncode:
        last = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise ShardlabError(f"reading a notebook failed: {last}")
    return msgspec.json.decode(ended.stdout, type=kind)
