"""The process that parses students' cells: it reads one order, writes the answer, and ends.

The system ends it when its time or memory is used up. The cells are parsed and never run.
"""

import ast
import re
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from grader.notebooks.commands import PlainCell, plain_cells, without_commands
from grader.notebooks.module import FileText, as_module
from grader.notebooks.names import bindings, first_line, missing, parsed, tree_of
from grader.notebooks.pieces import Piece, Places, join
from grader.notebooks.reading import TOO_MUCH, Definition, Omission, Reading, Spot

_MEMORY_BYTES = 2 << 30
_MOST_NAMES = 500
_NEWLINE = re.compile(r"\r\n?")


def main() -> None:
    """Answers one order from standard input; its argument is its limit of CPU seconds."""
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # at the second limit the system would send what it also sends when memory runs out
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, 2 * seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    verb, *arguments = msgspec.json.decode(sys.stdin.buffer.read())
    orders: Mapping[str, Any] = {"read": _read, "join": _joined, "find": _found}
    try:
        answer = orders[verb](*arguments)
    except (MemoryError, RecursionError):
        sys.exit(TOO_MUCH)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


def _joined(texts: Sequence[str]) -> str:
    return join(each.text for each in plain_cells(texts)).removesuffix("\n")


def _read(cells: Sequence[tuple[str, str]]) -> Reading:
    pieces = [Piece(name, _NEWLINE.sub("\n", text)) for name, text in cells]
    plain = plain_cells([each.text for each in pieces])
    left_out = tuple(
        Omission(Spot(piece.name, each.line, each.text), each.names, each.whole)
        for piece, cell in zip(pieces, plain, strict=True)
        for each in cell.commands
    )
    source = join(each.text for each in plain)
    tree = parsed(source)
    if tree is None:
        broken = tuple(_broken(pieces, plain))
        return Reading(source, left_out=left_out, broken=broken)
    return _read_module(as_module(source, tree), Places(pieces), left_out)


def _broken(pieces: Sequence[Piece], plain: Sequence[PlainCell]) -> Iterator[Spot]:
    """Yields the first wrong line of each cell that is no Python, with Python's error."""
    for piece, cell in zip(pieces, plain, strict=True):
        try:
            tree_of(cell.text)
        except SyntaxError as error:
            yield Spot(piece.name, error.lineno or 1, f"{type(error).__name__}: {error.msg}")
        except ValueError as error:
            yield Spot(piece.name, 1, str(error))


def _read_module(made: FileText, places: Places, left_out: tuple[Omission, ...]) -> Reading:
    """The reading of cells that are Python together."""

    def spots(lines: Mapping[str, int]) -> dict[str, Spot]:
        found = {name: places.of(line - made.extra_lines) for name, line in lines.items()}
        return {name: Spot(*place) for name, place in list(found.items())[:_MOST_NAMES]}

    tree = parsed(made.source)
    bound = {} if tree is None else {n: s.lineno for n, s in bindings(tree).items()}
    asked = {} if tree is None else missing(made.source, tree)
    left_out += tuple(Omission(Spot(*places.of(line), text)) for line, text in made.left_out)
    broken = tuple(Spot(*places.of(line), text) for line, text in made.broken)
    return Reading(made.source, made.extra_lines, left_out, broken, spots(asked), spots(bound))


def _found(names: Sequence[str], cells: Sequence[tuple[int, str]]) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for number, text in cells:
        cell = without_commands(text)
        tree = parsed(cell.text)
        here = {
            name: Definition(number, each.text) for each in cell.commands for name in each.names
        }
        for name, statement in bindings(tree).items() if tree is not None else ():
            shown = first_line(cell.text, statement)
            imports = isinstance(statement, ast.Import | ast.ImportFrom)
            here[name] = Definition(number, shown, imports=imports)
        for name in names:
            if name in here:
                found.setdefault(name, here[name])
    return found


if __name__ == "__main__":
    main()
