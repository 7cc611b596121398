"""Brings a changed hand-out and changed public tests to a student, and never touches their file.

Of each file there are three: as it was released before, as it lies in the student's folder, and
as it is released now. What the student edited is kept beside the new one; what did not change
since is left alone, edited or not.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from grader.course import Course, Lab, load_course, written_files
from grader.course.authored import source_of, tree_of
from grader.errors import UsageError
from grader.files.writing import kept_name, told_if_refused, write_whole, write_with_folders
from grader.student.folders import OWN
from grader.student.workspace import (
    COURSE,
    Workspace,
    encoded,
    facts_of,
    shown_files,
)


class FileChange(msgspec.Struct, frozen=True):
    """One file of the hand-out: `new`, `changed` or `gone`. A copy that was edited is `kept` so."""

    name: str
    how: str
    kept: str = ""


class FunctionChange(msgspec.Struct, frozen=True):
    """One function of the stub: `new`, `changed` or `gone`, and its text as it is now."""

    name: str
    how: str
    text: str = ""


class Update(msgspec.Struct, frozen=True):
    """What was brought to a student's folder. Its functions are told, and written nowhere."""

    lab: str
    files: tuple[FileChange, ...] = ()
    functions: tuple[FunctionChange, ...] = ()
    stub: bool = False  # whether it changed in any way
    unbegun: bool = False  # whether the student's file is the stub of before, still
    inside: bool = False  # whether what a student does not see did: hints, rubric, the course


def update(here: Workspace, lab: Lab, course: Course) -> Update:
    """Brings the lab as `course` has it into the student's folder; a second time changes nothing.

    Raises:
        UsageError: the lab now has the student's file under another name.
    """
    old = here.lab
    if lab.assignment.file != old.assignment.file:
        raise UsageError(
            f"{lab.slug} now has {lab.assignment.file} in place of {old.assignment.file}; "
            f"start it anew in another folder, and take your functions along"
        )
    functions = tuple(_functions(old, lab))
    unbegun = _content(here.file) == old.stub.read_bytes()
    stub = lab.stub.read_bytes() != old.stub.read_bytes()
    with told_if_refused():
        files = tuple(_files(here, shown_files(old), shown_files(lab)))
        inside = _bring_own(here, lab, course)
        _forget_lost_items(here, lab)
    return Update(lab.slug, files, functions, stub, stub and unbegun, inside)


def bring_course(course: Course, root: Path) -> tuple[FileChange, ...]:
    """Brings the course as released to the student's unpacked copy of it in `root`.

    What is replaced there is kept, in a folder of its own: somebody may have worked in it.
    """
    new = {path.relative_to(course.root).as_posix(): path for path in _released(course, root)}
    folders = [root / "assignments" / slug for slug in course.slugs]
    old = [path.relative_to(root).as_posix() for each in folders for path in written_files(each)]
    changes = [
        FileChange(name, "changed" if (root / name).exists() else "new")
        for name, path in new.items()
        if _content(root / name) != path.read_bytes()
    ]
    if any(name.endswith(".whl") for name in new):  # one to install from is enough
        old += [path.name for path in root.glob("shardlab-*.whl")]
    changes += [FileChange(name, "gone") for name in old if name not in new]
    kept = kept_name(root / "before")
    with told_if_refused():
        for each in changes:
            if each.how != "new":
                (kept / each.name).parent.mkdir(parents=True, exist_ok=True)
                (root / each.name).rename(kept / each.name)
            if each.how != "gone":
                write_with_folders(root / each.name, new[each.name].read_bytes())
    replaced = str(kept.name) if kept.exists() else ""
    return tuple(msgspec.structs.replace(each, kept=replaced) for each in changes)


def _released(course: Course, root: Path) -> Iterator[Path]:
    """The files of a released course; not its course.toml where `root` knows more labs."""
    yield from written_files(course.root / "assignments")
    if set(load_course(root).slugs) <= set(course.slugs):
        yield course.root / "course.toml"
    yield from course.root.glob("*.txt")
    yield from course.root.glob("shardlab-*.whl")


def _files(
    here: Workspace, old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> Iterator[FileChange]:
    for name in sorted({*old, *new} - {here.file.name}):
        path, now = here.folder / name, new.get(name)
        there = _content(path)
        if now in (old.get(name), there):
            continue  # as it was released before, or as it is to be
        edited = path.exists() and there != old.get(name)
        kept = _kept(path) if edited else ""
        if now is not None:
            write_with_folders(path, now)
            yield FileChange(name, "changed" if name in old else "new", kept)
        else:
            path.unlink(missing_ok=True)
            yield FileChange(name, "gone", kept)


def _kept(path: Path) -> str:
    kept = kept_name(path)
    path.rename(kept)
    return kept.name


def _bring_own(here: Workspace, lab: Lab, course: Course) -> bool:
    """Brings the hidden part, file by file: one that breaks off is mended by the next."""
    own, before = here.folder / OWN / "lab", here.course
    new = {path.relative_to(lab.folder): path.read_bytes() for path in written_files(lab.folder)}
    changed = False
    for relative, content in new.items():
        if _content(own / relative) != content:
            write_with_folders(own / relative, content)
            changed = True
    for path in list(written_files(own)):
        if path.relative_to(own) not in new:
            path.unlink()
            changed = True
    if (facts := facts_of(course)) != before:
        write_whole(here.folder / COURSE, encoded(facts))
        changed = True
    return changed


def _forget_lost_items(here: Workspace, lab: Lab) -> None:
    """The item that failed last may not be there any more; then there is no hint for it."""
    state = here.state()
    if state.last_failed and state.last_failed not in {each.item for each in lab.rubric}:
        state.last_failed = ""
        here.remember(state)


def _functions(old: Lab, new: Lab) -> Iterator[FunctionChange]:
    before, now = _texts(old.stub), _texts(new.stub)
    for name, text in now.items():
        if name not in before:
            yield FunctionChange(name, "new", text)
        elif before[name] != text:
            yield FunctionChange(name, "changed", text)
    for name in before:
        if name not in now:
            yield FunctionChange(name, "gone")


def _texts(stub: Path) -> dict[str, str]:
    """What stands in the stub for each function and class, decorators and all."""
    lines = source_of(stub).splitlines()
    found = {}
    for node in tree_of(stub).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def _content(path: Path) -> bytes | None:
    """What is in the file; nothing where there is none, or none that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None
