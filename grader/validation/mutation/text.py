"""The text of a source file: where its nodes are, and what a change of it looks like."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Edit:
    """Bytes of a file to be replaced, from `start` to `end`."""

    start: int
    end: int
    text: bytes

    def of(self, source: bytes) -> bytes:
        return source[: self.start] + self.text + source[self.end :]


@dataclass(frozen=True)
class Text:
    """The bytes of a file, by the places of its syntax tree."""

    source: bytes

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where the node begins and ends."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[end_line - 1] + end_column

    def definition(self, top: ast.stmt) -> tuple[int, int]:
        """Where a statement at the file's top begins, with its decorators, and ends."""
        above: list[ast.expr] = getattr(top, "decorator_list", [])
        first = min([top.lineno, *(each.lineno for each in above)])
        return self._starts[first - 1], self.span(top)[1]

    def line(self, edit: Edit) -> int:
        return self.source[: edit.start].count(b"\n") + 1

    def statement(self, statement: ast.stmt, edit: Edit) -> tuple[str, str]:
        """The statement before and after, each in one line; only its head where it holds others."""
        start, end = self.span(statement)
        if body := getattr(statement, "body", None):
            end = max(self.span(body[0])[0], edit.end)
        after = self._plain[start : edit.start] + edit.text + self._plain[edit.end : end]
        return squashed(self._plain[start:end].decode()), squashed(after.decode())

    def diff(self, edit: Edit) -> Iterator[str]:
        """The lines that change, as they were and as they are, as far left as they go."""
        first = self.source.rfind(b"\n", 0, edit.start) + 1
        last = self.source.find(b"\n", edit.end)
        last = len(self.source) if last < 0 else last
        before = self.source[first:last].decode()
        moved = Edit(edit.start - first, edit.end - first, edit.text)
        after = moved.of(self.source[first:last]).decode()
        width = len(before) - len(before.lstrip())
        one, other = ([line[width:] for line in text.splitlines()] for text in (before, after))
        while len(one) > 1 and len(other) > 1 and one[0] == other[0]:
            one, other = one[1:], other[1:]
        yield from (f"- {line}" for line in one)
        yield from (f"+ {line}" for line in other)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    @cached_property
    def _plain(self) -> bytes:
        """The same with blanks for comments, so that every byte stays in its place."""
        plain = bytearray(self.source)
        for token in tokenize.tokenize(io.BytesIO(self.source).readline):
            if token.type == tokenize.COMMENT:
                before = len(token.line[: token.start[1]].encode())
                start = self._starts[token.start[0] - 1] + before
                length = len(token.string.encode())
                plain[start : start + length] = b" " * length
        return bytes(plain)


def squashed(text: str) -> str:
    """The text with one blank wherever it has white space."""
    return " ".join(text.split())
