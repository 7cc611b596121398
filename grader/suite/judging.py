"""Judges one submission by one suite: which cases still matter, and the result of each.

An item is lost at its first failure, so its other cases would tell nothing new and are left
out; what builds on a lost item is blocked. A case is `passed` only if its call phase ran and
ended well; every other end that no rule names is a `grader_fault`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from grader.course import Lab
from grader.errors import CourseError
from grader.results import Finding, Verdict
from grader.suite.evidence import Evidence
from grader.suite.examined import ExaminedCase, examined
from grader.suite.explain.definitions import with_definition
from grader.suite.explain.description import with_call
from grader.suite.finding import CaseFailure, CaseResult
from grader.suite.picture import Picture
from grader.suite.proxy import Calls
from grader.text.shown import one_line, shortened

MARK = "rubric"
_CURE = "; what a student returns may be anything: hand it to equal, within, arrays or require"
DRAWN = "rng"  # the fixture of what is another for every student
TRACE = "trace"  # the fixture of the evidence beside the code


@dataclass
class Judging:
    """One run of a suite; `results` has the result of each case, in rubric order."""

    lab: Lab
    calls: Calls
    seed: bytes
    only: frozenset[str] | None = None
    stop_early: bool = False
    on_result: Callable[[CaseResult], None] = lambda _: None
    drawn: bool | None = None  # only cases with random inputs, or only those without
    case: str | None = None  # only cases of that name
    ids: frozenset[str] | None = None  # only these cases, and each of them whatever others come to
    on_lost: Callable[[ExaminedCase], None] | None = None  # for staff: is shown each lost case
    evidence: Evidence | None = None
    prints: bool = False  # keep what each case prints; never of a hidden one, whose inputs it shows
    results: list[CaseResult] = field(default_factory=list)
    picture: Picture = field(default_factory=Picture)

    def __post_init__(self) -> None:
        self._items = {each.item: each for each in self.lab.rubric}
        self._lost: set[str] = set()
        self._wrong: set[str] = set()  # the lost ones but for those that stay open
        self._passed: dict[str, list[str]] = {}
        self._started = time.perf_counter()

    @property
    def trace(self) -> Evidence:
        """The value of the fixture `trace`; CourseError where the lab asks for no trace."""
        if self.evidence is None:
            raise CourseError("the lab asks for no trace; say 'trace = true' in assignment.toml")
        return self.evidence

    def asks_for(self, case: pytest.Item) -> bool:
        """Whether this run was asked for the case."""
        if self.drawn is not None and self.drawn is not is_drawn(case):
            return False
        if self.case is not None and self.case != case.name:
            return False
        if self.ids is not None and case.nodeid not in self.ids:
            return False
        return self.only is None or item_of(case) in self.only

    def begin(self, case: pytest.Item) -> bool:
        """Prepares for the case; False where it need not run."""
        name = item_of(case)
        if self.ids is None and not self._matters(case, name):
            return False
        self.calls.new_case()
        self._started = time.perf_counter()
        return True

    def _matters(self, case: pytest.Item, name: str) -> bool:
        """Whether nothing was lost before that decides the case; a blocked one is recorded."""
        if name in self._lost:
            return False
        blocking = [each for each in self._items[name].builds_on if each in self._lost]
        if blocking or (self.stop_early and self._wrong):
            first = " and ".join(blocking or sorted(self._wrong))
            self._record(case, Verdict.BLOCKED, Finding(note=f"builds on {first}"))
            return False
        return True

    def end(self, case: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Notes how the case ended."""
        if call.excinfo is None:
            self._record(case, Verdict.PASSED, Finding())
            return
        self._record(case, *self._explain(case, call.excinfo))
        if self.on_lost is not None:
            last = self.calls.last
            names = self.lab.functions.get(last.function, ()) if last is not None else ()
            self.on_lost(examined(case, self.results[-1], call.excinfo.value, last, names))

    def _explain(
        self, case: pytest.Item, error: pytest.ExceptionInfo[BaseException]
    ) -> tuple[Verdict, Finding]:
        value = error.value
        try:
            if isinstance(value, CaseFailure):
                return value.verdict, self._described(case, value.finding)
            if _is_verdict(value):
                text = str(value).split("\n")[0]
                finding = Finding(error=shortened(text or "an assertion failed"))
                return Verdict.FAILED, self._described(case, finding)
        except Exception as fault:  # noqa: BLE001 - it would end the session, for all who come after
            return _fault(case, f"{type(fault).__name__}: {fault}")
        # Anything else is ours, a skipped case and a foreign exception alike.
        text = (error.exconly() or type(value).__name__).partition("\n")[0]
        met = self.calls.last is not None and isinstance(value, Exception)
        met = met and not isinstance(value, CourseError)  # which says what is wrong
        return _fault(case, f"{_line_of(case, error)}{shortened(text)}", _CURE if met else "")

    def _described(self, case: pytest.Item, finding: Finding) -> Finding:
        """The finding with its call, the invariant, what the student printed, and a question."""
        last = self.calls.last
        if last is not None and finding.loads:
            parameters = self.lab.functions.get(last.function, ())
            finding = with_call(finding, last, parameters, self.calls.place(last.function))
            known, source = self.lab.functions, self.calls.processes.source
            finding = with_definition(finding, last, parameters, known, self.calls.file, source)
        passed = self._passed.get(_test_of(case), [])
        notes = [finding.note, f"{passed[-1]} passes" if passed else ""]
        item = self._items[item_of(case)]
        return replace(
            finding,
            broken=self.lab.invariant_text(item) if finding.loads and not finding.open else "",
            note="; ".join(filter(None, notes)),
            nudge=finding.nudge or item.nudge,
            printed=self.calls.printed(),
            unprinted=self.calls.unprinted,
        )

    def _record(self, case: pytest.Item, verdict: Verdict, finding: Finding) -> None:
        name = item_of(case)
        if verdict is not Verdict.PASSED:
            self._lost.add(name)
            self._wrong |= set() if finding.open else {name}
        elif label := _label(case):
            self._passed.setdefault(_test_of(case), []).append(label)
        seconds = time.perf_counter() - self._started
        printed = self.calls.processes.printed() if self.prints else ()
        result = CaseResult(name, case.name, verdict, finding, seconds, is_drawn(case), printed)
        self.results.append(result)
        self.on_result(result)


