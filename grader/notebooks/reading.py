"""What the cells of a submitted notebook say, read in a process that ends in time.

Python's parser and IPython's transformer can be made to take minutes or gigabytes. So a
student's text is only ever parsed in a child with limits of its own (`child`), which gets
texts and gives texts, and imports nothing of the student's.
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
    """A line of an answer cell, from 1, and what is to be said of it."""

    cell: str
    line: int
    text: str = ""


class LeftOut(msgspec.Struct, frozen=True):
    """A command of Jupyter's that was taken out, and the names that it would have defined.

    `whole`: everything below it in its cell went along.
    """

    spot: Spot
    names: tuple[str, ...] = ()
    whole: bool = False


class Elsewhere(msgspec.Struct, frozen=True):
    """Where a name is defined that is not handed in: the cell by its place in the notebook."""

    cell: int
    text: str
    imports: bool = False


class Reading(msgspec.Struct, frozen=True):
    """The answer cells as one file, and what there is to say of it if it earns too little.

    `extra_lines` stand in the file above the first cell. `broken` are lines that are no Python;
    `asked` are names that the file uses and does not bind, `bound` those that it does, each
    with its first place.
    """

    source: str
    extra_lines: int = 0
    left_out: tuple[LeftOut, ...] = ()
    broken: tuple[Spot, ...] = ()
    asked: Mapping[str, Spot] = {}
    bound: Mapping[str, Spot] = {}
    unread: bool = False


class ReadCells(msgspec.Struct, frozen=True, tag="read"):
    """The order to read answer cells, each a name and a text."""

    pieces: tuple[tuple[str, str], ...]


class JoinTexts(msgspec.Struct, frozen=True, tag="join"):
    """The order to make one cell of several."""

    texts: tuple[str, ...]


class FindNames(msgspec.Struct, frozen=True, tag="find"):
    """The order to look for names in cells that are not handed in, each by its number."""

    names: tuple[str, ...]
    cells: tuple[tuple[int, str], ...]


Order = ReadCells | JoinTexts | FindNames


def read_cells(pieces: Sequence[Piece]) -> Reading:
    """The file that the answer cells are, without Jupyter's commands."""
    source = join(each.text for each in pieces)
    if len(source) > _MOST_CHARACTERS:  # more than any submission may have
        return Reading(source)
    order = ReadCells(tuple((each.name, each.text) for each in pieces))
    return _answer(order, Reading, Reading(source, unread=True))


def joined_cells(texts: Sequence[str]) -> str:
    """The text of one cell that was split into these; each began with a command of its own."""
    joined = join(texts).removesuffix("\n")
    if len(texts) == 1 or len(joined) > _MOST_CHARACTERS:
        return joined
    return _answer(JoinTexts(tuple(texts)), str, joined)


def found_elsewhere(
    names: Iterable[str], cells: Iterable[tuple[int, str]]
) -> Mapping[str, Elsewhere]:
    """Those of the names that a cell outside of the answer defines, the first one that does."""
    room, taken = _MOST_CHARACTERS, []
    for number, text in cells:
        room -= len(text)
        if room >= 0:
            taken.append((number, text))
    return _answer(FindNames(tuple(names), tuple(taken)), dict[str, Elsewhere], {})


def _answer(order: Order, kind: Any, otherwise: Any) -> Any:
    """What a child answers; `otherwise` where the student's text is too much for it."""
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", _CHILD, str(_CPU_SECONDS)],
            input=msgspec.json.encode(order), capture_output=True, timeout=_WALL_SECONDS,
            check=False,
        )  # fmt: skip
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
