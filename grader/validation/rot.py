"""Overlays that say too much, or no longer fit: repeated, unused, too long, or with stale calls.

An overlay that repeats the solution would keep old code when the solution is mended, and one
that rewrites a definition hides its one mistake from the reader.
"""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path

from grader.course import Lab
from grader.errors import CourseError
from grader.validation.calls import stale_calls
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
    if _dumps(overlay.result) == _dumps(overlay.solution):
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
    for call in stale_calls(overlay.result):
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


def _dumps(module: Module) -> list[str]:
    return [_dump(each) for each in module.statements]


def _dump(statement: Statement) -> str:
    return ast.dump(statement.node)
