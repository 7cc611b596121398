"""Writes files whole or not at all, even where a process is killed or another one writes, too."""

import itertools
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from grader.errors import UsageError

PART = ".part"  # how the names of files end that are still being written


def write_whole(path: Path, content: bytes) -> None:
    """Writes the file in place of what is there, whole or not at all.

    Raises:
        UsageError: it can't be written; the text names the file and says why.
    """
    draft = draft_of(path)
    try:
        try:
            with draft.open("xb") as file:  # never through a link that somebody laid there
                file.write(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}") from None


def write_with_folders(path: Path, content: bytes) -> None:
    """Makes the folders above the file and writes it, as `write_whole` does."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} can't be made: {error.strerror or error}") from None
    write_whole(path, content)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder with these files, whole or not at all; it must be new, or empty.

    Raises:
        UsageError: there is something already, or it can't be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} is there already; name a new folder, or move it away")
    draft = draft_of(path.absolute())
    try:
        draft.mkdir()
        for name, content in files.items():
            (draft / name).write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def told_if_refused() -> Iterator[None]:
    """Has what the system refuses in the block become a UsageError that names the place."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or "a file"
        raise UsageError(f"{place} can't be written: {error.strerror or error}") from None


def kept_name(path: Path) -> Path:
    """A free name beside the file, to keep what is in it."""
    names = (f"{path.name}.kept-{number}" for number in itertools.count(1))
    return next(each for each in map(path.with_name, names) if not os.path.lexists(each))


def draft_of(path: Path) -> Path:
    """A name beside the file that no other writer uses, and no reader takes for the file."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{PART}")
