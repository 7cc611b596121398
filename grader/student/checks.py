"""Checks one after another in a thread, told as events."""

import queue
import threading
from typing import Self

from grader.sandbox import Level
from grader.student.checking import PublicChecks
from grader.student.events import Case, End, Events
from grader.student.workspace import Workspace
from grader.submissions import Submission
from grader.suite.finding import CaseResult

_END_S = 10.0  # for a check under way to end: its limits are shorter


class Checks:
    """A thread that checks what it is asked to, one submission after another."""

    def __init__(self, workspace: Workspace, level: Level, events: Events) -> None:
        self._events = events
        self._checks = PublicChecks(workspace, level)
        self._asked: queue.SimpleQueue[tuple[int, Submission, bool] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="checks", daemon=True)

    def ask(self, number: int, submission: Submission, *, stop_early: bool = True) -> None:
        """Begins check `number`, told by `Case` events and one `End`."""
        self._asked.put((number, submission, stop_early))

    def give_up(self) -> None:
        """Ends the check under way soon; what it still says is of no interest."""
        self._checks.give_up()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._asked.put(None)
        self.give_up()
        self._thread.join(_END_S)

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not None:
            number, submission, stop_early = asked
            self._events.put(self._check(number, submission, stop_early=stop_early))
        self._checks.close()

    def _check(self, number: int, submission: Submission, *, stop_early: bool) -> End:
        def tell(result: CaseResult) -> None:
            self._events.put(Case(number, result))

        try:
            run = self._checks.run(submission, on_result=tell, stop_early=stop_early)
        except Exception as error:  # noqa: BLE001 - whoever waits for the end must hear of it
            return End(number, error=error)
        return End(number, run)
