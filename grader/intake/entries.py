"""The files of a folder or of a zip, one by one, each with its name, its time and its bytes.

For what a learning-management system gives. Links are not followed, nothing is extracted, and
no more of a file is read or decompressed than its reader asks for.
"""

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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
_TIMESTAMP = 0x5455  # the extra field that holds a time in UTC
_UNSET = 1990  # a zip member without a time is of 1980
_JUNK = {".ds_store", "thumbs.db", "desktop.ini"}
_JUNK_FOLDERS = {"__macosx", "__pycache__"}


@dataclass(frozen=True)
class Entry:
    """A file: its path below where it was found, with `/`; `read(limit)` gives that many bytes.

    `read` raises BundleError in words. What can't be read at all has `problem` set. `status` has
    the facts of a file on disk, unless it changed just now; see `grader.intake.unchanged`.
    """

    name: str
    at: datetime
    read: Callable[[int], bytes]
    problem: str = ""
    status: str = ""


class Zip:
    """An open zip file of a download; close it when its entries are read."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            raise BundleError(f"it is no zip file that can be read: {error}") from None
        except OSError as error:
            raise BundleError(_cant_be_read(error)) from None
        self._opened = datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def entries(self) -> Iterator[Entry]:
        """Every member but folders and what operating systems leave; refuses absurd numbers."""
        infos = self._archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise BundleError(f"it has {len(infos)} members; {MAX_ENTRIES} are read at most")
        for info in infos:
            if not info.is_dir() and not is_junk(info.filename):
                at = _member_time(info) or self._opened
                yield Entry(info.orig_filename, at, self._reader(info), _member_problem(info))

    def _reader(self, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
        def read(limit: int) -> bytes:
            try:
                with self._archive.open(info) as member:
                    return member.read(limit)
            except Exception as error:  # noqa: BLE001 - zlib's and zipfile's, over hostile bytes
                raise BundleError(f"it is damaged: {escaped(str(error))[:200]}") from None

        return read

    def close(self) -> None:
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def folder_entries(folder: Path) -> Iterator[Entry]:
    """Every file below the folder, in order of names, but what operating systems leave."""
    locked = list[Entry]()

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
                yield path_entry(path, relative)
    yield from locked


def listed(folder: Path) -> dict[str, os.DirEntry[str]]:
    """What lies directly in a folder, in order of names, but what operating systems leave.

    A folder that can't be looked into raises BundleError.
    """
    try:
        with os.scandir(folder) as entries:
            found = {each.name: each for each in entries if not is_junk(each.name)}
    except OSError as error:
        raise BundleError(_cant_be_read(error)) from None
    return {name: found[name] for name in sorted(found)}


def members(folder: Path) -> list[Path]:
    """The same as paths."""
    return [folder / name for name in listed(folder)]


def path_entry(path: Path, name: str) -> Entry:
    """The entry of one file on disk."""

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
    return Entry(name, datetime.fromtimestamp(status.st_mtime, UTC), read, problem, facts)


def _unreadable(name: str, problem: str) -> Entry:
    def read(_limit: int) -> bytes:
        raise BundleError(problem)

    return Entry(name, datetime.fromtimestamp(0, UTC), read, problem)


def _cant_be_read(error: OSError) -> str:
    return f"it can't be read: {error.strerror or error}"


def is_junk(name: str) -> bool:
    """Whether an operating system left it there, and nobody handed it in."""
    parts = name.lower().split("/")
    file = parts[-1]
    return file in _JUNK or file.startswith("._") or not _JUNK_FOLDERS.isdisjoint(parts)


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


def _member_time(info: zipfile.ZipInfo) -> datetime | None:
    """When the file was changed: in UTC where the zip says so, else as written; None if unset."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _TIMESTAMP and size >= 5 and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack_from("<i", extra, 5)[0], UTC)
        extra = extra[4 + size :]
    try:
        return datetime(*info.date_time, tzinfo=UTC) if info.date_time[0] >= _UNSET else None
    except ValueError:
        return None  # a month of 0, a second of 62
