"""Finds out whether version control has what must stay out of it, without running git.

git keeps the names of the files that it tracks in `.git/index` (gitformat-index). Versions 2 and 3
have each name in full, with its length before it; of version 4, which shortens them, nothing is
told.
"""

from pathlib import Path

from grader.course.key import KINDS

_MAX_INDEX = 64 << 20
_LONG = 0xFFF  # the length of a name that is this long or longer


def tracked(root: Path) -> list[str]:
    """The keys and gradebooks of the course that git tracks; none where that can't be told."""
    names = [*(each.file for each in KINDS), *sorted(each.name for each in root.glob("*.sqlite3*"))]
    for folder in (root.resolve(), *root.resolve().parents):
        index = _index_of(folder)
        if index is not None:
            prefix = root.resolve().relative_to(folder)
            return [name for name in names if _has(index, (prefix / name).as_posix())]
    return []


def _index_of(folder: Path) -> bytes | None:
    """The index of the repository whose top the folder is; None if it is none."""
    place = folder / ".git"
    try:
        if place.is_file():  # of a worktree, or of a submodule: it names the true folder
            named = place.read_text("utf-8").removeprefix("gitdir:").strip()
            place = (folder / named).resolve()
        if not place.is_dir():
            return None
        path = place / "index"
        if not path.is_file() or path.stat().st_size > _MAX_INDEX:
            return b""
        return path.read_bytes()
    except (OSError, ValueError):
        return b""


def _has(index: bytes, name: str) -> bool:
    """Whether an entry of the index has this name, by its length, its bytes and its end."""
    text = name.encode("utf-8", "surrogateescape")
    if index[:4] != b"DIRC" or int.from_bytes(index[4:8], "big") not in (2, 3):
        return False
    length = min(len(text), _LONG)
    at = index.find(text + b"\0")
    while at >= 0:
        # version 3 may have two more bytes of flags between the length and the name
        flags = (int.from_bytes(index[at - n : at - n + 2], "big") for n in (2, 4))
        if any(each & _LONG == length for each in flags):
            return True
        at = index.find(text + b"\0", at + 1)
    return False
