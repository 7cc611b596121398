"""What kind of place a path is, and what a collect of it is called."""

from collections.abc import Iterable
from pathlib import Path

from grader.course import Course, Lab
from grader.intake.archive import BundleError
from grader.intake.bundle import SUFFIX
from grader.intake.downloads import is_download
from grader.intake.members import listed
from grader.submissions import is_folder

_PACKED = (".ipynb", ".py.txt")


def place_of(paths: Iterable[Path], lab: str | None) -> str:
    """What is collected, in the words of the log."""
    places = ", ".join(str(each.resolve()) for each in paths)
    return f"{places} ({lab})" if lab else places


def is_plain(course: Course, path: Path) -> bool:
    """Whether the path is a `.py` file or a folder of them: no inbox, zip, notebook or download.

    A bundle in one student's folder does not make the whole folder an inbox.
    """
    if not is_folder(path):
        return not path.name.lower().endswith((SUFFIX, ".zip", *_PACKED))
    try:
        bundles = any(name.endswith(SUFFIX) for name in listed(path))
    except BundleError:
        return False  # `find` says why it can't be read
    of_lab = path.resolve().name in course.slugs and any(path.glob(f"*/*{SUFFIX}"))
    inbox = of_lab or any(is_folder(path / slug) for slug in course.slugs)
    return not (bundles or inbox or is_download(path))


def packed_in(folder: Path, lab: Lab) -> list[Path]:
    """The notebooks and renamed files among a plain folder's: they are read as `collect` does."""
    if not is_folder(folder) or (folder / lab.assignment.file).exists():
        return []  # a student's own folder may have others
    return [folder / name for name in listed(folder) if name.lower().endswith(_PACKED)]
