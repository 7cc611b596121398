"""Mistakes in numbers: constants, boundaries, arithmetic, signs, truth values."""

import ast
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, expression

_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.MatMult: (ast.Mult,),
}
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)


def constant(place: Place) -> Iterator[ast.AST]:
    """One more, one less, nothing; for a fraction twice and half; the other truth value."""
    node = place.node
    if not isinstance(node, ast.Constant) or getattr(place.parent, "arg", "") == "strict":
        return
    value = node.value
    if isinstance(value, bool):
        yield expression(repr(not value))
    elif isinstance(value, int):
        yield from (expression(repr(each)) for each in dict.fromkeys((value + 1, value - 1, 0)))
    elif isinstance(value, float):
        others = (value * 2, value / 2, value + 1, 0.0)
        yield from (expression(repr(each)) for each in dict.fromkeys(others) if each != value)


def arithmetic(place: Place) -> Iterator[ast.AST]:
    """Another operator, the sides changed over, one side left out, a sign left out."""
    node = place.node
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        for other in _ARITHMETIC[type(node.op)]:
            yield changed(node, op=other())
        if isinstance(node.op, _ORDERED):
            yield changed(node, left=node.right, right=node.left)
        yield node.left
        yield node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        for other in _ARITHMETIC[type(node.op)]:
            yield changed(node, op=other())
        yield changed_to_assignment(node)


def changed_to_assignment(node: ast.AugAssign) -> ast.Assign:
    """`x = y` for `x += y`."""
    return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)
