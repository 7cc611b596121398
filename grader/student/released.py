"""A released course, read from its bundle or from a folder."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from grader import __version__
from grader.course import Course, load_course
from grader.errors import CourseError, UsageError

MAX_BUNDLE_BYTES = 64 << 20  # unpacked
_ZIP_ERRORS = (zipfile.BadZipFile, RuntimeError, EOFError, NotImplementedError, OSError)


@contextmanager
def released_course(source: Path) -> Iterator[Course]:
    """The course in a bundle that `release` wrote, or in a folder; within the block.

    Raises:
        UsageError: there is none, or the bundle can't be read.
        CourseError: it is of a version of Shardlab that this one can't read.
    """
    if source.is_dir():
        yield _load(_root_in(source, source))
        return
    with TemporaryDirectory(prefix="shardlab-") as folder:
        _unpack(source, Path(folder))
        yield _load(_root_in(Path(folder), source))


def newer_wheel(root: Path) -> Path | None:
    """The wheel that came with a bundle, if it is of another version than what runs here."""
    wheels = sorted(root.glob("shardlab-*.whl"))
    own = any(each.name.startswith(f"shardlab-{__version__}-") for each in wheels)
    return wheels[-1] if wheels and not own else None


def _load(root: Path) -> Course:
    """The course with all of its labs read."""
    try:
        course = load_course(root)
        course.labs()
    except CourseError as error:
        if wheel := newer_wheel(root):
            mend = f"It came with {wheel.name}, and this is Shardlab {__version__}: install that."
            raise CourseError(*error.problems, mend) from None
        raise
    return course


def _root_in(folder: Path, source: Path) -> Path:
    """Where course.toml is: in the folder, or right below it, as some programs zip."""
    for path in (folder / "course.toml", *sorted(folder.glob("*/course.toml"))):
        if path.is_file():
            return path.parent
    raise UsageError(
        f"{source} has no course.toml; name the bundle that staff gave you, "
        "or the folder that it was unzipped into"
    )


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if sum(info.file_size for info in infos) > MAX_BUNDLE_BYTES:
                raise UsageError(f"{source} is larger than a bundle of labs can be")
            for info in infos:
                parts = PurePosixPath(info.filename).parts
                if not parts or parts[0] == "/" or ".." in parts:
                    raise UsageError(f"{source} is no bundle of labs: a name leads out of it")
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file)
    except _ZIP_ERRORS as error:
        raise UsageError(f"{source} can't be read as a bundle of labs: {error}") from None
