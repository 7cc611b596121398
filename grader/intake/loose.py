"""Files that are no bundles: which of a student's files counts, and what becomes of the rest."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from grader.course import Lab
from grader.evidence import MAX_TRACE_BYTES
from grader.intake.archive import BundleError
from grader.intake.bundle import is_student_id, trace_name
from grader.intake.downloads import original_name
from grader.intake.entries import Entry, members, path_entry
from grader.intake.found import Found, Refused, refused
from grader.submissions import (
    MAX_SOURCE_BYTES,
    from_bytes,
    is_folder,
    is_link,
)
from grader.text.shown import escaped

WHICH_LAB = "which lab it is for can't be told; say it: --lab SLUG"


@dataclass(frozen=True)
class Loose:
    """One file of one student: what it was called, and where it is found."""

    student: str
    file: str
    entry: Entry
    where: str
    lab: Lab | None = None  # where the place says which it is for


@dataclass(frozen=True)
class Reading:
    """What a file may be for, and the present time."""

    labs: Mapping[str, Lab]
    wanted: str | None
    now: datetime

    def candidates(self) -> list[Lab]:
        """The labs that are collected: the one that was asked for, else all."""
        return [self.labs[self.wanted]] if self.wanted else list(self.labs.values())

    def lab_of(self, file: str) -> Lab | None:
        """The lab that a file is for, by its name; where there is one lab only, that one."""
        among, name = self.candidates(), original_name(file).lower()
        for lab in among:
            if name in (lab.assignment.file.lower(), trace_name(lab).lower()):
                return lab
        return among[0] if len(among) == 1 else None


def choose(files: Iterable[Loose], reading: Reading) -> Iterator[Found | Refused]:
    """For each student and lab the file that counts; every other file with the reason."""
    sorted_out: dict[tuple[str, str, str], list[Loose]] = {}
    for each in files:
        if problem := _problem(each):
            yield refused(each.where, problem)
        elif (lab := each.lab or reading.lab_of(each.file)) is None:
            yield refused(each.where, WHICH_LAB)
        else:
            kind = PurePosixPath(each.file).suffix.lower()
            one = replace(each, lab=lab)
            sorted_out.setdefault((lab.slug, each.student, kind), []).append(one)
    for (slug, student, kind), some in sorted(sorted_out.items(), key=lambda item: item[0]):
        if kind == ".py":
            yield from _counted(some, sorted_out.get((slug, student, ".trace"), []), reading)
        elif (slug, student, ".py") not in sorted_out:
            file = reading.labs[slug].assignment.file
            yield from (refused(each.where, f"a trace without its {file}") for each in some)


def of_folder(folder: Path, reading: Reading) -> Iterator[Loose | Refused]:
    """The files of a plain folder: `<student>.py`, `<student>/<the lab's file>`, or a workspace."""
    if is_folder(folder / ".shardlab"):
        yield from _of_member(folder.resolve(), reading)
        return
    for member in members(folder):
        if is_link(member):
            yield refused(member, "it is a symbolic link, which is not followed")
        elif is_folder(member):
            yield from _of_member(member, reading)
        else:
            yield of_file(member)


def of_file(path: Path) -> Loose | Refused:
    """The file `<student>.py`; another kind is refused."""
    if path.suffix.lower() != ".py":
        return refused(path, "it is no .py file and no bundle")
    return Loose(path.stem, path.name, path_entry(path, path.name), str(path))


def _of_member(folder: Path, reading: Reading) -> Iterator[Loose | Refused]:
    """The labs' files in the folder of one student; what else lies there is theirs to keep."""
    here = [lab for lab in reading.candidates() if os.path.lexists(folder / lab.assignment.file)]
    if not here:
        files = ", ".join(lab.assignment.file for lab in reading.candidates())
        yield refused(folder, f"no {files} in it")
    for lab in here:
        names = [lab.assignment.file] + [trace_name(lab)] * lab.assignment.trace
        for path in (folder / name for name in names):
            if os.path.lexists(path):
                entry = path_entry(path, f"{folder.name}/{path.name}")
                yield Loose(folder.name, path.name, entry, str(path), lab)


def _problem(each: Loose) -> str:
    suffix = PurePosixPath(each.file).suffix.lower()
    if each.entry.problem:
        return each.entry.problem
    if not is_student_id(each.student):
        return f"'{escaped(each.student)[:80]}' is no student id"
    return "" if suffix in (".py", ".trace") else "it is no .py file"


def _counted(
    files: list[Loose], traces: list[Loose], reading: Reading
) -> Iterator[Found | Refused]:
    best, *others = sorted(files, key=_rank, reverse=True)
    lab = best.lab
    assert lab is not None  # `choose` has seen to it
    for each in others:
        yield refused(each.where, f"not counted: {escaped(best.file)} is taken instead")
    trace: bytes | None = None
    for number, each in enumerate(sorted(traces, key=_rank, reverse=True)):
        if not lab.assignment.trace:
            yield refused(each.where, f"{lab.slug} does not ask for a trace")
        elif number:
            yield refused(each.where, "not counted: another trace of the same student is newer")
        else:
            trace, problem = _bytes(each, MAX_TRACE_BYTES)
            yield from [refused(each.where, problem)] if problem else []
    source, problem = _bytes(best, MAX_SOURCE_BYTES)
    if source is None:
        yield refused(best.where, problem)
    else:
        submission = from_bytes(lab, best.student, source, trace)
        at = min(best.entry.at, reading.now)
        known_as = f"{escaped(best.entry.name)[:200]} {best.entry.at:%Y-%m-%dT%H:%M:%SZ}"
        yield Found(lab.slug, best.student, submission, at, known_as)


def _bytes(each: Loose, limit: int) -> tuple[bytes | None, str]:
    """One byte more than the limit at most, or the problem that keeps it from being read."""
    try:
        return each.entry.read(limit + 1), ""
    except BundleError as error:
        return None, str(error)


def _rank(each: Loose) -> tuple[bool, datetime, int, str]:
    """The lab's own name counts most, then the time, then a number that a system appended."""
    assert each.lab is not None
    named = original_name(each.file).lower() in (each.lab.assignment.file, trace_name(each.lab))
    number = re.search(r"-(\d{1,4})\.", each.file)
    return named, each.entry.at, int(number[1]) if number else 0, each.where
