"""Mistakes in calls: arguments in another order or left out, and the call itself left out."""

import ast
import builtins
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, name_of, names_bound, same

_PAIRS = {"any": "all", "all": "any", "max": "min", "min": "max", "maximum": "minimum"}
_SMALL = 3  # arguments: a call with more of them is no wrapper


def arguments(place: Place) -> Iterator[ast.AST]:
    """Two neighbours changed over; one argument left out, by name or at the end."""
    node = place.node
    if not isinstance(node, ast.Call) or _is_exception(place):
        return
    for number in range(len(node.args) - 1):
        one, other = node.args[number : number + 2]
        if not same(one, other):
            rest = node.args[number + 2 :]
            yield changed(node, args=[*node.args[:number], other, one, *rest])
    for number, keyword in enumerate(node.keywords):
        if keyword.arg == "strict":  # of `zip`: a check of the author's own
            continue
        yield changed(node, keywords=[*node.keywords[:number], *node.keywords[number + 1 :]])
    if len(node.args) > 1:
        yield changed(node, args=node.args[:-1])


def call(place: Place) -> Iterator[ast.AST]:
    """An argument for the call, or the object for the call of its method; max for min."""
    node = place.node
    if not isinstance(node, ast.Call) or _is_exception(place) or isinstance(place.parent, ast.Expr):
        return
    func = node.func
    if isinstance(func, ast.Attribute) and name_of(func.value) not in place.file.modules:
        yield func.value
    if len(node.args) <= _SMALL:
        yield from (each for each in node.args if not isinstance(each, ast.Starred))
    if isinstance(func, ast.Name) and func.id in _PAIRS:
        yield changed(node, func=ast.Name(_PAIRS[func.id], ast.Load()))
    elif isinstance(func, ast.Attribute) and func.attr in _PAIRS:
        yield changed(node, func=changed(func, attr=_PAIRS[func.attr]))


def name(place: Place) -> Iterator[ast.AST]:
    """Another variable of the function: the next one in the order in which they come to be."""
    node, function = place.node, place.function
    if function is None or not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    known = list(dict.fromkeys(names_bound(function)))
    if node.id in known and len(known) > 1:
        following = known[(known.index(node.id) + 1) % len(known)]
        yield ast.Name(following, ast.Load())


def _is_exception(place: Place) -> bool:
    """Whether it makes an exception, whose argument is a message."""
    func = place.node.func
    kind = getattr(builtins, func.id, None) if isinstance(func, ast.Name) else None
    return isinstance(kind, type) and issubclass(kind, BaseException)
