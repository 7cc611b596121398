"""Files that are no bundles: chooses which of a student's files counts, and refuses the rest."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.course import Lab
from grader.evidence import MAX_TRACE_BYTES
from grader.intake.archive import BundleError
from grader.intake.bundle import MAX_AHEAD, trace_name
from grader.intake.downloads import MOODLE, original_name
from grader.intake.finds import Find, IntakeRefusal, refusal
from grader.intake.members import Member, listed, path_member
from grader.intake.whose import NOTHING_SAID, Said
from grader.intake.wrapped import NotebookReader, from_notebook, in_own_zip
from grader.submissions import MAX_SOURCE_BYTES, from_bytes, is_folder, is_link
from grader.text.ids import as_student_id
from grader.text.shown import escaped

STAFF = "staff"  # whose word `--received` is
WHICH_LAB = "which lab it is for can't be told; say it: --lab SLUG"
_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_TAKEN = (".py", ".ipynb", ".zip")


@dataclass(frozen=True)
class LooseFile:
    """One file of one student: its own name, and where it lies.

    `said` is what a learning-management system says of it, which calls it `part`. One that is
    `wrapped` was in a zip of the student's own, or is made of a notebook.
    """

    student: str
    file: str
    entry: Member
    where: str
    lab: Lab | None = None  # if its place says which
    said: Said = NOTHING_SAID
    part: str = ""
    wrapped: bool = False


@dataclass(frozen=True)
class Scope:
    """The labs that a file may be for, and the present time.

    `received` is when staff say that what has no better word was handed in; `notebook` makes a
    lab's file of a notebook.
    """

    labs: Mapping[str, Lab]
    wanted: str | None
    now: datetime
    received: datetime | None = None
    notebook: NotebookReader | None = None

    def candidates(self) -> list[Lab]:
        """The lab that was asked for, or else all labs."""
        return [self.labs[self.wanted]] if self.wanted else list(self.labs.values())

    def named_lab(self, file: str) -> Lab | None:
        """The lab that a file is for, by its name."""
        name = original_name(file).lower()
        return next((lab for lab in self.candidates() if name in _names(lab)), None)

    def lab_of(self, file: str) -> Lab | None:
        """The lab that a file is for, by its name; if there is only one lab, that one."""
        among = self.candidates()
        return self.named_lab(file) or (among[0] if len(among) == 1 else None)


def choose(files: Iterable[LooseFile], scope: Scope) -> Iterator[Find | IntakeRefusal]:
    """Yields the file that counts for each student and lab, and refuses every other file."""
    sorted_out: dict[tuple[str, str, str], list[LooseFile]] = {}
    for each in (one for file in files for one in _unwrapped(file, scope)):
        if isinstance(each, IntakeRefusal):
            yield each
        elif (lab := each.lab or scope.lab_of(each.file)) is None:
            yield refusal(each.where, WHICH_LAB)
        elif problem := _problem(each, lab):
            yield refusal(each.where, problem)
        else:
            kind = ".trace" if each.file.lower().endswith(".trace") else ".py"
            one = replace(each, lab=lab, student=as_student_id(each.student) or "")
            sorted_out.setdefault((lab.slug, one.student, kind), []).append(one)
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
    """The file `<student>.py`, or a notebook or zip; or the refusal of a file of another kind."""
    name = re.sub(r"(?i)(\.py|\.ipynb)\.txt$", r"\1", path.name)
    stem, dot, suffix = name.rpartition(".")
    if f"{dot}{suffix}".lower() not in _TAKEN:
        return refusal(path, f"it is no .py file and no bundle{_archive(path.name)}")
    return LooseFile(stem, name, path_member(path, path.name), str(path))


def _of_member(folder: Path, scope: Scope) -> Iterator[LooseFile | IntakeRefusal]:
    """Yields the labs' files in one student's folder; other files there are the student's own."""
    names = [each.name for each in _entries(folder) if scope.named_lab(each.name)]
    exact = {lab.slug for lab in scope.candidates() if lab.assignment.file in names}
    found = 0
    for name in names:
        lab = scope.named_lab(name)
        assert lab is not None  # by how they were picked
        own = (lab.assignment.file, trace_name(lab))
        if name.endswith(".trace") and not lab.assignment.trace:
            continue
        if lab.slug not in exact or name in own:
            found += not name.endswith(".trace")
            entry = path_member(folder / name, f"{folder.name}/{name}")
            yield LooseFile(folder.name, name, entry, str(folder / name), lab)
    if not found:
        files = ", ".join(lab.assignment.file for lab in scope.candidates())
        yield refusal(folder, f"no {files} in it")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(listed(folder).values())
    except BundleError:
        return []


