"""Zip files of one canonical form: stored members, one after the other, and nothing else.

Canonical means that a reader needs no trust in any zip library: what was read is written again,
and has to give the same bytes.
"""

import io
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping

from grader.text.shown import escaped

MAX_MEMBERS = 4
_END_BYTES = 22  # of the end record, which is last: a bundle has no comment
_MAX_DIRECTORY_BYTES = MAX_MEMBERS * 256
_LONG_AGO = (2000, 1, 1, 0, 0, 0)  # one date for all members: equal content gives equal bytes
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_ENCRYPTED = 0x1
# What zipfile raises over bytes that are no zip, or one that it can't read.
_ZIP_ERRORS = (zipfile.BadZipFile, RuntimeError, EOFError, ValueError, OverflowError, OSError)


class BundleError(Exception):
    """What was handed in is refused; the text says why, in printable words."""


def stored_zip(members: Mapping[str, bytes]) -> bytes:
    """The one zip file that holds these members in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", allowZip64=False) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _LONG_AGO)
            info.create_system = 3  # else it would tell who packs on Windows
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content, zipfile.ZIP_STORED)
    return buffer.getvalue()


def read_stored_zip(raw: bytes) -> dict[str, bytes]:
    """The members of a zip that `stored_zip` wrote; anything else raises BundleError."""
    _check_end(raw)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = archive.infolist()
            for problem in _problems(infos):
                raise BundleError(problem)
            members = {info.filename: archive.read(info) for info in infos}
    except _ZIP_ERRORS as error:
        raise BundleError(f"it is damaged: {escaped(str(error))[:200]}") from None
    if stored_zip(members) != raw:
        raise BundleError(
            "it is not byte for byte what 'shardlab submit' writes: "
            "something lies before, between or beside its members"
        )
    return members


def _check_end(raw: bytes) -> None:
    """Refuses by the last bytes alone what would be costly or ambiguous to look into."""
    end = raw[-_END_BYTES:]
    if not end.startswith(b"PK\5\6") or len(end) < _END_BYTES:
        if not raw.startswith(b"PK"):
            raise BundleError("it is no zip file")
        if b"PK\5\6" in raw:
            raise BundleError("something follows the end of the zip")
        raise BundleError("it is cut short: a zip without its end")
    count = int.from_bytes(end[10:12], "little")
    directory = int.from_bytes(end[12:16], "little")
    if b"PK\6\7" in raw[-_END_BYTES - 20 : -_END_BYTES]:
        raise BundleError("it is in the zip64 format, which no bundle needs")
    if count > MAX_MEMBERS or directory > _MAX_DIRECTORY_BYTES:
        raise BundleError(f"it has {count} members, and a bundle {MAX_MEMBERS} at most")


def _problems(infos: list[zipfile.ZipInfo]) -> Iterator[str]:
    seen = set[str]()
    for info in infos:
        name = escaped(info.orig_filename)[:80]
        if (folded := info.orig_filename.casefold()) in seen:
            yield f"member {name} is there twice"
        seen.add(folded)
        if info.flag_bits & _ENCRYPTED:
            yield f"member {name} is encrypted"
        if problem := _kind_problem(info):
            yield f"member {name} {problem}"
        if not _PLAIN.fullmatch(info.orig_filename):
            yield f"member {name}: its name is no plain file name"
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            yield f"member {name} is compressed; the members of a bundle are stored as they are"


def _kind_problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if re.search(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:", info.orig_filename):
        return "leads out of the bundle"
    if kind == stat.S_IFLNK:
        return "is a symbolic link"
    if info.is_dir() or kind == stat.S_IFDIR:
        return "is a folder"
    return "" if kind in (0, stat.S_IFREG) else "is no regular file"
