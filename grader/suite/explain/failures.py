"""Turns what a call did into a verdict, and words for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from grader.results import Finding, Verdict
from grader.sandbox import (
    BadReturn,
    Crashed,
    Outcome,
    OutOfMemory,
    Raised,
    Returned,
    Step,
    TimedOut,
)
from grader.suite.explain.endings import ended_by
from grader.suite.explain.forbidden import crashed_by, forbidden_by
from grader.suite.explain.naming import in_words, names
from grader.suite.finding import CaseFailure
from grader.suite.text import show
from grader.text.shown import shortened


@dataclass(frozen=True)
class Expectation:
    """What a call has to do: return, or raise `error` with a message that names things."""

    error: type[Exception] | None = None
    naming: tuple[Any, ...] = ()  # each as `grader.suite.explain.naming` has it
    nudge: str = ""

    def __str__(self) -> str:
        name = self.error.__name__ if self.error else "a value"
        return f"{name} naming {', '.join(map(in_words, self.naming))}" if self.naming else name


def failure_of(
    outcome: Outcome, file: str, *, rank: int | None = None, loading: bool = False, note: str = ""
) -> CaseFailure:
    """The end of a case for an outcome that is no return; see also `loading.load_failure`."""
    where = f"{file} does not load: " if loading else f"rank {rank}: " if rank is not None else ""
    verdict, finding = _explain(outcome, file, where, "import" if loading else "call")
    finding = replace(finding, loads=not loading)
    return CaseFailure(verdict, replace(finding, note=note) if note else finding)


def mutated(function: str, names: Sequence[str]) -> CaseFailure:
    """The end of a case in which a call changed what it was given: arrays, lists, dicts or sets."""
    finding = Finding(
        expected="inputs as they were before the call",
        got=f"{function} changed {' and '.join(names)} in place",
        nudge="Which line changes something that the caller still owns?",
    )
    return CaseFailure(Verdict.FAILED, finding)


_REFUSED = "Your own line refuses this call. What does the hand-out say about such a call?"
_SURPRISED = "Which value in this line is not what you took it for?"
_UNNAMED = "Could a reader tell from your message alone which value to change?"
_ENDED = "A function returns a value or raises an error. Which of the two is due here?"
# What to ask about a diagnosis of the fabric, by words in it; the first that fits.
_QUESTIONS = (
    ("different collectives", "Does every rank make the same calls in the same order?"),
    ("disagree on", "What does each rank hand in, and is it the same kind of array?"),
    ("returned", "Does every rank reach this call, whatever its number?"),
    ("raised", "Does every rank look at this before any of them waits for the others?"),
    ("waits in recv", "Everybody waits. Who has sent before it receives?"),
)


def mismatch(diagnosis: str, expected: str = "") -> CaseFailure:
    """The end of a case in which ranks don't meet."""
    return CaseFailure(
        Verdict.COLLECTIVE_MISMATCH,
        Finding(
            expected=expected or "ranks that meet in their calls",
            got=diagnosis,
            nudge=next((text for words, text in _QUESTIONS if words in diagnosis), ""),
        ),
    )


def require_raised(
    outcome: Outcome, expectation: Expectation, file: str, rank: int | None = None
) -> None:
    """Passes if the call raised what was expected and named what it must; else ends the case."""
    assert expectation.error is not None, "asked only where an error is expected"
    expected = f"{expectation}{f' on rank {rank}' if rank is not None else ''}"
    nudge = expectation.nudge
    if isinstance(outcome, Returned):
        got = f"no error; it returned {show(outcome.value)}"
        raise CaseFailure(Verdict.FAILED, Finding(expected=expected, got=got, nudge=nudge))
    if not isinstance(outcome, Raised) or not met(outcome, expectation):
        failure = failure_of(outcome, file, rank=rank)
        # what to ask of an exception by itself does not ask for the one that was due
        own = "" if isinstance(outcome, Raised) else failure.finding.nudge
        raise CaseFailure(
            failure.verdict, replace(failure.finding, expected=expected, nudge=own or nudge)
        )
    if {"ValueError", "TypeError"} <= set(outcome.types):  # made up to be right in any case
        got = f"{outcome.types[0]}, which is a ValueError and a TypeError at once"
        raise CaseFailure(Verdict.RAISED, Finding(expected=expected, got=got, nudge=nudge))
    for wanted in expectation.naming:
        if not names(outcome.message, wanted):
            got = f"{outcome.types[0]}: {shortened(outcome.message)}"
            note = f"the message does not name {in_words(wanted)}"
            finding = Finding(expected=expected, got=got, note=note, nudge=nudge or _UNNAMED)
            raise CaseFailure(Verdict.FAILED, finding)


