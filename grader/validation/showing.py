"""A mutant or variant as a reader wants to see it: found by its name, with what it changes."""

import difflib
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course import Lab
from grader.errors import UsageError
from grader.validation.overlay import KINDS, Overlay, paths_of, read_overlay, solution_of

_HUNK = re.compile(r"@@ -(\d+)")


def find_overlay(lab: Lab, folder: Path, name: str) -> Overlay:
    """The mutant or variant of that name, of a lab whose solutions are in `folder`.

    A name that both a mutant and a variant have is told apart by `mutants/` or `variants/` before
    it.

    Raises:
        UsageError: There is none, or more than one; says which ones come near.
        CourseError: The file is not fit to be laid over the solution.
    """
    wanted = name.removesuffix(".py")
    paths = [path for kind in KINDS for path in paths_of(folder, kind)]
    found = [path for path in paths if wanted in (path.stem, _full(path))]
    if len(found) > 1:
        raise UsageError(f"'{name}' is both: say {' or '.join(map(_full, found))}")
    if not found:
        raise UsageError(
            f"no mutant or variant of {lab.slug} is called '{name}'; {_near(wanted, paths)}"
        )
    return read_overlay(solution_of(lab, folder), found[0])


def _near(wanted: str, paths: list[Path]) -> str:
    if not paths:
        return "this course has none of it; are its solutions here?"
    stems = list(dict.fromkeys(path.stem for path in paths))
    near = difflib.get_close_matches(wanted.rpartition("/")[2], stems, cutoff=0.5)
    near += [each for each in stems if wanted in each and each not in near]
    if near:
        return f"near it: {', '.join(near[:6])}"
    return f"none comes near; all are in {paths[0].parent.parent}"


def _full(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def shown(overlay: Overlay, width: int = 80) -> Iterator[str]:
    """Line 1 in words, the items it loses, and the difference to the solution.

    Of the solution only the definitions that change, with the lines around the change. Lines of
    code that are longer than `width` go on in the next one.
    """
    yield from textwrap.wrap(overlay.mark.mistake, width)
    if overlay.mark.items:
        yield f"Loses: {', '.join(overlay.mark.items)}"
    for title, first, before, after in _differences(overlay):
        yield ""
        yield title
        for line in _unified(first, before, after):
            yield from _folded(line, width)


def _differences(overlay: Overlay) -> Iterator[tuple[str, int, Sequence[str], Sequence[str]]]:
    """A title, the first line in the solution, the lines there, and the lines instead."""
    solution, own = overlay.solution, overlay.own
    file = solution.path.name
    if overlay.is_whole:
        before, after = solution.lines[solution.head :], own.lines[own.head :]
        yield f"{file}, as a whole", solution.head, before, after
        return
    if imports := [line for each in overlay.imports for line in own.text_of(each)]:
        yield "imports, new", 0, [], imports
    for each in overlay.new:
        yield f"{each.called}, new", 0, [], own.text_of(each)
    for old, each in overlay.replaced:
        title = f"{each.called}, {file} line {old.start + 1}"
        yield title, old.start, solution.text_of(old), own.text_of(each)


def _unified(first: int, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The unified difference, its parts headed by their line in the solution's file."""
    for line in [*difflib.unified_diff(before, after, lineterm="")][2:]:
        if not (hunk := _HUNK.match(line)):
            yield line
        elif before:
            yield f"@@ line {first + int(hunk[1])} @@"


def _folded(line: str, width: int) -> Iterator[str]:
    """The line of a difference, each part of it with the sign in front."""
    sign, code = line[:1], line[1:]
    indent = " " * min(len(code) - len(code.lstrip()) + 4, width // 2)
    while len(code) > width - 1:
        cut = code.rfind(" ", len(indent) + 1, width - 1)
        cut = cut if cut > 0 else width - 1
        yield f"{sign}{code[:cut]}".rstrip()
        code = indent + code[cut:].lstrip()
    yield f"{sign}{code}".rstrip()
