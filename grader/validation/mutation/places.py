"""Every place of a source file at which a person could have made a mistake.

Not among them: docstrings, annotations and names of types, decorators, imports, and the words of
error messages, of which only the names and values count.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from grader.errors import CourseError
from grader.validation.mutation.trees import name_of

_ANNOTATIONS = {
    ast.arg: {"annotation"},
    ast.FunctionDef: {"returns", "decorator_list"},
    ast.AnnAssign: {"annotation"},
    ast.ClassDef: {"bases", "keywords", "decorator_list"},
}
_TYPES = {"tuple", "list", "dict", "set", "Callable", "Union", "Optional", "Literal"}
_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class File:
    """A source file, read."""

    source: bytes
    tree: ast.Module

    @classmethod
    def of(cls, source: bytes, name: str = "the file") -> "File":
        """The file; CourseError, by its name, where it is no Python in UTF-8."""
        try:
            source.decode()
            return cls(source, ast.parse(source))
        except SyntaxError as error:
            raise CourseError(f"{name}:{error.lineno}: {error.msg}") from None
        except (UnicodeDecodeError, ValueError) as error:
            raise CourseError(f"{name}: expected Python in UTF-8: {error}") from None

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions at its top, by name."""
        return {each.name: each for each in self.tree.body if isinstance(each, ast.FunctionDef)}

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of all parameters of all functions: what a message has to name."""
        return frozenset(
            arg.arg
            for function in self.functions.values()
            for arg in ast.walk(function.args)
            if isinstance(arg, ast.arg)
        )

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names that imports bind."""
        imports = [each for each in self.tree.body if isinstance(each, _IMPORTS)]
        return frozenset(each.asname or each.name for node in imports for each in node.names)

    @cached_property
    def uses_torch(self) -> bool:
        return "torch" in self.modules


@dataclass(frozen=True)
class Place:
    """A node with what stands around it, the nearest first."""

    node: Any
    around: tuple[ast.AST, ...]
    file: File

    @property
    def parent(self) -> Any:
        return self.around[0]

    @property
    def top(self) -> Any:
        """The statement at the file's top that it is or stands in."""
        return (self.node, *self.around)[-2]

    @property
    def function(self) -> ast.FunctionDef | None:
        """The function at the file's top that it stands in."""
        return self.top if isinstance(self.top, ast.FunctionDef) else None

    @property
    def statement(self) -> ast.stmt:
        """The innermost statement that it is or stands in."""
        return next(each for each in (self.node, *self.around) if isinstance(each, ast.stmt))

    @property
    def in_message(self) -> bool:
        """Whether it is part of an exception that is raised."""
        return isinstance(self.statement, ast.Raise) and self.node is not self.statement

    @property
    def whole(self) -> Any:
        """The nearest node with a place of its own in the text: parts of an f-string have none."""
        strings = [each for each in self.around if isinstance(each, ast.JoinedStr)]
        return strings[-1] if strings else self.node


def places_of(file: File) -> Iterator[Place]:
    """Every expression and statement of the file that can be wrong, in order."""
    for statement in file.tree.body:
        if not (isinstance(statement, _IMPORTS) or is_docstring(statement) or _is_type(statement)):
            yield from _below(statement, (file.tree,), file)


def _below(node: ast.AST, around: tuple[ast.AST, ...], file: File) -> Iterator[Place]:
    if isinstance(node, (ast.expr, ast.stmt)) and not is_docstring(node):
        yield Place(node, around, file)
    untouched = _ANNOTATIONS.get(type(node), set())
    for name, value in ast.iter_fields(node):
        if name not in untouched:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not is_docstring(child):
                    yield from _below(child, (node, *around), file)


def is_docstring(node: ast.AST) -> bool:
    """Whether it is a string that stands for itself: no program reads it."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, (str, type(...)))
    )


def _is_type(statement: ast.stmt) -> bool:
    """Whether it gives a type a name: `Op = tuple[str, int]`."""
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Subscript) and name_of(value.value) in _TYPES
