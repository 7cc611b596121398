"""Notices each save of a file, however the editor saves it."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

import watchfiles

from grader.student.workspace import Workspace

_STEP_MS = 20  # a save is over when nothing has changed for so long
_LOOK_MS = 1_000  # between looks at the files themselves, should no event come
_POLL_S = 0.1  # the same, where this machine gives no events at all
_END_S = 5.0

_Stat = tuple[int, int, int, int]


class Saves:
    """Calls `tell`, from a thread of its own, after each save of a file of the workspace.

    Editors save in many ways: into the file, into another that is renamed to it, or twice in a
    row. So an event is only a reason to look at the files themselves, once nothing moves.
    """

    def __init__(self, workspace: Workspace, tell: Callable[[], None]) -> None:
        self._folder = workspace.folder
        trace = [workspace.trace] if workspace.lab.assignment.trace else []
        own_tests = workspace.folder / workspace.lab.public_suite.name
        self._files = (workspace.file, own_tests, *trace)
        self._tell = tell
        self._seen = self._look()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="saves", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_END_S)

    def _serve(self) -> None:
        for _ in self._moments():
            if (now := self._look()) != self._seen:
                self._seen = now
                self._tell()

    def _moments(self) -> Iterator[None]:
        """Yields whenever the files may have changed, until the end."""
        while not self._stop.is_set():
            # Not to be had: no folder, no more watches allowed, a file system without events.
            with suppress(OSError, RuntimeError), closing(self._changes()) as changes:
                folder = _stat_of(self._folder)
                for _ in changes:
                    yield
                    if not _same_file(folder, _stat_of(self._folder)):
                        break  # another folder by that name: watch that one
            self._stop.wait(_POLL_S)
            yield

    def _changes(self) -> Generator[object]:
        """Yields at every change in the folder, and once in a while without one."""
        return watchfiles.watch(
            self._folder,
            watch_filter=None,
            step=_STEP_MS,
            debounce=10 * _STEP_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            recursive=False,
            debug=False,
        )

    def _look(self) -> tuple[_Stat | None, ...]:
        return tuple(map(_stat_of, self._files))


def _stat_of(path: Path) -> _Stat | None:
    """Facts that differ from one state of a file to the next; None if the file is gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)


def _same_file(one: _Stat | None, other: _Stat | None) -> bool:
    return one is not None and other is not None and one[0] == other[0]
