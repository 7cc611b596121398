"""Verdicts in words for people, and as letters in the cells of a heat map."""

from collections.abc import Iterable

from grader.drawing import Kind
from grader.results import Finding, Verdict

DECIDED, NOTHING = "O", " "
OPEN = "open"
HOSTILE = frozenset({Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY, Verdict.CRASHED, Verdict.BAD_RETURN})
# an item that waits, or that we failed to judge, tells nothing of the student
SILENT = frozenset({Verdict.PASSED, Verdict.BLOCKED, Verdict.GRADER_FAULT})

_WORDS = {
    Verdict.PASSED: ("·", "passed", ""),
    Verdict.FAILED: ("F", "failed", "k1"),
    Verdict.RAISED: ("E", "raised an error", "k3"),
    Verdict.TIMEOUT: ("T", "timed out", "k0"),
    Verdict.OUT_OF_MEMORY: ("M", "out of memory", "k0"),
    Verdict.CRASHED: ("C", "crashed", "k0"),
    Verdict.BAD_RETURN: ("R", "no plain value", "k3"),
    Verdict.COLLECTIVE_MISMATCH: ("X", "ranks don't meet", "k3"),
    Verdict.BLOCKED: ("-", "waits", "idle"),
    Verdict.GRADER_FAULT: ("G", "grader's fault", "all"),
}


def words_of(verdict: Verdict) -> str:
    """The verdict in words: `timed out`."""
    return _WORDS[verdict][1]


def status_of(verdict: Verdict, finding: Finding) -> str:
    """The verdict in words; `open` for what the student's machine could not show."""
    return OPEN if finding.open and verdict is Verdict.FAILED else words_of(verdict)


def letter_of(verdict: Verdict) -> str:
    """The verdict's letter in a cell."""
    return _WORDS[verdict][0]


def kinds(cells: Iterable[str]) -> tuple[Kind, ...]:
    """The meaning of the letters in these cells."""
    used = set().union(*cells)
    known = [Kind(*each) for each in _WORDS.values()]
    known += [Kind(DECIDED, "decided by a person", "k2"), Kind(NOTHING, "no result", "")]
    return tuple(each for each in known if each.sign in used)