def met(outcome: Outcome, expectation: Expectation) -> bool:
    """Whether the call raised the error that was expected, whatever its message."""
    error = expectation.error
    return error is not None and isinstance(outcome, Raised) and error.__name__ in outcome.types


def _explain(outcome: Outcome, file: str, where: str, what: str) -> tuple[Verdict, Finding]:
    if isinstance(outcome, Raised):
        return Verdict.RAISED, _raised(outcome, file, where, what)
    if isinstance(outcome, TimedOut):
        return Verdict.TIMEOUT, Finding(
            error=f"{where}no answer within {outcome.seconds:g} s",
            where=_line(file, outcome.line),
            source=outcome.source or "",
            nudge="Which loop or wait does not come to its end?",
        )
    if isinstance(outcome, OutOfMemory):
        text = f"{where}more memory than the limit of {outcome.limit_bytes >> 20} MB"
        return Verdict.OUT_OF_MEMORY, Finding(
            error=text, nudge="Which array is larger than it has to be?"
        )
    if isinstance(outcome, Crashed):
        return Verdict.CRASHED, _crashed(outcome, where)
    if isinstance(outcome, BadReturn):
        return Verdict.BAD_RETURN, Finding(error=f"{where}{outcome.detail}")
    raise TypeError(f"{outcome!r} is no failure")


def _crashed(outcome: Crashed, where: str) -> Finding:
    error, rule = f"{where}{outcome.detail}", crashed_by(outcome)
    if rule is not None:
        return Finding(error=error, note=rule.note, nudge=rule.nudge)
    return Finding(error=error, nudge=_ENDED if "os._exit" in outcome.detail else "")


def _raised(outcome: Raised, file: str, where: str, what: str) -> Finding:
    kind, message = outcome.types[0], shortened(outcome.message, 400)
    if kind == "NotImplementedError":
        return Finding(
            error=f"{where}not written yet: {message or 'NotImplementedError'}",
            where=_line(file, outcome.line),
            nudge="Replace the raise by your own lines; `shardlab hint` helps to begin.",
        )
    said = f"{kind}: {message}" if message else kind
    ended, forbidden = ended_by(outcome, what), forbidden_by(outcome)
    return Finding(
        error=f"{where}{ended} ({said})" if ended else f"{where}{said}",
        where=_line(file, outcome.line),
        source=_own_lines(outcome),
        note=forbidden.note if forbidden else "",
        nudge=forbidden.nudge if forbidden else _question_of_raising(outcome, ended),
    )


def _own_lines(outcome: Raised) -> str:
    """The line that raised; where others of the file led there, those too, each with its place."""
    if not outcome.steps:
        return outcome.source or ""
    return "\n".join(map(_told, outcome.steps))


def _told(step: Step) -> str:
    around = "" if step.function == "<module>" else f" in {step.function}"
    return f"{step.line}{around}: {step.source}"


def _question_of_raising(outcome: Raised, ended: str) -> str:
    source = outcome.source or ""
    if ended:
        return _ENDED
    refused = source.lstrip().startswith(("raise ", "assert "))
    return (_REFUSED if refused else _SURPRISED) if source else ""


def _line(file: str, line: int | None) -> str:
    return f"{file}:{line}" if line else ""
