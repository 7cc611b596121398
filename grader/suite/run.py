"""A suite, public or hidden, kept ready in this (the trusted) process for many submissions.

pytest collects once, in a thread of its own, and stays in its loop: collecting again for each
submission would cost more than running most suites. The thread takes one submission at a time
and does nothing between them.
"""

import io
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from grader.course import Lab
from grader.drawing import Drawing
from grader.errors import CourseError
from grader.evidence import importable
from grader.suite.collecting import Collecting
from grader.suite.evidence import Evidence
from grader.suite.examined import ExaminedCase
from grader.suite.finding import CaseResult
from grader.suite.judging import Judging, item_of, looks_at_trace
from grader.suite.plugin import SuitePlugin
from grader.suite.processes import Processes
from grader.suite.proxy import Calls
from grader.suite.stuck import stack_of, waits_for_submission

# What pytest brings that a suite has no use for, each of which costs time in every run.
_LEFT_OUT = (
    *("cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml"),
    *("legacypath", "logging", "pastebin", "setuponly", "setupplan", "stepwise", "terminal"),
    *("threadexception", "tmpdir", "unittest", "unraisableexception", "warnings"),
)
_END_SECONDS = 2.0
_LOOKS = 2  # one after the other, before a suite that is not seen to wait counts as stuck
# Held while a suite is collected: what pytest prints then, and the modules that it imports, are
# looked at by way of what all threads of the process share.
_COLLECTING = threading.Lock()


@dataclass(frozen=True)
class SuiteRun:
    """Every case that was judged, in rubric order, and the picture if one was drawn.

    `picture` is all of it in lines of text; `drawings` is what can be had as an SVG, too.
    """

    results: tuple[CaseResult, ...]
    picture: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()


