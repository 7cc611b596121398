"""How results look in a terminal: progress while they come, a line each, and the sum."""

import collections
import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from grader.cli import shell
from grader.results import WITHHELD, Result, RubricResult, Verdict
from grader.suite.explain.message import lines_of
from grader.text.shown import shortened

_ENDS = {
    Verdict.TIMEOUT: "timed out",
    Verdict.CRASHED: "crashed",
    Verdict.OUT_OF_MEMORY: "out of memory",
}
_EVERY = 50  # without a terminal, progress is told once in so many submissions


@contextlib.contextmanager
def progress() -> "Iterator[_Bar | _Lines]":
    """A bar with rate and time left on a terminal; a line now and then elsewhere.

    It is told once how many there will be, and then of each that is done.
    """
    if not sys.stdout.isatty():
        yield _Lines()
        return
    from rich import progress as bars  # noqa: PLC0415 - nobody waits for it into a pipe

    columns = (
        bars.TextColumn("Grading"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, transient=True) as bar:
        yield _Bar(bar)


class _Bar:
    def __init__(self, bar: Any) -> None:
        self._bar, self._started = bar, time.monotonic()
        self._task = bar.add_task("Grading", total=None, rate="")
        self._done = 0

    def start(self, total: int) -> None:
        self._started = time.monotonic()
        self._bar.update(self._task, total=total)

    def step(self) -> None:
        self._done += 1
        rate = self._done / max(1e-9, time.monotonic() - self._started)
        self._bar.update(self._task, advance=1, rate=f"{rate:.1f}/s")


class _Lines:
    def __init__(self) -> None:
        self._total, self._done, self._started = 0, 0, time.monotonic()

    def start(self, total: int) -> None:
        self._total, self._started = total, time.monotonic()

    def step(self) -> None:
        self._done += 1
        if self._done % _EVERY == 0:
            rate = self._done / max(1e-9, time.monotonic() - self._started)
            left = (self._total - self._done) / rate
            shell.say(f"{self._done}/{self._total}  {rate:.1f}/s  about {left:.0f} s left")


def print_table(named: Sequence[tuple[str, Result]], *, messages: bool = False) -> None:
    """One line for each result and the name it is shown by: score, and the first lost item."""
    width = max([10, *(min(28, len(name)) for name, _ in named)])
    shell.say(f"  {'submission':<{width}}  score  lost items")
    for name, result in named:
        lost = [each for each in result.rubric if each.verdict is not Verdict.PASSED]
        score = WITHHELD if result.score is None else f"{result.score}/{result.max_score}"
        reason = _reason(result, lost, 80 - width - 14)
        shell.say(f"  {_fit(name, width):<{width}}  {score:>7}  {reason}".rstrip())
        if messages and result.trace:
            shell.say(f"    {result.trace}")
        if messages:
            _say_messages(lost)


def _say_messages(lost: Sequence[RubricResult]) -> None:
    """Each lost item with its message, which is said once where several have the same."""
    for finding, some in groupby(lost, attrgetter("finding")):
        parts = [
            f"{', '.join(each.item for each in alike)}: {verdict}"
            for verdict, alike in groupby(some, attrgetter("verdict"))
        ]
        shell.say(*shell.folded("; ".join(parts), "    ", "      "), *lines_of(finding))


def _reason(result: Result, lost: Sequence[RubricResult], room: int) -> str:
    """In a few words what was lost: the note if there is one, else the first item."""
    if result.note:
        label = "GRADER FAULT: " if result.status == WITHHELD else ""
        return _fit(f"{label}{result.note}", room)
    if not lost:
        return ""
    more = f" +{len(lost) - 1}" if len(lost) > 1 else ""
    return _fit(f"{lost[0].item} {lost[0].verdict}", room - len(more)) + more


def summary(shown: Sequence[Result], seconds: float, fresh: int | None = None) -> str:
    """`62/62  57 graded, 3 do not load, 1 timed out, 1 GRADER FAULT …   4.1 s  15.1/s`.

    The rate is that of the `fresh` ones, which took the seconds.
    """
    count = collections.Counter(map(_kind, shown))
    parts = [f"{count.pop('graded', 0)} graded"]
    parts += [f"{number} {kind}" for kind, number in sorted(count.items())]
    done = len(shown) if fresh is None else fresh
    rate = f"{done / seconds:.1f}/s" if seconds > 0 and done > 1 else ""
    return f"{len(shown)}/{len(shown)}  {', '.join(parts)}   {seconds:.1f} s  {rate}".rstrip()


def _kind(result: Result) -> str:
    """What the summary counts a submission as."""
    if result.status == WITHHELD:
        return "GRADER FAULT (score withheld)"
    if result.note:
        return "not runnable"
    verdicts = {each.verdict for each in result.rubric}
    return next((words for verdict, words in _ENDS.items() if verdict in verdicts), "graded")


def _fit(text: str, room: int) -> str:
    return shortened(" ".join(text.split()), room)
