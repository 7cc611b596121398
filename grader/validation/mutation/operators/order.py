"""Mistakes of order and extent: reversed lists and dicts, first or last left out, slices."""

import ast
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, expression, name_of, names_bound, same

# What comes of these is the same in whatever order they are given something.
_UNORDERED = {"any", "all", "max", "min", "set", "sorted", "Counter", "sum", "frozenset"}


def sequence(place: Place) -> Iterator[ast.AST]:
    """A tuple, list or dict written down in the other order."""
    node = place.node
    if isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load):
        backwards = node.elts[::-1]
        if len(node.elts) > 1 and not _is_set_of(place):
            yield changed(node, elts=backwards)
    elif isinstance(node, ast.Dict) and len(node.keys) > 1:
        yield changed(node, keys=node.keys[::-1], values=node.values[::-1])


def iteration(place: Place) -> Iterator[ast.AST]:
    """A loop that goes backwards, or leaves out the first, the last or all after the tenth."""
    node, parent = place.node, place.parent
    if not isinstance(parent, (ast.For, ast.comprehension)) or node is not parent.iter:
        return
    if not _in_unordered(place):
        yield expression("list(it)[::-1]", it=node)
    yield expression("list(it)[1:]", it=node)
    yield expression("list(it)[:-1]", it=node)
    if not _is_short(node) and not _goes_round_the_ranks(place):
        yield expression("list(it)[:10]", it=node)
    if isinstance(node, ast.Call) and name_of(node.func) == "range":
        last = 0 if len(node.args) == 1 else 1
        longer = expression("end + 1", end=node.args[last])
        yield changed(node, args=[*node.args[:last], longer, *node.args[last + 1 :]])


def extent(place: Place) -> Iterator[ast.AST]:
    """A slice with a bound one off, or without it."""
    node = place.node
    if not isinstance(node, ast.Slice):
        return
    for field in ("lower", "upper", "step"):
        bound = getattr(node, field)
        if bound is not None:
            yield changed(node, **{field: None})
            if field != "step" and not isinstance(bound, ast.Constant):
                yield changed(node, **{field: expression("bound + 1", bound=bound)})
                yield changed(node, **{field: expression("bound - 1", bound=bound)})


def _is_set_of(place: Place) -> bool:
    """Whether only membership counts: the right side of `in`, or the kinds of `isinstance`."""
    parent = place.parent
    if isinstance(parent, ast.Compare):
        return isinstance(parent.ops[-1], (ast.In, ast.NotIn)) and place.node is not parent.left
    is_call = isinstance(parent, ast.Call)
    return is_call and name_of(parent.func) in {*_UNORDERED, "isinstance", "issubclass"}


def _is_short(node: ast.expr) -> bool:
    """Whether it is written out, so that its length is plain to see."""
    return isinstance(node, (ast.Tuple, ast.List, ast.Constant))


def _goes_round_the_ranks(place: Place) -> bool:
    """Whether a rank counts the ranks there: no case has more than ten, each being a process."""
    function, words = place.function, set(map(name_of, ast.walk(place.node)))
    of_a_rank = function is not None and "group" in names_bound(function.args)
    return of_a_rank and {"range", "world_size"} <= words


def _in_unordered(place: Place) -> bool:
    comprehension, whole = place.around[1:3]
    if isinstance(comprehension, ast.SetComp):
        return True
    made_of = isinstance(comprehension, (ast.GeneratorExp, ast.ListComp))
    return (
        made_of
        and isinstance(whole, ast.Call)
        and name_of(whole.func) in _UNORDERED
        and any(same(comprehension, each) for each in whole.args)
    )
