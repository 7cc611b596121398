"""Overlays that say too much, or no longer fit: repeated, unused, too long, or with stale calls.

An overlay that repeats the solution would keep old code when the solution is mended, and one
that rewrites a definition hides its one mistake from the reader.
"""

import ast
import copy
import difflib
from collections.abc import Iterator, Mapping
from inspect import Signature, signature
from pathlib import Path

from grader.course import Lab
from grader.errors import CourseError
from grader.validation.overlay import REWRITTEN, Overlay, paths_of, read_overlay, solution_of
from grader.validation.statements import Module, Statement
from grader.validation.wording import several

MAX_CHANGED = 10  # lines of a definition that a mutant may take out and put in, in all


def rotten(lab: Lab, folder: Path, kind: str) -> dict[str, list[str]]:
    """What is wrong with the variants or mutants as they are written, by the file's name."""
    try:
        solution = solution_of(lab, folder)
    except CourseError:
        return {}  # which is told of the solution
    found = {path.name: list(_of_file(solution, path, kind)) for path in paths_of(folder, kind)}
    return {name: problems for name, problems in found.items() if problems}


def _of_file(solution: Module, path: Path, kind: str) -> Iterator[str]:
    try:
        overlay = read_overlay(solution, path)
    except CourseError as error:
        yield from error.problems
        return
    yield from (f"{path}: {each}" for each in problems(overlay, kind))


def problems(overlay: Overlay, kind: str) -> Iterator[str]:
    """What is wrong with an overlay, each with its mend."""
    result, solution = overlay.result.statements, overlay.solution.statements
    if list(map(_dump, result)) == list(map(_dump, solution)):
        yield f"it is the solution; change what makes it a {kind}, or delete the file"
        return
    if overlay.is_whole:
        return
    equal = [new.called for old, new in overlay.replaced if _dump(old) == _dump(new)]
    if equal:
        yield f"{several(equal)}: just as in the solution; take that out"
    if known := sorted(_imported(overlay.own) & _imported(overlay.solution)):
        names = several([name for *_, name in known])
        yield f"{names}: imported by the solution, too; take that out"
    added = [each for each in (*overlay.imports, *overlay.new) if not each.is_future]
    if unused := [name for each in added for name in _unused(overlay.result, each)]:
        yield f"{several(unused)}: new, and used by nothing; take that out"
    for call in _stale_calls(overlay.result):
        yield f"{call}; call it as it is defined now"
    if kind == "mutant" and overlay.mark.form != REWRITTEN:
        yield from _long(overlay)


def changed_lines(overlay: Overlay, old: Statement, new: Statement) -> int:
    """How many lines of a definition are taken out and put in."""
    before, after = overlay.solution.text_of(old), overlay.own.text_of(new)
    return sum(line[0] in "+-" for line in difflib.ndiff(before, after))


def _long(overlay: Overlay) -> Iterator[str]:
    for old, new in overlay.replaced:
        if (count := changed_lines(overlay, old, new)) > MAX_CHANGED:
            yield (
                f"{new.called}: {count} lines taken out or put in, more than {MAX_CHANGED}: a "
                f"mutant is one mistake; make it smaller, or end the words of line 1 with "
                f'"({REWRITTEN})"'
            )


def _unused(result: Module, added: Statement) -> list[str]:
    """Names of a new statement that no other statement of the submission reads."""
    others = (each.node for each in result.statements if each.names != added.names)
    read = {
        node.id
        for other in others
        for node in ast.walk(other)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
    }
    return sorted(added.names - read)


def _imported(module: Module) -> set[tuple[int, str, str, str]]:
    """Everything that is imported: level, module, its name there, its name here."""
    found = set()
    for node in (each.node for each in module.statements):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            level, base = getattr(node, "level", 0), getattr(node, "module", "") or ""
            found |= {(level, base, each.name, each.asname or each.name) for each in node.names}
    return found


def _dump(statement: Statement) -> str:
    return ast.dump(statement.node)


def _stale_calls(file: Module) -> Iterator[str]:
    """Each call of a function at the file's top with arguments that it does not take.

    An overlay may keep those of an older solution. Such a mutant ends in a TypeError, and loses its
    item for that and not for its mistake.
    """
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
    bare, none = copy.copy(args), ast.Constant(None)
    bare.defaults = [none] * len(args.defaults)
    bare.kw_defaults = [default and none for default in args.kw_defaults]
    function = ast.fix_missing_locations(ast.Expression(ast.Lambda(bare, none)))
    return signature(eval(compile(function, "signature", "eval")))  # noqa: S307  names only