class Suite:
    """A collected suite. Runs on one submission after another, one at a time.

    With `patience_s`, one that is busy with itself for twice as long breaks off, and says where it
    was; what it waits for in the sandbox has limits of its own.
    """

    def __init__(self, path: Path, lab: Lab, patience_s: float | None = None) -> None:
        self._path = path
        self._lab = lab
        self._patience_s = patience_s
        self._work: queue.SimpleQueue[Judging | None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[CaseResult | BaseException | None] = queue.SimpleQueue()
        self._collecting = Collecting(lab, path)
        self._plugin = SuitePlugin(self._collecting, self._serve)
        self._quiet, self._stderr = ExitStack(), sys.stderr
        self._left_in = ""  # the folder in which this process was when the session ended
        self._thread = threading.Thread(
            target=self._session, name=f"suite {path.name}", daemon=True
        )
        self._thread.start()
        self._wait()

    def run(
        self,
        processes: Processes,
        seed: bytes,
        *,
        only: frozenset[str] | None = None,
        stop_early: bool = False,
        on_result: Callable[[CaseResult], None] = lambda _: None,
        evidence: Evidence | None = None,
        drawn: bool | None = None,
        case: str | None = None,
        ids: frozenset[str] | None = None,
        on_lost: Callable[[ExaminedCase], None] | None = None,
        prints: bool = False,
    ) -> SuiteRun:
        """Judges what `processes` hold, with inputs drawn from `seed`.

        With `only`, just the cases of those rubric items; with `drawn`, just those with random
        inputs, or those without; with `case`, just those of that name; with `stop_early`, all that
        comes after the first lost item is blocked. Every item asked for has at least one result,
        unless `drawn`, `case` or `ids` leaves none. With `ids`, just these cases, each by itself.
        `evidence` is what came besides code. With `prints`, results have what each case printed.
        `on_lost` is shown, for staff, what no result holds of each lost case. `on_result` is
        called in the caller's thread, and what it raises is the caller's. A suite that breaks
        off raises CourseError.
        """
        calls = Calls(processes, self._lab)
        judging = Judging(self._lab, calls, seed, only, stop_early, self._told.put)
        judging.evidence, judging.drawn, judging.case = evidence, drawn, case
        judging.ids, judging.on_lost, judging.prints = ids, on_lost, prints
        self._work.put(judging)
        self._wait(on_result)
        judged = {result.item for result in judging.results}
        whole = drawn is None and case is None and ids is None
        for each in self._lab.rubric if whole else ():
            if each.item not in judged and (only is None or each.item in only):
                raise CourseError(f"{self._path}: rubric item '{each.item}' was not judged")
        picture = judging.picture
        return SuiteRun(tuple(judging.results), tuple(picture.lines), tuple(picture.drawings))

    @property
    def cases(self) -> tuple[tuple[str, str], ...]:
        """Each case's rubric item and id, `test_file.py::test_name[parameters]`, in order."""
        return tuple((item_of(case), case.nodeid) for case in self._collecting.cases)

    @property
    def of_trace(self) -> frozenset[str]:
        """The rubric items that look at a trace."""
        cases = self._collecting.cases
        return frozenset(item_of(each) for each in cases if looks_at_trace(each))

    def close(self) -> None:
        """Ends the pytest session; one that still judges ends with this process."""
        self._work.put(None)
        self._thread.join(_END_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, on_result: Callable[[CaseResult], None] = lambda _: None) -> None:
        """Until the session is ready for more; raises what ended it instead."""
        while isinstance(told := self._next(), CaseResult):
            on_result(told)
        if told is not None:
            self._told.put(told)  # whoever asks again is told the same
            raise told

    def _next(self) -> CaseResult | BaseException | None:
        looks = 0
        while True:
            try:
                return self._told.get(timeout=self._patience_s)
            except queue.Empty:
                looks = 0 if waits_for_submission(self._thread) else looks + 1
                if looks == _LOOKS:
                    return self._stuck()

    def _stuck(self) -> CourseError:
        """What ends the wait for a suite that doesn't come to its end; its thread is left alone."""
        place = stack_of(self._thread, self._path)
        sys.stderr = self._stderr  # which it may have taken to be collected
        lasted = _LOOKS * (self._patience_s or 0.0)
        return CourseError(
            f"{self._path}: the suite has been busy with itself for {lasted:g} s; it is at\n{place}"
        )

    # -- in the thread -------------------------------------------------------------------

    def _session(self) -> None:
        with self._quiet:
            self._quiet.enter_context(_COLLECTING)
            said = self._quiet.enter_context(redirect_stderr(io.StringIO()))
            problems = self._collecting.problems
            try:
                self._quiet.enter_context(importable(self._lab.folder, *self._helpers))
                if self._collecting.read():
                    self._run_pytest()
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for this thread
                problems.append(f"{self._path}: {type(error).__name__}: {error}")
        self._told.put(CourseError(*(problems or [self._collecting.told(said.getvalue())])))

    @property
    def _helpers(self) -> list[Path]:
        """Where a hidden suite's own modules lie. Beside a public one lie a student's files."""
        return [self._path] if self._path.is_dir() else []

    def _run_pytest(self) -> None:
        folder = self._path if self._path.is_dir() else self._path.parent
        plugins = [self._collecting, self._plugin]
        with _untouched_environment(), _fresh_modules(folder):
            pytest.main(_arguments(folder, self._path), plugins=plugins)
        if self._left_in:
            os.chdir(self._left_in)  # pytest goes back to where it began, and takes all with it

    def _serve(self, run: Callable[[Judging], None]) -> None:
        self._quiet.close()
        self._told.put(None)
        while (judging := self._work.get()) is not None:
            run(judging)
            self._told.put(None)
        with suppress(OSError):  # it is gone
            self._left_in = str(Path.cwd())


def _arguments(folder: Path, suite: Path) -> list[str]:
    left_out = [word for name in _LEFT_OUT for word in ("-p", f"no:{name}")]
    return [
        "--import-mode=importlib",
        "--strict-markers",
        "--disable-plugin-autoload",
        f"--rootdir={folder}",
        f"--confcutdir={folder}",
        "--config-file=/dev/null",
        *left_out,
        str(suite),
    ]


@contextmanager
def _untouched_environment() -> Iterator[None]:
    """Keeps options that a person set for their own pytest out of a grading session."""
    saved = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    try:
        yield
    finally:
        os.environ.update({name: value for name, value in saved.items() if value is not None})


@contextmanager
def _fresh_modules(folder: Path) -> Iterator[None]:
    """Has the suite imported anew, and leaves no module of it behind.

    pytest names a module by its path below the suite's folder and takes it from `sys.modules`
    if that name is there: another lab's `test_public`, or this one's as it was before an edit.
    """
    stems = [path.stem for path in folder.glob("*.py")]
    saved = {name: sys.modules.pop(name) for name in stems if name in sys.modules}
    try:
        yield
    finally:
        for name in stems:
            sys.modules.pop(name, None)
        sys.modules.update(saved)
