"""Many submissions: worker processes, each with a sandbox of its own, and their faults.

A worker grades one submission at a time. If it dies or hangs, it is replaced and the submission
tried once more; if that fails too, its score is withheld and the batch goes on. Workers end
with the process that started them, however it ends.
"""

import gc
import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from grader.course import load_course
from grader.errors import CourseError, SandboxError
from grader.grading import GradedLab, Grader, open_sandbox, withheld
from grader.results import Result
from grader.sandbox import Level
from grader.submissions import Submission

_TRIES = 2
_PATIENCE = 3.0  # how many times its own limit a submission may take before its worker is ended
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Settings:
    """What every worker of a batch needs to know; plain data, so that it can be sent."""

    root: Path
    slug: str
    level: Level
    synthetic: bool = False
    live: bool = False


def grade_all(
    settings: Settings,
    submissions: Sequence[Submission],
    jobs: int,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """The results of all submissions, in their order; `on_result` sees each when it is there."""
    if not submissions:
        return []
    jobs = max(1, min(jobs, len(submissions)))
    pool = _Pool(settings, jobs)
    try:
        with ThreadPoolExecutor(jobs) as threads:
            futures = {threads.submit(pool.grade, each): i for i, each in enumerate(submissions)}
            try:
                return _collect(futures, on_result)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                pool.close()
                raise
    finally:
        pool.close()


def _collect(
    futures: dict["Future[Result]", int], on_result: Callable[[Result], None]
) -> list[Result]:
    results: dict[int, Result] = {}
    for future in as_completed(futures):
        results[futures[future]] = future.result()
        on_result(results[futures[future]])
    return [results[index] for index in range(len(futures))]


class _Pool:
    """As many workers as jobs, lent to one submission at a time."""

    def __init__(self, settings: Settings, jobs: int) -> None:
        self._lab = load_course(settings.root).lab(settings.slug)
        self._workers = [_Worker(settings) for _ in range(jobs)]
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)

    def grade(self, submission: Submission) -> Result:
        """The result, or a withheld one where two workers in a row came to an end over it."""
        seconds = _START_SECONDS + _PATIENCE * self._lab.assignment.limits.submission_seconds
        worker = self._free.get()
        try:
            for _ in range(_TRIES):
                try:
                    return worker.submit(submission).result(timeout=seconds)
                except (BrokenProcessPool, TimeoutError):
                    worker.end()
        finally:
            self._free.put(worker)
        return withheld(
            self._lab,
            submission.name,
            f"the grading process came to an end {_TRIES} times over this submission; "
            "look at it by hand",
        )

    def close(self) -> None:
        for worker in self._workers:
            worker.end()


class _Worker:
    """One grading process, started when it is first needed and again after it was ended."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, submission: Submission) -> "Future[Result]":
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(self._settings,),
            )
        return self._executor.submit(_grade_here, submission)

    def end(self) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        for process in list((executor._processes or {}).values()):  # noqa: SLF001
            process.kill()  # there is no public way to end a worker that hangs (before 3.14)
        executor.shutdown(wait=True, cancel_futures=True)


# -- in the worker -------------------------------------------------------------------------

_settings: Settings
_graders: list[Grader] = []


def _start_worker(settings: Settings) -> None:
    global _settings  # noqa: PLW0603 - a worker process is one of these
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _settings = settings


def _grade_here(submission: Submission) -> Result:
    """Grades in this worker, once more in a new sandbox if the one there has died."""
    try:
        for _ in range(_TRIES):
            grader = _grader()
            result = grader.grade(submission)
            if grader.sandbox.alive:
                break
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the others' batch
        ours = isinstance(error, (CourseError, SandboxError))
        fault = str(error) if ours else f"{type(error).__name__}: {error}"
        lab = load_course(_settings.root).lab(_settings.slug)
        return withheld(lab, submission.name, fault)
    return result


def _grader() -> Grader:
    """This worker's grader, made anew where its sandbox has ended."""
    if not _graders or not _graders[-1].sandbox.alive:
        for old in _graders:
            old.close()
            old.sandbox.close()
        graded = GradedLab.of(
            load_course(_settings.root),
            _settings.slug,
            synthetic=_settings.synthetic,
            live=_settings.live,
        )
        _graders[:] = [Grader(graded, open_sandbox(graded.lab, _settings.level))]
        gc.collect()
        gc.freeze()  # what is there now stays: no collection needs to look at it again
    return _graders[-1]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
