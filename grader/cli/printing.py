"""What a student reads of a check: one line an item, the first failure explained."""

from msgspec.structs import replace

from grader.cli import shell
from grader.course import Lab
from grader.results import Verdict
from grader.suite.explain.message import lines_of, prints_more
from grader.suite.finding import CaseResult
from grader.suite.run import SuiteRun
from grader.text.shown import one_line, plural

_WIDTH = 80
_INDENT = " " * 13


class CheckPrinter:
    """Prints one line an item as soon as its last case is judged, and the message of a failure.

    `then` is what to do next about a failure, as the last line says it. With `keep_going`, what
    waits does so for an item that it builds on, else for the first that failed. With `prints`,
    what passing items print is shown, too.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        then: str = "edit, or shardlab hint",
        keep_going: bool = False,
        prints: bool = False,
    ) -> None:
        self._lab = lab
        self._prints = prints
        self._told: dict[str, list[CaseResult]] = {}  # by item, what has printed something
        self._keep_going = keep_going
        self._then = then
        self._numbers = {each.item: n for n, each in enumerate(lab.rubric, 1)}
        self._cases: dict[str, CaseResult] = {}
        self._printed: set[str] = set()
        self._waiting: list[str] = []
        self._open: list[str] = []
        self.first_failed = ""

    def case(self, result: CaseResult) -> None:
        """Takes the next result of a run, and prints what is certain by now."""
        for item in [name for name in self._cases if name != result.item]:
            self._print_once(item)
        self._cases[result.item] = result
        if result.printed:
            self._told.setdefault(result.item, []).append(result)
        if result.verdict is not Verdict.PASSED:
            self._print_once(result.item)

    def end(self, run: SuiteRun) -> None:
        """Prints the rest: what waits, the picture where nothing failed, the summary."""
        for item in self._cases:
            self._print_once(item)
        if self._waiting:
            shell.say(self._what_waits())
        shell.say(*(f"   {line}".rstrip() for line in run.picture if not self.first_failed))
        shell.say(*self._summary())

    def _what_waits(self) -> str:
        numbers = [self._numbers[item] for item in self._waiting]
        if self._keep_going:
            return f"{', '.join(map(str, numbers)):>6}  WAIT  for what they build on"
        span = f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
        failed = self._numbers[self.first_failed]
        return f"{span:>6}  WAIT  after {failed}; 'shardlab check --all' runs them too"

    def as_data(self) -> list[dict[str, object]]:
        """Every item with its verdict and finding, for `--json`."""
        return [
            {
                "item": each.item,
                "title": each.title,
                "verdict": self._cases[each.item].verdict,
                "finding": self._cases[each.item].finding,
            }
            for each in self._lab.rubric
        ]

    def output(self) -> str:
        """All that was printed, case by case, as a text to keep."""
        parts = []
        for item, cases in self._told.items():
            number = f"{self._numbers[item]}/{len(self._lab.rubric)} {self._lab.item(item).title}"
            for case in cases:
                parts.append(f"== {number}: {case.case}, {case.verdict}\n")
                for rank, text in case.printed:
                    parts.append((f"-- {rank}\n" if rank else "") + f"{text.rstrip()}\n")
        return "".join(parts)

    def item(self, result: CaseResult) -> None:
        """Prints one item by itself."""
        rubric_item = self._lab.item(result.item)
        passed = result.verdict is Verdict.PASSED
        number = f"{self._numbers[result.item]:>2}/{len(self._lab.rubric)}"
        no, colour = ("OPEN", "yellow") if result.finding.open else ("FAIL", "red")
        word = shell.good(passed, no=no, otherwise=colour)
        shell.say(f"{number:>6}  {word}  {_titled(rubric_item.title, result)}")
        if passed:
            self._say_prints(result.item)
            return
        if result.finding.open:
            self._open.append(result.item)
        else:
            self.first_failed = self.first_failed or result.item
        shell.say(*lines_of(replace(result.finding, where="")))  # the title's line has the place
        if prints_more(result.finding):
            shell.say(f"{_INDENT}All of it: shardlab check --output FILE")

    def _say_prints(self, item: str) -> None:
        """What a passing item printed, whole: somebody asked for it."""
        for case in self._told.get(item, ()) if self._prints else ():
            shell.say(f"   Printed   in {case.case}")
            for rank, text in case.printed:
                start = f"{_INDENT}{rank}: " if rank else _INDENT
                shell.say(*(f"{start}{one_line(each)}" for each in text.splitlines()))

    def _print_once(self, item: str) -> None:
        if item in self._printed:
            return
        self._printed.add(item)
        result = self._cases[item]
        if result.verdict is Verdict.BLOCKED:
            self._waiting.append(item)
            return
        self.item(result)

    def _summary(self) -> list[str]:
        if not self.first_failed:
            rest = "Hidden checks run at grading. Next: shardlab submit"
            return shell.folded(f"Public checks passed{self._what_is_open()}. {rest}", width=_WIDTH)
        run = [each for item, each in self._cases.items() if item not in self._waiting]
        passed = sum(each.verdict is Verdict.PASSED for each in run)
        waiting = f", {len(self._waiting)} waiting" if self._waiting else ""
        failed = len(run) - passed - len(self._open)
        is_open = f", {len(self._open)} open" if self._open else ""
        return [f"Result: {passed} pass, {failed} fail{is_open}{waiting}. Next: {self._then}"]

    def _what_is_open(self) -> str:
        points = sum(self._lab.item(item).points for item in self._open)
        share = f"{len(self._lab.rubric) - len(self._open)}/{len(self._lab.rubric)}"
        return f", {share}; {plural(points, 'point')} stay open here" if self._open else ""


def _titled(title: str, result: CaseResult) -> str:
    """The item's title and, where it fails, the place in the file, at the end of the line."""
    where = "" if result.verdict is Verdict.PASSED else result.finding.where
    room = _WIDTH - len(f"{'':>6}  FAIL  ") - 1 - len(where)
    if where and len(title) > room:
        return f"{title}\n{'':14}{where}"
    return f"{title:<{min(room, 46)}} {where}".rstrip()
