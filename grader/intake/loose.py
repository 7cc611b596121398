"""Files that are no bundles: chooses which of a student's files counts, and refuses the rest."""

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
from grader.intake.finds import Find, IntakeRefusal, refusal
from grader.intake.members import Member, listed, path_member
from grader.submissions import MAX_SOURCE_BYTES, from_bytes, is_folder, is_link
from grader.text.shown import escaped

WHICH_LAB = "which lab it is for can't be told; say it: --lab SLUG"


@dataclass(frozen=True)
class LooseFile:
    """One file of one student: its own name, and where it lies."""

    student: str
    file: str
    entry: Member
    where: str
    lab: Lab | None = None  # if its place says which


@dataclass(frozen=True)
class Scope:
    """The labs that a file may be for, and the present time."""

    labs: Mapping[str, Lab]
    wanted: str | None
    now: datetime

    def candidates(self) -> list[Lab]:
        """The lab that was asked for, or else all labs."""
        return [self.labs[self.wanted]] if self.wanted else list(self.labs.values())

    def lab_of(self, file: str) -> Lab | None:
        """The lab that a file is for, by its name; if there is only one lab, that one."""
        among, name = self.candidates(), original_name(file).lower()
        for lab in among:
            if name in (lab.assignment.file.lower(), trace_name(lab).lower()):
                return lab
        return among[0] if len(among) == 1 else None


def choose(files: Iterable[LooseFile], scope: Scope) -> Iterator[Find | IntakeRefusal]:
    """Yields the file that counts for each student and lab, and refuses every other file."""
    sorted_out: dict[tuple[str, str, str], list[LooseFile]] = {}
    for each in files:
        if problem := _problem(each):
            yield refusal(each.where, problem)
        elif (lab := each.lab or scope.lab_of(each.file)) is None:
            yield refusal(each.where, WHICH_LAB)
        else:
            kind = PurePosixPath(each.file).suffix.lower()
            one = replace(each, lab=lab)
            sorted_out.setdefault((lab.slug, each.student, kind), []).append(one)
    for (slug, student, kind), some in sorted(sorted_out.items(), key=lambda item: item[0]):
        if kind == ".py":
            yield from _counted(some, sorted_out.get((slug, student, ".trace"), []), scope)
        elif (slug, student, ".py") not in sorted_out:
            file = scope.labs[slug].assignment.file
            yield from (refusal(each.where, f"a trace without its {file}") for each in some)


def of_folder(folder: Path, scope: Scope) -> Iterator[LooseFile | IntakeRefusal]:
    """Yields a plain folder's files: `<student>.py`, `<student>/<lab's file>`, or a workspace's."""
    if is_folder(folder / ".shardlab"):
        yield from _of_member(folder.resolve(), scope)
        return
    for member in (folder / name for name in listed(folder)):
        if is_link(member):
            yield refusal(member, "it is a symbolic link, which is not followed")
        elif is_folder(member):
            yield from _of_member(member, scope)
        else:
            yield of_file(member)


def of_file(path: Path) -> LooseFile | IntakeRefusal:
    """The file `<student>.py`, or the refusal of a file of another kind."""
    if path.suffix.lower() != ".py":
        return refusal(path, "it is no .py file and no bundle")
    return LooseFile(path.stem, path.name, path_member(path, path.name), str(path))


def _of_member(folder: Path, scope: Scope) -> Iterator[LooseFile | IntakeRefusal]:
    """Yields the labs' files in one student's folder; other files there are the student's own."""
    here = [lab for lab in scope.candidates() if os.path.lexists(folder / lab.assignment.file)]
    if not here:
        files = ", ".join(lab.assignment.file for lab in scope.candidates())
        yield refusal(folder, f"no {files} in it")
    for lab in here:
        names = [lab.assignment.file] + [trace_name(lab)] * lab.assignment.trace
        for path in (folder / name for name in names):
            if os.path.lexists(path):
                entry = path_member(path, f"{folder.name}/{path.name}")
                yield LooseFile(folder.name, path.name, entry, str(path), lab)


def _problem(each: LooseFile) -> str:
    suffix = PurePosixPath(each.file).suffix.lower()
    if each.entry.problem:
        return each.entry.problem
    if not is_student_id(each.student):
        return f"'{escaped(each.student)[:80]}' is no student id"
    return "" if suffix in (".py", ".trace") else "it is no .py file"


def _counted(
    files: list[LooseFile], traces: list[LooseFile], scope: Scope
) -> Iterator[Find | IntakeRefusal]:
    best, *others = sorted(files, key=_rank, reverse=True)
    lab = best.lab
    assert lab is not None  # `choose` has seen to it
    for each in others:
        yield refusal(each.where, f"not counted: {escaped(best.file)} is taken instead")
    trace: bytes | None = None
    for number, each in enumerate(sorted(traces, key=_rank, reverse=True)):
        if not lab.assignment.trace:
            yield refusal(each.where, f"{lab.slug} does not ask for a trace")
        elif number:
            yield refusal(each.where, "not counted: another trace of the same student is newer")
        else:
            trace, problem = _bytes(each, MAX_TRACE_BYTES)
            yield from [refusal(each.where, problem)] if problem else []
    source, problem = _bytes(best, MAX_SOURCE_BYTES)
    if source is None:
        yield refusal(best.where, problem)
    else:
        submission = from_bytes(lab, best.student, source, trace)
        at = min(best.entry.at, scope.now)
        known_as = f"{escaped(best.entry.name)[:200]} {best.entry.at:%Y-%m-%dT%H:%M:%SZ}"
        yield Find(lab.slug, best.student, submission, at, known_as)


def _bytes(each: LooseFile, limit: int) -> tuple[bytes | None, str]:
    """The content, at most one byte more than the limit, or the problem in reading it."""
    try:
        return each.entry.read(limit + 1), ""
    except BundleError as error:
        return None, str(error)


def _rank(each: LooseFile) -> tuple[bool, datetime, int, str]:
    """The rank by which a file counts: the lab's own name, then its time, then its number."""
    assert each.lab is not None
    named = original_name(each.file).lower() in (each.lab.assignment.file, trace_name(each.lab))
    number = re.search(r"-(\d{1,4})\.", each.file)
    return named, each.entry.at, int(number[1]) if number else 0, each.where
