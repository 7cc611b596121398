"""Worker processes on this machine, each with a sandbox of its own.

A worker grades one submission at a time. If it dies or hangs, it is replaced and the submission
tried once more; if that fails too, its score is withheld and the batch goes on. A submission for
which the machine was too busy is tried once more while no other worker works. Workers end with
the process that started them, however it ends.
"""

import multiprocessing
import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from typing import Self

from grader.grading.work import Settings, grade_here
from grader.judge import TRIES
from grader.results import Result
from grader.submissions import Submission


class Local:
    """Worker processes of this machine, as many as jobs; each takes one submission at a time."""

    def __init__(self, settings: Settings, jobs: int) -> None:
        self.slots = max(1, jobs)
        # For the workers: threads of numpy's library wait by spinning, on the worker's own core.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._settings = settings
        self._workers = [_Worker(settings, core) for core in _cores_for(self.slots, settings)]
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(self.slots)
        self._turns = _Turns()

    def submit(self, submission: Submission) -> "Future[Result]":
        """The result, or a withheld one where two workers in a row came to an end over it."""
        return self._threads.submit(self._grade, submission)

    def _grade(self, submission: Submission) -> Result:
        with self._turns.beside_others():
            result = self._try(submission)
        if result.starved:
            with self._turns.alone():
                result = self._try(submission)
        return result

    def _try(self, submission: Submission) -> Result:
        worker = self._free.get()
        try:
            for _ in range(TRIES):
                try:
                    return worker.submit(submission).result(timeout=self._settings.seconds)
                except (BrokenProcessPool, TimeoutError):
                    worker.end()
        finally:
            self._free.put(worker)
        return self._settings.lost(submission)

    def close(self) -> None:
        """Ends the workers; what has not begun is not begun any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Turns:
    """Who may grade now: several beside each other, or one alone, who waits for them to end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = 0
        self._alone = 0  # those who are alone, or wait to be

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Waits while somebody is alone, or waits to be; then others may work beside the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._busy += 1
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits until nobody else grades; while the block lasts, nobody else begins."""
        with self._changed:
            self._alone += 1
            self._changed.wait_for(lambda: not self._busy)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._alone -= 1
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()


class _Worker:
    """One grading process, started when it is first needed and again after it was ended.

    `close` may come from another thread than the others; after it nothing is started any more.
    """

    def __init__(self, settings: Settings, core: int | None) -> None:
        self._settings = settings
        self._core = core
        self._lock = threading.Lock()
        self._closed = False
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, submission: Submission) -> "Future[Result]":
        with self._lock:
            if self._closed:
                raise BrokenProcessPool("the batch is over")
            if self._executor is None:
                self._executor = ProcessPoolExecutor(
                    max_workers=1,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin,
                    initargs=(self._core,),
                )
            return self._executor.submit(grade_here, self._settings, submission)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self.end()

    def end(self) -> None:
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is None:
            return
        for process in list((executor._processes or {}).values()):  # noqa: SLF001
            process.kill()  # there is no public way to end a worker that hangs (before 3.14)
        executor.shutdown(wait=True, cancel_futures=True)


def _cores_for(workers: int, settings: Settings) -> list[int | None]:
    """The core that each worker stays on; None where there are cores to spare: the system chooses.

    A worker and its sandboxed processes take turns, and waking another core for each turn costs
    more than most calls do. A live run is nobody's turn, and may use all cores.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not cores or workers < len(cores) or settings.live:
        return [None] * workers
    return [cores[number % len(cores)] for number in range(workers)]


def _begin(core: int | None) -> None:
    """In the worker: keeps it on its core, and ends it when the batch's process ends."""
    if core is not None:
        with suppress(OSError):  # taken from this machine since; any other does as well
            os.sched_setaffinity(0, {core})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
