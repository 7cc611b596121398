"""Syntax trees: copies with one node in another's place, and small nodes made from text."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any


def replaced(tree: Any, old: ast.AST, new: ast.AST) -> Any:
    """A copy of the tree with `new` in the place of the one node that is `old`."""
    if tree is old:
        return new
    if isinstance(tree, list):
        return [replaced(each, old, new) for each in tree]
    if not isinstance(tree, ast.AST) or not tree._fields:
        return tree
    copy = type(tree)(**{name: replaced(each, old, new) for name, each in ast.iter_fields(tree)})
    return ast.copy_location(copy, tree)


def changed(node: Any, **fields: Any) -> Any:
    """A copy of the node with other values in these fields."""
    copy = type(node)(**{**dict(ast.iter_fields(node)), **fields})
    return ast.copy_location(copy, node)


def expression(text: str, **parts: ast.expr) -> ast.expr:
    """The expression of that text, with `parts` in the places of the names that stand for them."""
    tree = _Filling(parts).visit(ast.parse(text, mode="eval").body)
    assert isinstance(tree, ast.expr)
    return tree


class _Filling(ast.NodeTransformer):
    def __init__(self, parts: Mapping[str, ast.expr]) -> None:
        self._parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._parts.get(node.id, node)


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether both say the same, wherever they stand."""
    return ast.dump(one) == ast.dump(other)


def name_of(node: ast.AST) -> str:
    """The last part of a dotted name: `all_reduce` of `group.all_reduce`; else nothing."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def names_bound(node: ast.AST) -> Iterator[str]:
    """Every name that an assignment, a loop or a parameter below the node binds, in order."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
        elif isinstance(each, ast.arg):
            yield each.arg
