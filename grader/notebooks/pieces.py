"""Cuts a lab's file into pieces, which become a notebook's cells, and joins them again.

`join` restores what `split` cut, to the byte but for the last newline. Students' text is cut at
blank lines and never parsed here, since Python's parser would run in our own process.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.course import Course, Lab
from grader.errors import CourseError

TOP = "top"  # the piece before the first function: docstring, imports
MARK = "shardlab"  # the locked cell by which a notebook is known to be ours
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# What IPython itself puts into a notebook's namespace.
JUPYTERS = re.compile(r"display|get_ipython|In|Out|_{1,3}|_i{1,3}|_i?\d+|_[doi]h")
_GAP = "\n\n\n"  # two blank lines, as PEP 8 has them between functions
_DEFINES = re.compile(r"(?:[@#][^\n]*\n)*(?:async )?def (\w+)")
_NAME = re.compile(r"[A-Za-z0-9_-]+")  # what nbgrader takes for the id of a cell
# `file.py:12`, with a line of at most five digits: no submission has more
_PLACE = r"(?<![\w/.]){}:(\d{{1,5}})(?!\d)"
# ... and `on line 12` where it is the compiler that speaks
_LINE = r"\b(?:on|at) line (\d{1,5})(?!\d)"
_UNREADABLE = re.compile(r"does not load:\s+(?:Syntax|Indentation|Tab)Error")


@dataclass(frozen=True)
class Piece:
    """A part of the file: `name` is that of its function, or TOP."""

    name: str
    text: str


def grade_id(piece: str) -> str:
    """nbgrader's id of the cell of a piece."""
    return f"solution-{piece}"


def split(source: str, functions: Collection[str]) -> list[Piece]:
    """The pieces of a file: the top, then one for each function that follows two blank lines."""
    blocks: dict[str, list[str]] = {TOP: []}
    name = TOP
    for number, block in enumerate(source.removesuffix("\n").split(_GAP)):
        defined = _DEFINES.match(block)
        if number and defined and defined[1] in functions and defined[1] not in blocks:
            name = defined[1]
        blocks.setdefault(name, []).append(block)
    return [Piece(name, _GAP.join(texts)) for name, texts in blocks.items()]


def join(texts: Iterable[str]) -> str:
    """The file that these pieces make."""
    return _GAP.join(texts) + "\n"


def stub_pieces(lab: Lab) -> list[Piece]:
    """The pieces of the stub: the top, and one for each function to write."""
    pieces = split(lab.stub.read_text("utf-8"), lab.functions)
    found = {piece.name for piece in pieces}
    if missing := [name for name in lab.functions if name not in found]:
        raise CourseError(
            f"{lab.stub}: 'def {missing[0]}' gets no cell of its own in a notebook; put two "
            "blank lines before it, and something before the first function"
        )
    return pieces


def check_names(lab: Lab) -> None:
    """Refuses names that an nbgrader notebook's cells can't have."""
    names = [MARK, grade_id(TOP), *map(grade_id, lab.functions), *(i.item for i in lab.rubric)]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            where = lab.folder / "assignment.toml"
            raise CourseError(
                f"{where}: '{name}' can't be the id of a cell: letters, digits, '-' and '_', once"
            )


def solved_pieces(course: Course, lab: Lab) -> list[Piece]:
    """The pieces of the reference solution, in the stub's order, between BEGIN and END.

    Each function's signature and the stub's docstring stand before BEGIN. All that the solution
    has beside the lab's functions goes to the top.
    """
    path = course.solutions(lab) / lab.assignment.file
    try:
        solution = _Module(path.read_text("utf-8"))
    except (OSError, SyntaxError) as error:
        raise CourseError(f"{path}: can't be read: {error}") from None
    if missing := [name for name in lab.functions if name not in solution.functions]:
        raise CourseError(f"{path}: no function '{missing[0]}', which the stub asks for")
    stub = _Module(lab.stub.read_text("utf-8"))
    top = [*stub.docstring(stub.tree), BEGIN, *solution.rest(lab.functions), END]
    pieces = [Piece(TOP, "\n".join(top))]
    for piece in stub_pieces(lab)[1:]:
        ours, theirs = solution.functions[piece.name], stub.functions[piece.name]
        body = [f"    {BEGIN}", *solution.body(ours), f"    {END}"]
        text = [*solution.signature(ours), *stub.docstring(theirs), *body]
        pieces.append(Piece(piece.name, "\n".join(text)))
    return pieces


class _Module:
    """An author's module as lines, which its syntax tree points into."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.tree = ast.parse(source)
        self.functions: Mapping[str, ast.FunctionDef] = {
            node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)
        }

    def docstring(self, node: ast.Module | ast.FunctionDef) -> list[str]:
        """The lines of the docstring, if there is one."""
        return [self.lines[number - 1] for number in self._docstring(node)]

    def signature(self, node: ast.FunctionDef) -> list[str]:
        """The lines above docstring and body, decorators included."""
        return self.lines[self._first(node) - 1 : self._signature_ends(node)]

    def body(self, node: ast.FunctionDef) -> list[str]:
        """The lines below signature and docstring."""
        start = max([self._signature_ends(node), *self._docstring(node)])
        return self.lines[start : node.end_lineno]

    def rest(self, functions: Collection[str]) -> list[str]:
        """All lines but the module's docstring and these functions."""
        taken = set(self._docstring(self.tree))
        for name in functions:
            node = self.functions[name]
            taken |= set(range(self._first(node), (node.end_lineno or node.lineno) + 1))
        kept = [text for number, text in enumerate(self.lines, 1) if number not in taken]
        return re.sub(r"\n{4,}", _GAP, "\n".join(kept)).strip("\n").split("\n")

    def _docstring(self, node: ast.Module | ast.FunctionDef) -> range:
        if ast.get_docstring(node, clean=False) is None:
            return range(0)
        return range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)

    def _first(self, node: ast.FunctionDef) -> int:
        return min([node.lineno, *(each.lineno for each in node.decorator_list)])

    def _signature_ends(self, node: ast.FunctionDef) -> int:
        """The number of the signature's last line: comments below it are the body's."""
        last = node.body[0].lineno - 1
        while last > node.lineno and self.lines[last - 1].strip().startswith(("#", "@")):
            last -= 1
        return max(node.lineno, last)


class Places:
    """Translates line numbers of the joined file into cells and their lines."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._starts = list(_starts(pieces))

    def of(self, number: int) -> tuple[str, int]:
        """The name of the cell that has the file's line, and the line's number there."""
        above = (each for each in reversed(self._starts) if each[1] <= number)
        name, start = next(above, (TOP, 1))
        return name, number - start + 1

    def told(self, message: str, file: str, extra_lines: int = 0) -> str:
        """The message with its places in the file replaced by places in cells.

        `extra_lines` stand in the file above the first cell.
        """

        def cell(match: re.Match[str]) -> str:
            name, line = self.of(int(match[match.lastindex or 0]) - extra_lines)
            return f"{'in ' if match.lastindex == 2 else ''}cell '{name}', line {line}"

        place = _PLACE.format(re.escape(file))
        return re.sub(f"{place}|{_LINE}" if _UNREADABLE.search(message) else place, cell, message)


def _starts(pieces: Sequence[Piece]) -> Iterator[tuple[str, int]]:
    """The name of each piece, and the number of its first line in the joined file."""
    line = 1
    for piece in pieces:
        yield piece.name, line
        line += piece.text.count("\n") + _GAP.count("\n")
