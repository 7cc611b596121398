"""Mends a student's folder that lost its hidden part, or files of the hand-out, in place."""

import contextlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from grader.course import Course, Lab
from grader.errors import CourseError, UsageError
from grader.files.writing import told_if_refused
from grader.student.folders import OWN, has_lab, is_hand_out
from grader.student.workspace import (
    COURSE,
    Workspace,
    check_nonce,
    fill,
    shown_files,
    workspace_in,
)


def start_here(lab: Lab, folder: Path, nonce: str = "", course: Course | None = None) -> list[str]:
    """Makes the folder a workspace of the lab, and returns the names of what was missing.

    What is there stays, byte for byte: this mends a folder that lost its `.shardlab`, or files of
    the hand-out, and keeps the student's file.

    Raises:
        UsageError: it is no folder for that: another lab's, the hand-out itself, or one that has
            files, but not the student's.
    """
    check_nonce(nonce)
    _refuse_other(lab, folder)
    missing = [name for name in shown_files(lab) if not (folder / name).exists()]
    if not _is_whole(folder, course):
        missing.insert(0, OWN)
    with told_if_refused(), TemporaryDirectory(prefix=f".{lab.slug}-", dir=folder) as draft:
        fill(Path(draft), lab, nonce, course)
        for name in missing:
            if name == OWN:
                _replace_own(Path(draft) / OWN, folder / OWN)
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(draft) / name).rename(folder / name)
        if nonce and Workspace(folder, lab).nonce != nonce:
            (Path(draft) / OWN / "nonce").replace(folder / OWN / "nonce")
            missing.append("nonce")
    return missing


def _is_whole(folder: Path, course: Course | None) -> bool:
    """Whether the hidden part is all there, with the facts of the course where one is known."""
    if not has_lab(folder) or not (course is None or (folder / COURSE).is_file()):
        return False
    with contextlib.suppress(CourseError):
        return bool(workspace_in(folder).lab.hints)
    return False


def _refuse_other(lab: Lab, folder: Path) -> None:
    if is_hand_out(folder):
        raise UsageError(f"{folder} is the hand-out itself; work in a folder of your own")
    if has_lab(folder):
        with contextlib.suppress(CourseError):
            if (other := workspace_in(folder).lab.slug) != lab.slug:
                raise UsageError(f"{folder} is the folder of {other}, not of {lab.slug}")
    file = folder / lab.assignment.file
    if not file.exists() and not (folder / OWN).exists() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} has no {file.name}; go to the folder that has yours, or to an empty one"
        )


def _replace_own(new: Path, old: Path) -> None:
    """Puts a new hidden part in place of a broken one, from which it takes state and nonce."""
    for name in ("state.json", "nonce"):
        if (old / name).is_file() and not (new / name).exists():
            shutil.copyfile(old / name, new / name)
    if old.is_dir():
        old.rename(new.with_name("before"))  # gone with the draft, once the new one is in place
    new.rename(old)