def _unwrapped(each: LooseFile, scope: Scope) -> Iterator[LooseFile | IntakeRefusal]:
    """Yields the file itself, or the lab's file in a zip or notebook; or why there is none."""
    name = original_name(each.file).lower()
    try:
        if each.entry.problem or not name.endswith((".zip", ".ipynb")):
            yield each
        elif name.endswith(".zip"):
            for one in in_own_zip(each.entry, scope.candidates()):
                lab = one.lab or each.lab
                inner = replace(each, file=one.name, entry=one.entry, lab=lab, wrapped=True)
                yield from _unwrapped(inner, scope)
        elif (lab := each.lab or scope.lab_of(each.file)) is None:
            yield refusal(each.where, WHICH_LAB)
        else:
            entry = from_notebook(each.entry, lab, scope.notebook)
            file = lab.assignment.file
            yield replace(each, file=file, entry=entry, lab=lab, wrapped=True)
    except BundleError as error:
        yield refusal(each.where, str(error))


def _names(lab: Lab) -> tuple[str, ...]:
    """What a lab's file may be called, in small letters."""
    file, stem = lab.assignment.file.lower(), PurePosixPath(lab.assignment.file.lower()).stem
    return file, trace_name(lab).lower(), f"{stem}.txt", f"{stem}.ipynb", f"{lab.slug}.ipynb"


def _problem(each: LooseFile, lab: Lab) -> str:
    name = original_name(each.file).lower()
    if each.entry.problem:
        return each.entry.problem
    if as_student_id(each.student) is None:
        return f"'{escaped(each.student)[:80]}' is no student id"
    if name.endswith((".py", ".trace")) or name in _names(lab):
        return ""
    return f"it is no .py file{_archive(name)}"


def _archive(name: str) -> str:
    """The mend for an archive of another kind."""
    return "; of archives a .zip is read" if name.lower().endswith(_ARCHIVES) else ""


def _counted(
    files: list[LooseFile], traces: list[LooseFile], scope: Scope
) -> Iterator[Find | IntakeRefusal]:
    best, *others = sorted(files, key=_rank, reverse=True)
    lab = best.lab
    assert lab is not None  # `choose` has seen to it
    source, problem = _bytes(best, MAX_SOURCE_BYTES)
    for each in others:
        if not _is_a_members_copy(each, best, source):
            yield refusal(each.where, f"not counted: {escaped(best.file)} is taken instead")
    trace: bytes | None = None
    for number, each in enumerate(sorted(traces, key=_rank, reverse=True)):
        if not lab.assignment.trace:
            yield refusal(each.where, f"{lab.slug} does not ask for a trace")
        elif number:
            yield refusal(each.where, "not counted: another trace of the same student is newer")
        else:
            trace, trace_problem = _bytes(each, MAX_TRACE_BYTES)
            yield from [refusal(each.where, trace_problem)] if trace_problem else []
    if source is None:
        yield refusal(best.where, problem)
        return
    submission = from_bytes(lab, best.student, source, trace)
    found = Find(lab.slug, best.student, submission, None, _source(best), file=best.file)
    yield with_times(found, best.said, scope)


def with_times(found: Find, said: Said, scope: Scope) -> Find:
    """The find with the system's word on when it came, else with that of staff, else without.

    A time that is yet to come is no time: it is of another zone, or of another clock.
    """
    told = [(said.at, said.time_from), (scope.received, STAFF)]
    known = [(at, whose) for at, whose in told if at is not None and at <= scope.now + MAX_AHEAD]
    at, time_from = known[0] if known else (None, "")
    return replace(
        found,
        submitted_at=at,
        time_from=time_from,
        lms_late=said.late,
        group=said.group,
        called=said.name,
    )


def _is_a_members_copy(each: LooseFile, best: LooseFile, source: bytes | None) -> bool:
    """Whether it is the same work of the same group, of which each member has a copy."""
    alike = each.said.group != "" and each.said.group == best.said.group
    return alike and source is not None and _bytes(each, MAX_SOURCE_BYTES)[0] == source


def _source(each: LooseFile) -> str:
    """The name by which the same file is known again.

    In a download that is the system's name of it; Moodle's says nothing of versions, so the time
    stands with it. A file on disk has the time of its last change, by which its versions differ.
    """
    if not each.part:
        return f"{escaped(each.entry.name)[:200]} {each.entry.at:%Y-%m-%dT%H:%M:%SZ}"
    moodle = each.said.time_from == MOODLE and each.said.at is not None
    return escaped(each.part)[:200] + (f" {each.said.at:%Y-%m-%dT%H:%M:%SZ}" if moodle else "")


def _bytes(each: LooseFile, limit: int) -> tuple[bytes | None, str]:
    """The content, at most one byte more than the limit, or the problem in reading it."""
    try:
        return each.entry.read(limit + 1), ""
    except BundleError as error:
        return None, str(error)


def _rank(each: LooseFile) -> tuple[bool, bool, int, datetime, int, str]:
    """The rank by which a file counts: the lab's own name, not in a zip, the system's number.

    Then, of files on disk, the time; then the number in its name.
    """
    assert each.lab is not None
    named = original_name(each.file).lower() in _names(each.lab)
    number = re.search(r"(?:-|\()(\d{1,4})\)?\.", each.file)
    at = datetime.fromtimestamp(0, UTC) if each.part else each.entry.at
    version = int(number[1]) if number else 0
    return named, not each.wrapped, each.said.upload, at, version, each.where
