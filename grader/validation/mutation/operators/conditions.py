"""Mistakes in conditions: comparisons, `and`, `or`, `not`, and branches that are never taken."""

import ast
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, expression

# For each comparison those that differ from it for one order of its sides: the boundary, and the
# two ways to forget a side.
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.NotEq, ast.Gt),
    ast.LtE: (ast.Lt, ast.Eq, ast.GtE),
    ast.Gt: (ast.GtE, ast.NotEq, ast.Lt),
    ast.GtE: (ast.Gt, ast.Eq, ast.LtE),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def comparison(place: Place) -> Iterator[ast.AST]:
    """`<` for `<=` and its like; one comparison of a chain left out."""
    node = place.node
    if not isinstance(node, ast.Compare):
        return
    for number, operator in enumerate(node.ops):
        others = _COMPARISONS[type(operator)]
        is_word = isinstance(getattr(node.comparators[number], "value", None), str)
        for other in others[:1] if is_word else others:
            yield changed(node, ops=[*node.ops[:number], other(), *node.ops[number + 1 :]])
    if len(node.ops) > 1:
        yield changed(node, ops=node.ops[:-1], comparators=node.comparators[:-1])
        yield changed(
            node, left=node.comparators[0], ops=node.ops[1:], comparators=node.comparators[1:]
        )


def condition(place: Place) -> Iterator[ast.AST]:
    """`and` for `or`; one side of either, or a `not`, left out."""
    node = place.node
    if isinstance(node, ast.BoolOp):
        yield changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for number in range(len(node.values)):
            rest = [*node.values[:number], *node.values[number + 1 :]]
            yield rest[0] if len(rest) == 1 else changed(node, values=rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert)):
        yield node.operand


def branch(place: Place) -> Iterator[ast.AST]:
    """A check left out; a branch that is always taken, or never."""
    node, parent = place.node, place.parent
    if isinstance(parent, (ast.If, ast.IfExp)) and node is parent.test:
        yield expression("False")
        yield expression("True")
    elif isinstance(parent, ast.While) and node is parent.test:
        yield expression("False")
    elif isinstance(parent, ast.comprehension) and node in parent.ifs:
        yield expression("True")
    elif isinstance(parent, ast.BoolOp) and not isinstance(node, ast.BoolOp):
        yield expression("False" if isinstance(parent.op, ast.And) else "True")