def item_of(case: pytest.Item) -> str:
    """The rubric item that the case is marked with; empty if it is not."""
    mark = case.get_closest_marker(MARK)
    return str(mark.args[0]) if mark is not None and len(mark.args) == 1 else ""


def is_drawn(case: pytest.Item) -> bool:
    """Whether its inputs are drawn from the student's seed."""
    return DRAWN in getattr(case, "fixturenames", ())


def looks_at_trace(case: pytest.Item) -> bool:
    """Whether it is about the trace that came beside the code."""
    return TRACE in getattr(case, "fixturenames", ())


def _is_verdict(value: BaseException) -> bool:
    """Whether a test says by this that the student's work is wrong. An expected failure is not."""
    says = isinstance(value, (AssertionError, pytest.fail.Exception))
    return says and not isinstance(value, pytest.xfail.Exception)


def _line_of(case: pytest.Item, error: pytest.ExceptionInfo[BaseException]) -> str:
    """`line 12: `, the line of the suite that failed; empty where it is none of the suite's."""
    lines = [entry.lineno + 1 for entry in error.traceback if entry.path == case.path]
    return f"line {lines[-1]}: " if lines else ""


def _fault(case: pytest.Item, text: str, cure: str = "") -> tuple[Verdict, Finding]:
    """A fault of ours, in one line that may hold a student's text."""
    line = shortened((text.splitlines() or [""])[0])
    return Verdict.GRADER_FAULT, Finding(error=one_line(f"{case.nodeid}: {line}{cure}"))


def _test_of(case: pytest.Item) -> str:
    return case.nodeid.partition("[")[0]


def _label(case: pytest.Item) -> str:
    """The parameters of a case in words: `world_size 1`."""
    callspec = getattr(case, "callspec", None)
    parameters: Mapping[str, object] = callspec.params if callspec is not None else {}
    return ", ".join(f"{k} {v}" for k, v in parameters.items() if isinstance(v, (int, str)))
