"""The files of a folder or of a zip, one by one, each with its name, time and content.

Links are not followed, nothing is extracted, and no more of a file is read or decompressed than
its reader asks for.
"""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import Self

from grader.intake.archive import BundleError
from grader.intake.unchanged import is_settled, status_of
from grader.submissions import read_regular
from grader.text.shown import escaped

MAX_ENTRIES = 50_000
# Others may decompress without a bound on what comes out.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_SAYS_UTF8 = 0x800
_JUNK = {".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".gitattributes", ".gitkeep"}
_JUNK_FOLDERS = {"__macosx", "__pycache__", ".git", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class Member:
    """A file in a folder or a zip: `name` is its path there, with `/`.

    `read(limit)` returns at most so many bytes, or raises BundleError. `problem` says why the file
    can't be read at all. `status` has the facts of a file on disk, unless it changed just now; see
    `grader.intake.unchanged`.
    """

    name: str
    at: datetime
    read: Callable[[int], bytes]
    problem: str = ""
    status: str = ""


def names_in(path: Path) -> list[str]:
    """The names of the files in a zip; BundleError if it is none that can be read."""
    with Zip(path, datetime.fromtimestamp(0, UTC)) as archive:
        return [each.name for each in archive.entries()]


class Zip:
    """An open zip file. Its members are as old as it is: their own dates are those of zipping."""

    def __init__(self, file: Path | BytesIO, at: datetime) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            raise BundleError(f"it is no zip file that can be read: {error}") from None
        except OSError as error:
            raise BundleError(_cant_be_read(error)) from None
        self._at = at

    def entries(self, most: int = 0) -> Iterator[Member]:
        """Yields every file but those that operating systems leave; refuses absurd numbers."""
        infos = self._archive.infolist()
        if len(infos) > (most := most or MAX_ENTRIES):
            raise BundleError(f"it has {len(infos)} members; {most} are read at most")
        for info in infos:
            if not info.is_dir() and not is_junk(info.filename):
                reader, problem = self._reader(info), _member_problem(info)
                yield Member(_name_of(info), self._at, reader, problem)

    def _reader(self, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
        def read(limit: int) -> bytes:
            try:
                with self._archive.open(info) as member:
                    return member.read(limit)
            except Exception as error:  # noqa: BLE001 - zlib's and zipfile's, over hostile bytes
                raise BundleError(f"it is damaged: {escaped(str(error))[:200]}") from None

        return read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()


def folder_members(folder: Path) -> Iterator[Member]:
    """Yields every file below the folder by name, but those that operating systems leave."""
    locked = list[Member]()

    def note(error: OSError) -> None:
        name = Path(error.filename).relative_to(folder).as_posix()
        locked.append(_unreadable(name, _cant_be_read(error)))

    for parent, folders, files in os.walk(folder, onerror=note):
        folders.sort()
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted([*files, *linked]):
            path = Path(parent) / name
            relative = path.relative_to(folder).as_posix()
            if not is_junk(relative):
                yield path_member(path, relative)
    yield from locked


def listed(folder: Path) -> dict[str, os.DirEntry[str]]:
    """The entries of a folder in order of names, without those that operating systems leave.

    BundleError if it can't be looked into.
    """
    try:
        with os.scandir(folder) as entries:
            found = [each for each in entries if not _is_junk_file(each.name.lower())]
    except OSError as error:
        raise BundleError(_cant_be_read(error)) from None
    found.sort(key=attrgetter("name"))
    return {each.name: each for each in found}


def path_member(path: Path, name: str) -> Member:
    """One file on disk."""

    def read(limit: int) -> bytes:
        try:
            return read_regular(path, limit)[:limit]
        except OSError as error:
            raise BundleError(_cant_be_read(error)) from None

    try:
        status = path.lstat()
    except OSError as error:
        return _unreadable(name, _cant_be_read(error))
    problem = "it is a symbolic link, which is not followed" if stat.S_ISLNK(status.st_mode) else ""
    facts = status_of(status) if is_settled(status) else ""
    return Member(name, datetime.fromtimestamp(status.st_mtime, UTC), read, problem, facts)


def _unreadable(name: str, problem: str) -> Member:
    def read(_limit: int) -> bytes:
        raise BundleError(problem)

    return Member(name, datetime.fromtimestamp(0, UTC), read, problem)


def _cant_be_read(error: OSError) -> str:
    return f"it can't be read: {error.strerror or error}"


def is_junk(name: str) -> bool:
    """Whether an operating system left this file, so that nobody handed it in."""
    *folders, file = name.lower().split("/")
    return _is_junk_file(file) or not _JUNK_FOLDERS.isdisjoint(folders)


def _is_junk_file(name: str) -> bool:
    return name in _JUNK or name in _JUNK_FOLDERS or name.startswith("._")


def _name_of(info: zipfile.ZipInfo) -> str:
    """The member's name: UTF-8, too, where the zip does not say so, as rubyzip, Canvas's, does not.

    A name in the old code page that happens to be UTF-8 is next to impossible.
    """
    name = info.orig_filename
    if info.flag_bits & _SAYS_UTF8 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _member_problem(info: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a symbolic link, which is not followed"
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if info.compress_type not in _METHODS:
        return "it is compressed in a way that is not read here"
    if "\0" in info.orig_filename:
        return "its name holds a NUL byte"
    if ".." in info.filename.split("/") or info.filename.startswith("/"):
        return "its name leads out of the zip"
    return ""
