"""Mistakes of whole statements: one left out, the wrong exception, the wrong thing returned."""

import ast
import itertools
import re
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, expression, name_of, names_bound

_EXCEPTIONS = {"ValueError": "TypeError", "TypeError": "ValueError"}


def statement(place: Place) -> Iterator[ast.AST]:
    """A statement left out: a check, an assignment to a name that has a value, a loop's end."""
    node = place.node
    if isinstance(node, (ast.AugAssign, ast.Expr, ast.Delete, ast.Assert, ast.Break, ast.Continue)):
        yield ast.Pass()
    elif isinstance(node, ast.Raise):
        alone = isinstance(place.parent, ast.If) and place.parent.body == [node]
        if not alone:  # else it is what a check that is never made comes to
            yield ast.Pass()
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _has_value_before(place):
        yield ast.Pass()
    if isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()


def returned(place: Place) -> Iterator[ast.AST]:
    """Nothing; or, among ranks, something on rank 0 only."""
    node = place.node
    if not isinstance(node, ast.Return) or node.value is None or place.function is None:
        return
    yield changed(node, value=expression("None"))
    if "group" in names_bound(place.function.args):
        rank = "dist.get_rank(group)" if place.file.uses_torch else "group.rank"
        value = expression(f"value if {rank} == 0 else None", value=node.value)
        yield changed(node, value=value)


def exception(place: Place) -> Iterator[ast.AST]:
    """The other of ValueError and TypeError."""
    node = place.node
    if isinstance(node, ast.Name) and place.in_message and node.id in _EXCEPTIONS:
        yield ast.Name(_EXCEPTIONS[node.id], ast.Load())


def message(place: Place) -> Iterator[ast.AST]:
    """A value, or the name of a parameter, left out of a message; a value out of any f-string."""
    node = place.node
    if isinstance(node, ast.JoinedStr):
        for number, part in enumerate(node.values):
            before, after = node.values[:number], node.values[number + 1 :]
            if isinstance(part, ast.FormattedValue):
                yield changed(node, values=list(_joined([*before, *after])))
            elif place.in_message:
                for other in _without_names(part, place):
                    yield changed(node, values=[*before, other, *after])
    elif place.in_message and not isinstance(place.parent, ast.JoinedStr):
        yield from _without_names(node, place)


def text(place: Place) -> Iterator[ast.AST]:
    """Another string of the same function for this one, or none."""
    node = place.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or place.in_message:
        return
    if isinstance(place.parent, (ast.JoinedStr, ast.FormattedValue)):
        return
    scope = place.function or place.statement
    strings = [each.value for each in ast.walk(scope) if isinstance(each, ast.Constant)]
    known = [each for each in dict.fromkeys(strings) if isinstance(each, str) and " " not in each]
    following = known[(known.index(node.value) + 1) % len(known)] if node.value in known else ""
    yield ast.Constant(following if following != node.value else "" if node.value else "x")


def _has_value_before(place: Place) -> bool:
    """Whether what it assigns to has a value without it, as far as the text tells."""
    node, function = place.node, place.function
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if any(isinstance(each, (ast.Subscript, ast.Attribute)) for each in targets):
        return True
    if function is None:
        return False
    bound = list(names_bound(function))
    return all(name_of(each) and bound.count(name_of(each)) > 1 for each in targets)


def _joined(parts: list[ast.expr]) -> Iterator[ast.expr]:
    """The parts of an f-string, neighbouring texts joined into one."""
    for is_value, group in itertools.groupby(parts, lambda each: _text_of(each) is None):
        if is_value:
            yield from group
        else:
            yield ast.Constant("".join(filter(None, map(_text_of, group))))


def _without_names(node: ast.AST, place: Place) -> Iterator[ast.Constant]:
    """The text without each name of a parameter that it has, if it is a text."""
    text = _text_of(node) or ""
    for name in sorted(place.file.parameters):
        without, count = re.subn(rf"\b{re.escape(name)}\b", "", text)
        if count:
            yield ast.Constant(without)


def _text_of(node: ast.AST) -> str | None:
    """The text that the node is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
