"""Mutants: copies of a source file with one mistake each.

The mistake is made in the text, so that the rest of the file stays as it was written, and proved
on the syntax tree: a mutant is what was meant or is not made. It is known by its function and by
the statement before and after, so that it stays the same when lines move.
"""

import ast
import io
import textwrap
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from grader.validation.mutation.operators import OPERATORS
from grader.validation.mutation.places import File, Place, places_of
from grader.validation.mutation.trees import replaced


@dataclass(frozen=True)
class Mutant:
    """One mistake: in `function`, the statement `before` reads `after`, the n-th time it does."""

    function: str
    kind: str
    before: str
    after: str
    occurrence: int
    line: int
    diff: tuple[str, ...]
    source: bytes = field(repr=False)

    @property
    def identity(self) -> tuple[str, str, str, str, int]:
        """What tells it from all others of the file, wherever its lines are."""
        return self.function, self.kind, self.before, self.after, self.occurrence


@dataclass(frozen=True)
class _Edit:
    """Bytes of a file to be replaced, from `start` to `end`."""

    start: int
    end: int
    text: bytes

    def of(self, source: bytes) -> bytes:
        return source[: self.start] + self.text + source[self.end :]


def mutants_of(source: bytes) -> list[Mutant]:
    """Every mutant of the file, each once, in the order of its lines."""
    file = File.of(source)
    plain = _without_comments(source)
    starts = _line_starts(source)
    seen, count = set[tuple[int, str]](), Counter[tuple[str, str, str]]()
    mutants = []
    for place in places_of(file):
        unchanged = ast.dump(place.top)
        for kind, operator in OPERATORS.items():
            for new in operator(place):
                meant = ast.dump(replaced(place.top, place.node, new))
                if meant == unchanged or (place.top.lineno, meant) in seen:
                    continue
                seen.add((place.top.lineno, meant))
                edit = _edit(place, new, meant, starts)
                if edit is not None:
                    mutants.append(_mutant(place, kind, edit, plain, starts, count))
    return mutants


def _mutant(
    place: Place,
    kind: str,
    edit: _Edit,
    plain: bytes,
    starts: list[int],
    count: Counter[tuple[str, str, str]],
) -> Mutant:
    function = place.function.name if place.function else ""
    start, end = _extent_of(place.statement, starts)
    end = max(end, edit.end)
    after = plain[start : edit.start] + edit.text + plain[edit.end : end]
    texts = function, _squashed(plain[start:end]), _squashed(after)
    count[texts] += 1
    source = place.file.source
    line = source[: edit.start].count(b"\n") + 1
    diff = tuple(_diff(source, edit))
    return Mutant(function, kind, *texts[1:], count[texts], line, diff, edit.of(source))


def _edit(place: Place, new: ast.AST, meant: str, starts: list[int]) -> _Edit | None:
    """The change of the text that comes to what is meant; None where there is none."""
    whole = place.whole
    wanted = new if whole is place.node else replaced(whole, place.node, new)
    (start, end), (top, bottom) = _span(whole, starts), _span(place.top, starts)
    for text in _forms(wanted, whole.col_offset):
        edit = _Edit(start, end, text.encode())
        changed = edit.of(place.file.source)[top : bottom + len(edit.text) - (end - start)]
        if _dump(changed) == meant:
            return edit
    return None


def _forms(node: ast.AST, column: int) -> Iterator[str]:
    """The node as text, in the quotes of this project if they do; at last in parentheses."""
    try:
        text = ast.unparse(ast.fix_missing_locations(node))
    except ValueError:  # an f-string with a backslash in it
        return
    text = textwrap.indent(text, " " * column).lstrip()
    for form in (text, f"({text})"):
        yield form.replace("'", '"')
        yield form


def _dump(source: bytes) -> str:
    """The tree of a statement; nothing for what is none."""
    try:
        tree = ast.parse(source)
        compile(tree, "mutant", "exec")  # what the parser lets through: `break` outside a loop
    except (SyntaxError, ValueError):
        return ""
    return ast.dump(tree.body[0]) if tree.body else ""


def _span(node: ast.expr | ast.stmt, starts: list[int]) -> tuple[int, int]:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column


def _extent_of(statement: ast.stmt, starts: list[int]) -> tuple[int, int]:
    """The bytes of a statement; of one that holds others, its head only."""
    start, end = _span(statement, starts)
    body = getattr(statement, "body", None)
    return (start, _span(body[0], starts)[0]) if body else (start, end)


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _without_comments(source: bytes) -> bytes:
    """The same with blanks for comments, so that every byte stays in its place."""
    plain, starts = bytearray(source), _line_starts(source)
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            column = len(token.line[: token.start[1]].encode())
            start = starts[token.start[0] - 1] + column
            length = len(token.string.encode())
            plain[start : start + length] = b" " * length
    return bytes(plain)


def _squashed(text: bytes) -> str:
    return " ".join(text.decode().split())


def _diff(source: bytes, edit: _Edit) -> Iterator[str]:
    """The lines that change, as they were and as they are, as far left as they go."""
    first = source.rfind(b"\n", 0, edit.start) + 1
    last = source.find(b"\n", edit.end)
    last = len(source) if last < 0 else last
    before = source[first:last].decode()
    after = (source[first : edit.start] + edit.text + source[edit.end : last]).decode()
    width = len(before) - len(before.lstrip())
    for sign, text in (("-", before), ("+", after)):
        yield from (f"{sign} {line[width:]}" for line in text.splitlines())
