"""Every save is told, however the editor saves; what is no save is not."""

import queue
import shutil
from contextlib import contextmanager

import pytest
import watchfiles

from grader.student.saves import Saves
from grader.student.workspace import start

_BOUND_S = 20.0


@pytest.fixture
def workspace(course, tmp_path):
    """A student's folder."""
    return start(course.lab("adding"), tmp_path)


@contextmanager
def watched(workspace):
    """What is told while the block runs, once the watch is certain to be on."""
    told = queue.SimpleQueue()
    with Saves(workspace, lambda: told.put(None)):
        replaced(workspace.file, "begun = 1\n")
        told.get(timeout=_BOUND_S)
        yield told


def replaced(path, text):
    """A save as most editors do it: into another file, renamed to this one."""
    draft = path.with_name(".draft")
    draft.write_text(text)
    draft.replace(path)


def written(path, text):
    """A save into the file itself."""
    path.write_text(text)


def removed(path, _text):
    """No save, but the file is not what it was."""
    path.unlink()


def kept_aside(path, text):
    """A save as vim does it: the old file renamed, a new one in its place."""
    path.replace(path.with_name(f"{path.name}~"))
    path.write_text(text)


def saved_unchanged(path, _text):
    """The same content once more: somebody wants to see it checked again."""
    replaced(path, path.read_text())


def made_unreadable(path, _text):
    """No content has changed, but what a check can read of it."""
    path.chmod(0)


WAYS = [replaced, written, removed, kept_aside, saved_unchanged, made_unreadable]


@pytest.mark.parametrize("save", WAYS)
@pytest.mark.parametrize("name", ["adding.py", "test_public.py"])
def test_a_save_is_told(workspace, save, name):
    """The student's file and the public tests, in every way in which editors save."""
    with watched(workspace) as told:
        save(workspace.folder / name, "x = 2\n")
        told.get(timeout=_BOUND_S)


def test_a_file_that_comes_back_is_told(workspace):
    """Gone, told; back, told again."""
    with watched(workspace) as told:
        workspace.file.unlink()
        told.get(timeout=_BOUND_S)
        workspace.file.write_text("x = 2\n")
        told.get(timeout=_BOUND_S)


def test_what_is_no_save_is_not_told(workspace):
    """Reading, swap files, caches and notes beside the file: one save after them, one word."""
    with watched(workspace) as told:
        workspace.file.read_text()
        (workspace.folder / ".adding.py.swp").write_text("swap")
        (workspace.folder / "notes.txt").write_text("notes")
        workspace.remember(workspace.state())
        replaced(workspace.file, "x = 2\n")
        told.get(timeout=_BOUND_S)
        assert told.empty()


def test_a_folder_that_was_replaced_is_watched_on(workspace):
    """A checkout or an unpacked copy puts another folder in its place; saves in it are told."""
    with watched(workspace) as told:
        copy = workspace.folder.with_name("copy")
        shutil.copytree(workspace.folder, copy)
        shutil.rmtree(workspace.folder)
        copy.replace(workspace.folder)
        told.get(timeout=_BOUND_S)
        replaced(workspace.file, "x = 2\n")
        told.get(timeout=_BOUND_S)


def test_saves_are_told_without_events(workspace, monkeypatch):
    """Where the system allows no more watches, the files are looked at instead."""

    def refused(*_paths, **_options):
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watchfiles, "watch", refused)
    with watched(workspace) as told:
        replaced(workspace.file, "x = 2\n")
        told.get(timeout=_BOUND_S)
