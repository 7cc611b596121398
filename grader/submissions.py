"""Submissions on disk: what counts as one, and its files as bytes.

Names come from files and folders that students chose, and links lead where they like, so
nothing below a given path is followed, and only the lab's own file is read. What can't be
read is a submission all the same, with its `problem` in words: none is lost.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.course import Lab
from grader.errors import UsageError
from grader.evidence import MAX_TRACE_BYTES
from grader.files import sources
from grader.text.ids import as_student_id
from grader.text.shown import escaped

MAX_SOURCE_BYTES = 256 << 10
_MAX_REASON = 200  # which may quote the file


@dataclass(frozen=True)
class Submission:
    """One student's work on one lab: its files, or the problem that keeps them from loading.

    Hidden inputs are drawn for `student`, which is its name where nobody says otherwise.
    """

    name: str
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    problem: str = ""
    student: str = ""
    trace: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "student", self.student or self.name)


def read_submissions(lab: Lab, paths: Iterable[Path]) -> list[Submission]:
    """Every submission at the paths, each of which exists, with names made unique.

    A file is one submission. A folder is a workspace, or holds one submission per `.py` file and
    per sub-folder.
    """
    named: dict[str, Submission] = {}
    for path in paths:
        for submission in _at(lab, path):
            first = name = as_student_id(submission.name) or escaped(submission.name)
            number = 2
            while name in named:
                name, number = f"{first}-{number}", number + 1
            named[name] = replace(submission, name=name, student=name)
    return list(named.values())


def read_submission(lab: Lab, path: Path, name: str) -> Submission:
    """The submission whose one file is at `path`; a link given there is not followed."""
    try:
        source = read_regular(path, MAX_SOURCE_BYTES)
    except OSError as error:
        return Submission(name, problem=_why_unreadable(path, lab.assignment.file, error))
    submission = from_bytes(lab, name, source)
    if submission.problem or not lab.assignment.trace:
        return submission
    return replace(submission, trace=_trace_beside(path))


def from_bytes(lab: Lab, name: str, source: bytes, trace: bytes | None = None) -> Submission:
    """The submission with this source; where that is no text, its `problem` says why."""
    if problem := _source_problem(source, lab.assignment.file):
        return Submission(name, problem=problem)
    return Submission(name, {lab.assignment.file: source}, trace=trace)


def from_source(lab: Lab, name: str, source: bytes) -> Submission:
    """The submission with this source of our own, which is not checked."""
    return Submission(name, {lab.assignment.file: source})


def _at(lab: Lab, path: Path) -> Iterator[Submission]:
    if not is_folder(path) or path.suffix == ".py":
        yield read_submission(lab, path, path.stem)
    elif _is_workspace(lab, path):
        yield read_submission(lab, path / lab.assignment.file, path.resolve().name)
    else:
        for member in _members(path):
            if not member.name.startswith((".", "__")):
                yield from _member(lab, member)


def _is_workspace(lab: Lab, folder: Path) -> bool:
    """Whether the folder is a student's workspace: it has the lab's file and public tests.

    An inbox may have two members of just these names. It is told by its other members: taken for
    a workspace, it would leave everybody else in it ungraded.
    """
    own = {lab.assignment.file, lab.public_suite.name}
    if not all(is_file(folder / name) for name in own):
        return False
    others = [each for each in _members(folder) if each.name not in own]
    submitted = any(
        each.suffix.lower() == ".py" or is_file(each / lab.assignment.file)
        for each in others
        if not each.name.startswith((".", "__"))
    )
    return is_folder(folder / ".shardlab") or not submitted


def _members(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}") from None


def _member(lab: Lab, member: Path) -> Iterator[Submission]:
    if member.suffix.lower() == ".py":
        yield read_submission(lab, member, member.stem)
    elif is_link(member):
        yield Submission(member.name, problem=_is_a_link(member))
    elif is_folder(member):
        yield read_submission(lab, member / lab.assignment.file, member.name)


def _trace_beside(path: Path) -> bytes | None:
    """The trace that `shardlab capture` wrote beside the file, cut one byte beyond the limit.

    One that can't be read counts as absent: the items that ask for it say so.
    """
    try:
        return read_regular(path.with_suffix(".trace"), MAX_TRACE_BYTES)
    except OSError:
        return None


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a regular file, one more than the limit at most; never waits for a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no regular file")
        return file.read(limit + 1)


def _why_unreadable(path: Path, file: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"no {file} in it"
    if is_link(path):
        return _is_a_link(path)
    name = escaped(path.name)
    if isinstance(error, IsADirectoryError):
        return f"{name} is a folder, not a file"
    return f"{name} can't be read: {error.strerror or error}"


def _is_a_link(path: Path) -> str:
    return f"{escaped(path.name)} is a symbolic link, which is not followed"


def is_folder(path: Path) -> bool:
    """Whether there is a folder at the path. Unlike pathlib's, this and the next two never raise.

    A student's folder that may not be looked into must not keep back the others.
    """
    return stat.S_ISDIR(_mode(path, follow=True))


def is_file(path: Path) -> bool:
    """Whether there is a regular file at the path."""
    return stat.S_ISREG(_mode(path, follow=True))


def is_link(path: Path) -> bool:
    """Whether there is a symbolic link at the path."""
    return stat.S_ISLNK(_mode(path, follow=False))


def _mode(path: Path, *, follow: bool) -> int:
    try:
        return path.stat(follow_symlinks=follow).st_mode
    except OSError:
        return 0


def _source_problem(source: bytes, file: str) -> str:
    if len(source) > MAX_SOURCE_BYTES:
        return f"{file} is larger than {MAX_SOURCE_BYTES >> 10} kB; no answer needs as much"
    if not source.strip():
        return f"{file} is empty"
    if b"\0" in source:
        return f"{file} is not text: it holds NUL bytes"
    try:
        sources.check(source)
    except sources.UnreadableError as error:
        reason = escaped(str(error)[:_MAX_REASON])
        return f"{file} is not UTF-8 text: {reason}; save it as UTF-8"
    return ""
