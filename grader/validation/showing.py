"""A mutant or variant as a reader wants to see it: what it is, and where it differs."""

import difflib
import re
import textwrap
from collections.abc import Iterator, Sequence

from grader.validation.overlay import Overlay

_HUNK = re.compile(r"@@ -(\d+)")


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
