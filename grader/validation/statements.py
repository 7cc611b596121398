"""A Python file as the statements at its top: what they bind, what they need, where they stand."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.course.authored import source_of, tree_of
from grader.files import sources

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef, ast.Assign, ast.AnnAssign)


@dataclass(frozen=True)
class Statement:
    """A statement at a file's top: the names it binds, and its lines, from 0, `end` excluded.

    The comments right above it are among its lines.
    """

    node: ast.stmt
    names: frozenset[str]
    start: int
    end: int

    @property
    def called(self) -> str:
        """Its names in words."""
        return ", ".join(sorted(self.names))

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, _IMPORTS)

    @property
    def is_future(self) -> bool:
        return isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, _DEFINITIONS) and bool(self.names)

    @property
    def needs(self) -> frozenset[str]:
        """The names that it reads when the file is loaded, not only when it is called."""
        return frozenset(_needs(self.node))


@dataclass(frozen=True)
class Module:
    """A file as its statements at the top, and its docstring with all above it: `head` lines."""

    path: Path
    text: str
    head: int
    statements: tuple[Statement, ...]

    @classmethod
    def read(cls, path: Path) -> "Module":
        """The file at `path`; CourseError where it can't be read or is no Python."""
        return cls.of(path, source_of(path), tree_of(path))

    @classmethod
    def of(cls, path: Path, text: str, tree: ast.Module) -> "Module":
        """The file at `path`, if this were its text."""
        body, head = tree.body, 0
        if ast.get_docstring(tree, clean=False) is not None:
            head, body = _end(body[0]), body[1:]
        return cls(path, text, head, tuple(_statements(sources.lines_of(text), body, head)))

    @cached_property
    def lines(self) -> list[str]:
        return sources.lines_of(self.text)

    def text_of(self, statement: Statement) -> list[str]:
        """The lines of a statement."""
        return self.lines[statement.start : statement.end]

    @property
    def after_imports(self) -> int:
        """The first line after all imports of the file."""
        return max([self.head, *(each.end for each in self.statements if each.is_import)])

    def binding(self, names: frozenset[str]) -> list[Statement]:
        """The statements that bind one of the names, other than by an import."""
        return [each for each in self.statements if not each.is_import and each.names & names]

    def at(self, statement: Statement) -> str:
        """Where the statement stands, for a message."""
        return f"{self.path}:{statement.node.lineno}"


def _statements(lines: Sequence[str], body: Sequence[ast.stmt], done: int) -> Iterator[Statement]:
    for node in body:
        above: list[ast.expr] = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(each.lineno for each in above)]) - 1
        while start > done and lines[start - 1].startswith("#"):
            start -= 1
        yield Statement(node, frozenset(_names(node)), start, _end(node))
        done = _end(node)


def _names(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds; of an import, those by which the file knows things."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, _IMPORTS):
        yield from ((each.asname or each.name).partition(".")[0] for each in node.names)
        return
    parts: list[ast.AST] = [node]  # of a compound statement, all in it: nothing is laid over that
    if isinstance(node, ast.Assign):
        parts = [*node.targets]
    elif isinstance(node, ast.AnnAssign):
        parts = [node.target]
    for each in (inner for part in parts for inner in ast.walk(part)):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
        elif each is not node and isinstance(each, (*_IMPORTS, *_FUNCTIONS, ast.ClassDef)):
            yield from _names(each)


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _needs(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    later: list[ast.AST] = []
    if isinstance(node, _FUNCTIONS):
        later = [*node.body]
    elif isinstance(node, ast.Lambda):
        later = [node.body]
    for child in ast.iter_child_nodes(node):
        if child not in later:
            yield from _needs(child)
