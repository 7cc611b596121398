"""Mistakes with what was given: an input that is changed while the answer is right."""

import ast
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, expression, name_of

_ARRAY = {"shape", "ndim", "dtype", "size", "astype", "T"}
_ARRAY_TYPES = {"ndarray", "Tensor"}
_CONTAINERS = {"list", "dict", "set", "List", "Dict", "Order", "Iterable"}


def inputs(place: Place) -> Iterator[ast.AST]:
    """Arrays set to 0, lists and dicts emptied, once the answer is there."""
    node, function = place.node, place.function
    if function is None or function.name.startswith("_"):
        return
    for arg in function.args.args:
        wiped = _wiped(arg, place)
        if wiped is not None and isinstance(node, ast.Return) and node.value is not None:
            value = expression("[answer, wiped][0]", answer=node.value, wiped=wiped)
            yield changed(node, value=value)
        elif wiped is not None and isinstance(node, ast.For) and node is function.body[-1]:
            yield changed(node, orelse=[ast.Expr(wiped)])


def _wiped(arg: ast.arg, place: Place) -> ast.expr | None:
    """The expression that empties the argument; None where its kind can't be emptied."""
    if arg.arg == "group":
        return None
    if _is_array(arg, place.top):
        text = "'zero_', int)()" if place.file.uses_torch else "'fill', int)(0)"
    elif _is_container(arg, place.top):
        # a tensor can be cut like a list
        text = f"'clear', getattr({arg.arg}, 'zero_', int))()"
    else:
        return None
    return expression(f"getattr({arg.arg}, {text}")


def _is_array(arg: ast.arg, function: ast.FunctionDef) -> bool:
    if arg.annotation is not None:
        return any(name_of(each) in _ARRAY_TYPES for each in ast.walk(arg.annotation))
    return any(
        isinstance(each, ast.Attribute) and each.attr in _ARRAY and name_of(each.value) == arg.arg
        for each in ast.walk(function)
    )


def _is_container(arg: ast.arg, function: ast.FunctionDef) -> bool:
    if arg.annotation is not None:
        return any(name_of(each) in _CONTAINERS for each in ast.walk(arg.annotation))
    return any(_goes_through(each, arg.arg) for each in ast.walk(function))


def _goes_through(node: ast.AST, name: str) -> bool:
    """Whether the node loops over what has the name, or takes an entry out of it."""
    if isinstance(node, (ast.For, ast.comprehension)):
        return name_of(node.iter) == name
    if isinstance(node, ast.Subscript):
        return name_of(node.value) == name
    if isinstance(node, ast.Attribute):
        return node.attr in {"items", "values", "keys"} and name_of(node.value) == name
    return False
