"""Finds calls that no longer fit their function: an overlay may keep those of an older solution.

Such a mutant ends in a TypeError, and loses its item for that and not for its mistake.
"""

import ast
from collections.abc import Iterator, Mapping
from inspect import Signature, signature

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
    """The calls by name in a statement, except of names that it binds itself."""
    inner = [each for each in ast.walk(node) if each is not node]
    names = [each for each in inner if isinstance(each, ast.Name)]
    own = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    own |= {each.arg for each in inner if isinstance(each, ast.arg)}
    own |= {each.name for each in inner if isinstance(each, ast.FunctionDef)}
    for call in (each for each in inner if isinstance(each, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id not in own:
            yield call, call.func.id


def _misfit(signatures: Mapping[str, Signature], name: str, call: ast.Call) -> str:
    """Why the call does not fit, in Python's words; empty where it does, or may do so."""
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
    """The parameters of a function, each default replaced by None: nothing of the file is run."""
    none = ast.Constant(None)
    bare = ast.arguments(
        posonlyargs=args.posonlyargs,
        args=args.args,
        vararg=args.vararg,
        kwonlyargs=args.kwonlyargs,
        kw_defaults=[default and none for default in args.kw_defaults],
        kwarg=args.kwarg,
        defaults=[none] * len(args.defaults),
    )
    function = ast.fix_missing_locations(ast.Expression(ast.Lambda(bare, none)))
    return signature(eval(compile(function, "signature", "eval")))  # noqa: S307  names only
