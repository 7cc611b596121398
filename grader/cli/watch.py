"""`shardlab watch`: the public checks again at every save.

Append-only on a terminal, too: what scrolled by can be read again. Without a terminal there are
no keys, and nothing but lines is written.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from grader.cli import hints, shell
from grader.cli.levels import best_level, isolation_option
from grader.cli.printing import CheckPrinter
from grader.errors import SandboxError, ShardlabError, UsageError
from grader.results import Verdict
from grader.sandbox import Level
from grader.student.checking import checked_of, work_of
from grader.student.checks import Checks
from grader.student.events import Case, End, Event, Events, Quit, Save
from grader.student.keys import HUNG_UP, Keys, ended_by_signals, stopped_with_care
from grader.student.saves import Saves
from grader.student.workspace import Workspace, find_workspace
from grader.submissions import Submission
from grader.suite.finding import CaseResult
from grader.suite.run import SuiteRun
from grader.text.shown import one_line

_KEYS = "Keys: h hint, n next failing item, r run again, q quit"
_SETTLE_S = 0.15  # what can't be read may be a save half done: so long, then it is told
_MOST_PRESSED = 8


@click.command(epilog="Example: shardlab watch tp-sharding")
@shell.own_lab_argument
@isolation_option
def watch(slug: str | None, isolation: Level | None) -> None:
    """Check again at every save.

    Explains the first item that fails. On a terminal, press h for a hint, n for the next item
    that fails, r to run again, q to quit.
    """
    here = find_workspace(Path.cwd(), slug)
    level = best_level(isolation)
    events = Events()
    with ExitStack() as stack:
        stack.callback(events.close)
        stack.enter_context(events.woken_by_signals())
        stack.enter_context(ended_by_signals(lambda code: events.put(Quit(code))))
        checks = stack.enter_context(Checks(here, level, events))
        stack.enter_context(Saves(here, lambda: events.put(Save())))
        keys = stack.enter_context(Keys())
        stack.enter_context(stopped_with_care(keys))
        code = _Watch(here, checks, events, keys).until_quit()
    shell.finish(code)


class _Watch:
    """Answers one event after another. One check runs at a time, and `_number` is its number."""

    def __init__(self, here: Workspace, checks: Checks, events: Events, keys: Keys) -> None:
        self._here = here
        self._checks = checks
        self._events = events
        self._keys = keys
        self._number = 0
        self._running = False
        self._overtaken = False  # the check that runs is of what was saved before
        self._printer: CheckPrinter | None = None  # None where a check runs unseen
        self._report = _Report(here, with_keys=keys.fd is not None)
        self._due: float | None = None  # when a file that can't be read is told of
        self._pressed = ""
        self._code: int | None = None

    def until_quit(self) -> int:
        """Answers events until somebody quits; returns the exit code."""
        self._report.opening()
        self._start()
        while self._code is None:
            self._answer()
        return self._code

    def _answer(self) -> None:
        """Waits for one moment, and does what it asks for."""
        left = None if self._due is None else self._due - time.monotonic()
        if self._events.wait(left, self._keys.fd):
            self._pressed += self._keys.read()
        for event in self._events.take():
            self._take(event)
        if self._due is not None and time.monotonic() >= self._due:
            self._start(settled=True)
        self._press()

    def _take(self, event: Event) -> None:
        match event:
            case Quit(code):
                self._code = code
            case Save():
                self._saved()
            case Case(number, result):
                if number == self._number and self._printer and not self._overtaken:
                    self._printer.case(result)
            case End():
                self._ended(event)

    def _saved(self) -> None:
        if not self._running:
            self._start()
        elif not self._overtaken:
            self._overtaken = True
            self._checks.give_up()

    def _start(self, *, settled: bool = False) -> None:
        """Begins a check of the file as it is now; of one that can't be read, a bit later."""
        submission = work_of(self._here)
        if submission.problem and not settled:
            self._due = self._due or time.monotonic() + _SETTLE_S
            return
        self._due = None
        self._printer = self._report.begin(submission)
        if not submission.problem:
            self._ask(submission, stop_early=True)

    def _ask(self, submission: Submission, *, stop_early: bool) -> None:
        self._number += 1
        self._running = True
        self._checks.ask(self._number, submission, stop_early=stop_early)

    def _ended(self, event: End) -> None:
        self._running = False
        if self._overtaken:
            self._overtaken = False
            self._start()
        elif event.run is None:
            self._report.broke(event.error)
        elif self._printer is not None:
            self._report.end(self._printer, event.run)
        else:
            self._report.all_items(event.run)

    # -- keys ----------------------------------------------------------------------------

    def _press(self) -> None:
        """Does what keys ask for; but for the end, that waits until no check runs."""
        pressed, self._pressed = self._pressed[-_MOST_PRESSED:], ""
        for key in pressed.lower():
            if key in ("q", HUNG_UP):
                self._code = 0
            elif self._running:
                self._pressed += key
            elif key == "r":
                self._start()
            elif key == "h":
                self._report.hint()
            elif key == "n":
                self._next()
            elif key.isprintable() and not key.isspace():
                shell.say(_KEYS)

    def _next(self) -> None:
        if not self._report.next():
            self._printer = None
            submission = work_of(self._here)
            self._start() if submission.problem else self._ask(submission, stop_early=False)


