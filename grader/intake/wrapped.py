"""A lab's file as students pack it: in a zip of their own, or as the cells of a notebook.

What is read is what can only be one thing: the one file in the zip that the lab asks for, in
whatever folder; a notebook through the reader that is given. All else is refused with the mend.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.course import Lab
from grader.intake.archive import BundleError
from grader.intake.bundle import trace_name
from grader.intake.downloads import original_name, upload_of
from grader.intake.members import Member, Zip
from grader.text.shown import escaped

# Makes the lab's file of a notebook; BundleError says why it can't.
NotebookReader = Callable[[Lab, bytes], bytes]
MAX_WRAPPED_BYTES = 32 << 20  # of a student's own zip or notebook: a trace may have half
_MOST_FILES = 5000


@dataclass(frozen=True)
class Wrapped:
    """A file that a student's zip holds: its name there, its content, and its lab if it is told."""

    name: str
    entry: Member
    lab: Lab | None = None


def in_own_zip(outer: Member, labs: Sequence[Lab]) -> list[Wrapped]:
    """What counts in a student's own zip; BundleError with the mend if that is not clear.

    It is the file that each lab asks for, with its trace; else the only notebook; else, if it can
    be for one lab only, the only Python file.
    """
    members = _members(outer)
    if any(upload_of(each.name) for each in members):
        raise BundleError("it is the download of a whole class: collect it by itself")
    found = [one for lab in labs for one in _of_lab(outer, members, lab)]
    if found:
        return found
    for ending in (".ipynb", ".py"):
        alike = [each for each in members if each.name.lower().endswith(ending)]
        if len(alike) == 1 and (ending == ".ipynb" or len(labs) == 1):
            return [Wrapped(_file(alike[0]), _within(outer, alike[0]))]
    asked = " or ".join(lab.assignment.file for lab in labs[:3])
    raise BundleError(f"a zip without {asked} in it: ask for that file itself")


def from_notebook(entry: Member, lab: Lab, reader: NotebookReader | None) -> Member:
    """The notebook as a member whose content is the lab's file."""
    if reader is None:
        raise BundleError(f"a notebook, which is not read here: ask for {lab.assignment.file}")
    source = reader(lab, _whole(entry))
    return replace(entry, read=lambda limit: source[:limit])


def _of_lab(outer: Member, members: Sequence[Member], lab: Lab) -> Iterator[Wrapped]:
    """Yields the lab's file and its trace, each if it is there once; refuses it if twice."""
    for wanted in [lab.assignment.file] + [trace_name(lab)] * lab.assignment.trace:
        alike = [each for each in members if original_name(_file(each)) == wanted.lower()]
        exact = [each for each in alike if _file(each).lower() == wanted.lower()]
        if len(found := exact or alike) > 1:
            names = ", ".join(escaped(each.name)[:60] for each in found[:3])
            raise BundleError(f"its zip holds {wanted} more than once: {names}; ask for one")
        yield from (Wrapped(_file(each), _within(outer, each), lab) for each in found)


def _file(member: Member) -> str:
    return PurePosixPath(member.name).name


def _members(outer: Member) -> list[Member]:
    with Zip(io.BytesIO(_whole(outer)), outer.at) as archive:
        return list(archive.entries(_MOST_FILES))


def _whole(entry: Member) -> bytes:
    raw = entry.read(MAX_WRAPPED_BYTES + 1)
    if len(raw) > MAX_WRAPPED_BYTES:
        raise BundleError(f"it is larger than {MAX_WRAPPED_BYTES >> 20} MB")
    return raw


def _within(outer: Member, inner: Member) -> Member:
    """The inner file, which is read by opening the outer one again: few are in memory at once."""

    def read(limit: int) -> bytes:
        with Zip(io.BytesIO(_whole(outer)), outer.at) as archive:
            again = next(each for each in archive.entries(_MOST_FILES) if each.name == inner.name)
            return again.read(limit)

    return replace(outer, read=read, problem=inner.problem)
