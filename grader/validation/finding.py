"""A mutant or variant by its name, as a person types it."""

import difflib
from pathlib import Path

from grader.course import Lab
from grader.errors import UsageError
from grader.validation.overlay import KINDS, Overlay, paths_of, read_overlay, solution_of


def find_overlay(lab: Lab, folder: Path, name: str) -> Overlay:
    """The one of that name, of a lab whose solutions are in `folder`.

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