class _Report:
    """What is printed of the newest check, and which item the keys are about."""

    def __init__(self, here: Workspace, *, with_keys: bool) -> None:
        self._here = here
        self._with_keys = with_keys
        self._shown = ""
        self._lost: list[CaseResult] | None = None  # of all items, once somebody asked
        self._passed = False
        self._told_of_own_tests = False
        self._ever_ended = False

    def opening(self) -> None:
        shell.say(f"Watching {self._here.file.name}: checked now and at every save.")
        shell.say(_KEYS if self._with_keys else "Ctrl-C ends it.")

    def begin(self, submission: Submission) -> CheckPrinter:
        """Prints what is known before the check; returns what prints the rest."""
        self._shown, self._lost = "", None
        shell.say("", f"{time.strftime('%H:%M:%S')}  {self._here.file.name}")
        if submission.problem:
            self._say_problem(submission.problem)
        else:
            self._say_of_own_tests()
        then = "edit, or h for a hint" if self._with_keys else "edit and save"
        return CheckPrinter(self._here.lab, then=then)

    def end(self, printer: CheckPrinter, run: SuiteRun) -> None:
        """Prints the rest of a check that went to its end."""
        printer.end(run)
        self._shown = printer.first_failed
        with _told_if_forgotten():
            hints.remember_check(self._here, checked_of(run), printer.first_failed)
        if not printer.first_failed and not self._passed:
            hints.say_predictions(self._here)
        self._passed, self._ever_ended = not printer.first_failed, True

    def broke(self, error: BaseException | None) -> None:
        """Prints why there is no result, where a later save may bring one; else raises it."""
        for_ever = isinstance(error, SandboxError) and not self._ever_ended
        if for_ever or not isinstance(error, (ShardlabError, OSError)):
            raise error or AssertionError("a check without a run has an error")
        _say_wrapped(f"Error: {one_line(str(error))}")

    def hint(self) -> None:
        """Prints the next hint for the item that was shown last."""
        if not self._shown:
            shell.say("Nothing fails: there is nothing to hint at.")
            return
        with _told_if_forgotten():
            hints.say_hint(self._here, self._shown)

    def next(self) -> bool:
        """Prints the next failing item; False where all items must be checked for that first."""
        if not self._shown:
            shell.say("Nothing fails: there is no next item.")
            return True
        if self._lost is None:
            return False
        items = [each.item for each in self._lost]
        place = items.index(self._shown) + 1 if self._shown in items else 0
        if items in ([], [self._shown]):
            shell.say("No other item fails by itself; what waits builds on this one.")
            return True
        if place == len(items):
            shell.say("That was the last; the first again:")
        result = self._lost[place % len(items)]
        CheckPrinter(self._here.lab).item(result)
        self._show(result.item)
        return True

    def all_items(self, run: SuiteRun) -> None:
        """Takes a run that went on after the first failure, and prints the next of them."""
        silent = (Verdict.PASSED, Verdict.BLOCKED)
        self._lost = [
            result
            for result in run.results
            if result.verdict not in silent and not result.finding.open
        ]
        self.next()

    def _show(self, item: str) -> None:
        """Remembers what `h`, and `shardlab hint` elsewhere, are about."""
        self._shown = item
        with _told_if_forgotten():
            hints.remember_failed(self._here, item)

    def _say_problem(self, problem: str) -> None:
        name = self._here.file.name
        gone = f"{name} is gone. To begin anew: shardlab reset {self._here.lab.slug}"
        _say_wrapped(problem if self._here.file.is_symlink() or self._here.file.exists() else gone)

    def _say_of_own_tests(self) -> None:
        try:
            changed = self._here.public_suite_changed
        except UsageError:
            return  # the check says so
        if changed and not self._told_of_own_tests:
            shell.say("Note: test_public.py is not as released; these are your own checks.")
        self._told_of_own_tests = changed


@contextmanager
def _told_if_forgotten() -> Iterator[None]:
    """Goes on where nothing can be written into the workspace, and says so."""
    try:
        yield
    except OSError as error:
        _say_wrapped(f"Note: this can't be remembered: {error.strerror}")


def _say_wrapped(text: str) -> None:
    shell.say(*shell.folded(text, "   ", "   "))
