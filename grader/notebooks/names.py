"""Which names a text of Python binds and misses, read from its syntax tree.

Runs only in a process of its own (`child`): the text is a student's, and Python's parser can
be made to take minutes and gigabytes.
"""

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator, Sequence

from grader.text.shown import shortened

_SHOWN = 60
_ALWAYS = frozenset({*dir(builtins), "__name__", "__file__", "__doc__", "__builtins__"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Scope = _Function | ast.ClassDef | ast.Lambda


def parsed(text: str) -> ast.Module | None:
    """The syntax tree; None where the text is no Python."""
    try:
        return tree_of(text)
    except (SyntaxError, ValueError):
        return None


def tree_of(text: str) -> ast.Module:
    """The syntax tree, or Python's own error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's, about the student's backslashes
        return ast.parse(text)


def first_line(source: str, node: ast.stmt) -> str:
    """The first line of the statement, or the beginning of it where it is long."""
    return quoted(source.split("\n")[node.lineno - 1])


def quoted(line: str) -> str:
    """A line of a student's as it is quoted in a message."""
    return shortened(line.strip(), _SHOWN)


def bindings(tree: ast.Module) -> dict[str, ast.stmt]:
    """The names that the module binds, each with the first statement that does."""
    found: dict[str, ast.stmt] = {}
    for statement in statements(tree.body):
        for name in names_bound_by(statement):
            found.setdefault(name, statement)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                found.setdefault(name, node)
    return found


def bound_anywhere(tree: ast.Module) -> set[str]:
    """The names that are bound in the module or in any function of it."""
    nodes = list(ast.walk(tree))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return arguments.union(*map(_bound_by, nodes))


def own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of the statement that run with it, without the statements in its blocks."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _Scope):
            waiting += [n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.stmt)]


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when these do: those of blocks, and not of functions or classes."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, _Scope | ast.expr):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def names_bound_by(statement: ast.stmt) -> set[str]:
    """The names that the statement itself binds, without those of the statements in it."""
    nodes = list(own_nodes(statement))
    inner = {id(part) for node in nodes if isinstance(node, ast.comprehension)
             for part in ast.walk(node.target)}  # fmt: skip
    return set().union(*(_bound_by(node) for node in nodes if id(node) not in inner))


def _bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.alias):
        return {(node.asname or node.name).partition(".")[0]}
    if isinstance(node, ast.MatchMapping):
        return {node.rest} if node.rest else set()
    named = _Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar
    return {node.name} if isinstance(node, named) and node.name else set()


def missing(source: str, tree: ast.Module) -> dict[str, int]:
    """The names that are asked for and bound nowhere, each with the first line that asks.

    None, where something is imported by `*`: nobody knows what.
    """
    if any(isinstance(n, ast.alias) and n.name == "*" for n in ast.walk(tree)):
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(source, "cells", "exec")
    except (SyntaxError, ValueError):
        return {}
    asked = {each.get_name() for table in _tables(top) for each in table.get_symbols()
             if each.is_referenced() and each.is_global()}  # fmt: skip
    return _first_lines(tree, asked - bindings(tree).keys() - _ALWAYS)


def _tables(top: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    waiting = [top]
    while waiting:
        table = waiting.pop()
        yield table
        waiting += table.get_children()


def _first_lines(tree: ast.Module, names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            found[node.id] = min(node.lineno, found.get(node.id, node.lineno))
    return found
