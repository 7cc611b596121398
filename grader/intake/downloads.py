"""Bulk downloads of Canvas and Moodle: what their names say of each file.

::

    Canvas  doejane_LATE_4711_98765_ring-1.py      name, user, upload, the file's own
            anon_Ab3dE_98765_ring.py               of an anonymous assignment
    Moodle  Jane Doe_5903_assignsubmission_file/ring.py             name, number
            Ring team_77_assignsubmission_file/ring.py              a group's

Canvas's number is a user's, in all assignments. Moodle's is drawn for one assignment, or is a
group's: who that is, only names and Moodle's worksheet say. `LATE` is written in capitals, and all
else of the name in small letters.

Patterns are matched loosely, because systems change them. A name that may be read in several ways
has several readings: a person's or a file's own name may imitate the system's part. Who it is, is
for `whose` to settle.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.intake.members import listed

CANVAS, MOODLE = "Canvas", "Moodle"
_NUMBER = re.compile(r"[0-9]{1,18}")
_ANONYMOUS = re.compile(
    r"(?:LATE_)?anon_(?P<name>[A-Za-z0-9]{5})_(?P<upload>[0-9]{1,18})_(?P<file>.+)"
)
_CANVAS_TEXT = re.compile(
    r".*_[0-9]{1,18}_(?:text|link)\.html|(?:LATE_)?anon_\w{5}_(?:text|link)\.html"
)
_MOODLE = re.compile(
    r"(?P<name>[^/]*?)(?:_(?P<number>[0-9]{1,18}))?_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)",
    re.IGNORECASE,
)
_MOODLE_PART = re.compile(r"_assignsubmission_[a-z]+", re.IGNORECASE)
_RENAMED = re.compile(r"(?:-\d{1,4}| ?\(\d{1,4}\)|(?: -)? [Cc]opy(?: \(?\d{1,4}\)?)?)$")
TYPED = "it was typed into {}'s own text field: ask for the file"


@dataclass(frozen=True)
class Reading:
    """One way to read a name: the person's or group's name, their number, the file's own name.

    `upload` is Canvas's number of the file, which a later one exceeds; `anonymous` is the id that
    Canvas shows in place of a name.
    """

    name: str
    number: str
    file: str
    late: bool = False
    upload: int = 0
    anonymous: str = ""


@dataclass(frozen=True)
class Upload:
    """A file that a system's name tells of: `part` is its path from that name on."""

    system: str
    part: str
    readings: tuple[Reading, ...]
    problem: str = ""


def upload_of(name: str) -> Upload | None:
    """What the path of a file in a download says; None if it is no such path, or of two kinds."""
    file = PurePosixPath(name).name
    canvas = tuple(_canvas_readings(file))
    if _MOODLE_PART.search(name):
        return None if canvas and _before_moodle(canvas) else _of_moodle(name)
    if _CANVAS_TEXT.fullmatch(file) and len(canvas) < 2:
        return Upload(CANVAS, file, canvas, TYPED.format(CANVAS))
    return Upload(CANVAS, file, canvas) if canvas else None


def original_name(file: str) -> str:
    """The file's name without what systems append: `ring-1.py`, `ring (2).PY`, `ring.py.txt`."""
    path = PurePosixPath(file)
    while path.suffix.lower() in (".txt", ".py") and PurePosixPath(path.stem).suffix:
        inner = PurePosixPath(path.stem).suffix.lower()
        if inner not in (".py", ".ipynb", ".trace", ".zip"):
            break
        path = path.with_name(path.stem)
    return _RENAMED.sub("", path.stem) + path.suffix.lower()


def is_download(folder: Path) -> bool:
    """Whether most names in the folder are such as Canvas or Moodle give.

    A single such name may be a student's doing.
    """
    named = [bool(upload_of(f"{each}/") or upload_of(each)) for each in listed(folder)]
    return sum(named) > len(named) / 2


def _canvas_readings(file: str) -> Iterator[Reading]:
    """Yields each pair of numbers that may be the user's and the upload's, and who is hidden."""
    if hidden := _ANONYMOUS.fullmatch(file):
        late = file.startswith("LATE_")
        yield Reading("", "", hidden["file"], late, int(hidden["upload"]), hidden["name"])
    parts = file.split("_")
    for at in range(1, len(parts) - 2):
        own = "_".join(parts[at + 2 :])
        if own and _NUMBER.fullmatch(parts[at]) and _NUMBER.fullmatch(parts[at + 1]):
            late = at > 1 and parts[at - 1] == "LATE"
            name = "_".join(parts[: at - 1 if late else at])
            yield Reading(name, parts[at], own, late, int(parts[at + 1]))


def _before_moodle(canvas: tuple[Reading, ...]) -> bool:
    """Whether Canvas's part stands before Moodle's, which then is a student's doing."""
    return _MOODLE_PART.search(f"_{canvas[0].file}") is not None


def _of_moodle(name: str) -> Upload | None:
    """The first part of the path that is Moodle's; what lies below it, a student named."""
    if len(re.findall(r"_[0-9]{1,18}_assignsubmission_", name, re.IGNORECASE)) > 1:
        return None
    parts = name.split("/")
    for at, part in enumerate(parts):
        if match := _MOODLE.fullmatch(part):
            file = PurePosixPath(name).name if at < len(parts) - 1 else match["file"]
            reading = Reading(match["name"], match["number"] or "", file)
            typed = "" if match["kind"].lower() == "file" else TYPED.format(MOODLE)
            return Upload(MOODLE, "/".join(parts[at:]), (reading,), typed)
    return None
