"""Bulk downloads of Canvas and Moodle: whose each file is.

::

    Canvas  doejane_LATE_4711_98765_ring-1.py      name, user, submission, the file's own
    Moodle  Jane Doe_4711_assignsubmission_file/ring.py             name, participant

Both patterns are matched loosely, for systems change them; what does not match is told. Behind
the system's part of a name stands the student's own, which may look like the system's, too: a
name that says two owners is nobody's.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.intake.entries import listed

_CANVAS = re.compile(
    r"(?P<name>.+?)_(?:late_)?(?P<user>\d{1,18})_(?P<upload>\d{1,18})_(?P<file>.+)", re.IGNORECASE
)
_MOODLE = re.compile(
    r"(?:.*/)?(?P<name>[^/]+?)_(?P<user>\d{1,18})_assignsubmission_file[_/]*(?P<file>.*)",
    re.IGNORECASE,
)
_MOODLE_USER = re.compile(r"_(\d{1,18})_assignsubmission_file", re.IGNORECASE)
_RENAMED = re.compile(r"(?:-\d{1,4}| ?\(\d{1,4}\))$")  # ring-1, ring (2)


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as the system knows them, and what the file was called."""

    lms_id: str
    file: str


def owner_of(name: str) -> Owner | None:
    """Whose the file of a download is; None if its path says so nowhere, or of two."""
    file = PurePosixPath(name).name
    canvas = _CANVAS.fullmatch(file)
    if match := _MOODLE.fullmatch(name):
        same = _MOODLE.fullmatch(file)
        both = canvas and same and canvas.start("user") < same.start("user")
        if both or len(set(_MOODLE_USER.findall(name))) > 1:
            return None
        return Owner(match["user"], PurePosixPath(match["file"]).name)
    return Owner(canvas["user"], canvas["file"]) if canvas else None


def original_name(file: str) -> str:
    """The file's name without what a system appends when it is handed in again."""
    path = PurePosixPath(file)
    return _RENAMED.sub("", path.stem) + path.suffix.lower()


def is_download(folder: Path) -> bool:
    """Whether what lies directly in it is mostly named the way Canvas or Moodle name things.

    One name alone may be a student's doing.
    """
    named = [bool(owner_of(f"{each}/") or owner_of(each)) for each in listed(folder)]
    return sum(named) > len(named) / 2
