"""The started labs near a folder: a student's, wherever in their course they stand."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from grader.errors import CourseError
from grader.student.folders import has_lab
from grader.student.workspace import Workspace, workspace_in


def workspaces_near(start: Path, root: Path | None = None) -> list[Workspace]:
    """The workspaces at, above, beside and right below `start`, the nearest first.

    `root` is the course's folder, beyond which nobody looks; where it is not above `start`, they
    are looked for in both. One that is damaged is left out: a command about it says so.
    """
    found: dict[Path, Workspace] = {}
    for folder in dict.fromkeys(_places(start.absolute(), root)):
        for each in (folder, *_below(folder)):
            if each not in found and has_lab(each):
                with contextlib.suppress(CourseError):
                    found[each] = workspace_in(each)
    return list(found.values())


def _places(start: Path, root: Path | None) -> Iterator[Path]:
    yield start
    above = next((each for each in (start, *start.parents) if has_lab(each)), None)
    if above is not None:
        yield above.parent  # where others may lie beside it
    if root is not None and start.is_relative_to(root.absolute()):
        yield from (each for each in start.parents if each.is_relative_to(root.absolute()))
    elif root is not None:
        yield root.absolute()


def _below(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
