"""Ranks as threads of this process, for a student who wants to look on.

Nothing is isolated here, and nothing graded. What a rank asks of its group is matched by the same
`ProcessGroup` as in a graded run, so results, logs and diagnoses are the same. One rank runs at a
time, in rank order, until it waits for another or ends: so prints come in the same order each
time, and a debugger that stops one rank is not disturbed by the others.
"""

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.fabric import inside_group
from grader.fabric.process_group import Event, ProcessGroup
from grader.sandbox import Raised, Returned

_ERRORS = {"ValueError": ValueError, "TypeError": TypeError}
Task = Callable[[inside_group.Group], Any]  # the work of one rank, which is given its group


class _Stopped(BaseException):  # past `except Exception` in student code
    """The run can't go on: every rank ends here."""


class StuckError(RuntimeError):
    """Ranks wait for what can't come; the text names each rank and what it waits for."""


class RankError(RuntimeError):
    """One rank raised; `rank` says which, and the cause is what it raised."""

    def __init__(self, rank: int, error: BaseException) -> None:
        super().__init__(f"rank {rank} raised {type(error).__name__}: {error}")
        self.rank = rank


@dataclass(frozen=True)
class RanksRun:
    """What each rank returned, in rank order, and the log of what they asked of their group."""

    values: tuple[Any, ...]
    log: tuple[Event, ...]

    @property
    def value(self) -> Any:
        """What rank 0 returned."""
        return self.values[0]

    @property
    def ops(self) -> tuple[str, ...]:
        """The operations of rank 0, in order."""
        return tuple(each.op for each in self.log if each.rank == 0)


def run_in_turns(tasks: Sequence[Task]) -> RanksRun:
    """Runs a task for each rank at once, and returns when all have ended.

    Raises:
        StuckError: ranks waited for what could not come.
        RankError: a rank raised; of several, the first that did.
    """
    turns = _Turns(len(tasks))
    threads = [
        threading.Thread(target=turns.run, args=(rank, task), name=f"rank {rank}", daemon=True)
        for rank, task in enumerate(tasks)
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        turns.give_up()
        raise
    return turns.outcome()


@dataclass
class _Rank:
    """One rank as its group sees it: it is given answers, and takes them when it is its turn."""

    answers: list[Callable[[], Any]] = field(default_factory=list)
    waiting: bool = False
    ended: bool = False
    value: Any = None

    def answer(self, value: Any) -> None:
        mine = copy.deepcopy(value)  # ranks share no memory
        self.answers.append(lambda: mine)

    def answer_error(self, type_name: str, message: str) -> None:
        def refuse() -> Any:
            raise _ERRORS.get(type_name, RuntimeError)(message)

        self.answers.append(refuse)

    @property
    def ready(self) -> bool:
        return not self.ended and (not self.waiting or bool(self.answers))


class _Turns:
    """Who may run now, and all that the ranks share."""

    def __init__(self, world_size: int) -> None:
        self._ranks = [_Rank() for _ in range(world_size)]
        self._group = ProcessGroup(self._ranks)  # type: ignore[arg-type]  # answers as processes do
        self._changed = threading.Condition()
        self._turn = 0
        self._over = False
        self._error: RankError | None = None

    def run(self, rank: int, task: Task) -> None:
        """The whole life of one rank, in a thread of its own."""
        mine = self._ranks[rank]
        try:
            self._wait_for_turn(rank)
            group = inside_group.make(
                lambda op, *args: self._ask(rank, op, args),
                rank=rank,
                world_size=len(self._ranks),
            )
            mine.value = task(group)
            self._end(rank, Returned(None))
        except _Stopped:
            self._leave(rank)
        except BaseException as error:  # noqa: BLE001 - SystemExit ends a rank as any error does
            self._failed(rank, error)

    def outcome(self) -> RanksRun:
        """The run, once every rank has ended."""
        if self._error is not None:
            raise self._error from self._error.__cause__
        if self._group.diagnosis is not None:
            raise StuckError(self._group.diagnosis)
        return RanksRun(tuple(each.value for each in self._ranks), tuple(self._group.log))

    def give_up(self) -> None:
        """Ends every rank at its next call into the group."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _ask(self, rank: int, op: str, args: tuple[Any, ...]) -> Any:
        """What the group answers this rank, which lets others run until then."""
        mine = self._ranks[rank]
        with self._changed:
            mine.waiting = True
            self._group.upcall(rank, op, copy.deepcopy(args))
            self._pass_on(rank)
        self._wait_for_turn(rank)
        mine.waiting = False
        return mine.answers.pop(0)()

    def _wait_for_turn(self, rank: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._turn == rank or self._stopped)
            if self._stopped:
                raise _Stopped

    def _pass_on(self, rank: int) -> None:
        """Gives the turn to the next rank that can go on; this one, if its answer is there."""
        order = [*range(rank, len(self._ranks)), *range(rank)]
        self._turn = next((each for each in order if self._ranks[each].ready), -1)
        self._changed.notify_all()

    @property
    def _stopped(self) -> bool:
        return self._over or self._group.stopped

    def _end(self, rank: int, outcome: Returned | Raised) -> None:
        with self._changed:
            self._ranks[rank].ended = True
            self._group.finished(rank, outcome)
            self._pass_on(rank)

    def _failed(self, rank: int, error: BaseException) -> None:
        if self._error is None:
            self._error = RankError(rank, error)
            self._error.__cause__ = error
        names = tuple(each.__name__ for each in type(error).__mro__)
        self._end(rank, Raised(names, str(error), None, None))

    def _leave(self, rank: int) -> None:
        with self._changed:
            self._ranks[rank].ended = True
            self._changed.notify_all()
