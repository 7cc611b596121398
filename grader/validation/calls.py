"""Calls that no longer fit the function they call: what an overlay keeps of an older solution.

Such a mutant ends in a TypeError, and loses its item for that and not for its mistake.
"""

import ast
from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature
from typing import Any

from grader.validation.statements import Module


def stale_calls(file: Module) -> Iterator[str]:
    """Each call of a function at the file's top with arguments that it does not take."""
    functions = [each.node for each in file.statements if isinstance(each.node, ast.FunctionDef)]
    signatures = {each.name: _signature(each.args) for each in functions if not each.decorator_list}
    for statement in file.statements:
        for call, name in _calls(statement.node):
            if name in signatures and (reason := _misfit(signatures, name, call)):
                yield f"{statement.called} calls {name}: {reason}"


def _calls(node: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """The calls by name in a statement, but of names that it binds itself."""
    inner = [each for each in ast.walk(node) if each is not node]
    own = {each.id for each in inner if isinstance(each, ast.Name) and _binds(each)}
    own |= {each.arg for each in inner if isinstance(each, ast.arg)}
    own |= {each.name for each in inner if isinstance(each, ast.FunctionDef)}
    calls = (each for each in inner if isinstance(each, ast.Call))
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id not in own:
            yield call, call.func.id


def _binds(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _misfit(signatures: Mapping[str, Signature], name: str, call: ast.Call) -> str:
    """Why the call does not fit, in Python's words; empty where it does, or nobody can tell."""
    spread = any(isinstance(each, ast.Starred) for each in call.args)
    named = {each.arg: each.value for each in call.keywords if each.arg is not None}
    if spread or len(named) < len(call.keywords):
        return ""
    try:
        signatures[name].bind(*call.args, **named)
    except TypeError as error:
        return str(error)
    return ""


def _signature(args: ast.arguments) -> Signature:
    positional = [*args.posonlyargs, *args.args]
    needed = len(positional) - len(args.defaults)
    found = [
        _parameter(each, Parameter.POSITIONAL_OR_KEYWORD, optional=number >= needed)
        for number, each in enumerate(positional)
    ]
    if args.vararg:
        found.append(Parameter(args.vararg.arg, Parameter.VAR_POSITIONAL))
    for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        found.append(_parameter(each, Parameter.KEYWORD_ONLY, optional=default is not None))
    if args.kwarg:
        found.append(Parameter(args.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(found)


def _parameter(arg: ast.arg, kind: Any, *, optional: bool) -> Parameter:
    return Parameter(arg.arg, kind, default=None if optional else Parameter.empty)
