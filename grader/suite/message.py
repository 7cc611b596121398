"""A finding as the lines that a student reads: at most 80 columns, one fact a label."""

import textwrap
from collections.abc import Iterator

from grader.suite.finding import Finding
from grader.text.shown import one_line

WIDTH = 80
_INDENT = "   "
_LABEL = 10
_MOST_LINES = 8
_MOST_INPUTS = 6


def lines_of(finding: Finding, invariant: str = "") -> list[str]:
    """The message of one failed case. `invariant` is its number and text, like `I3: …`."""
    facts = [*_facts(finding), ("Broken", invariant if finding.loads else "")]
    facts += [("Note", finding.note), ("Nudge", finding.nudge)]
    lines = [line for label, text in facts for line in _fact(label, text)]
    return [*lines, *_printed(finding.printed)]


def _facts(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "Called", finding.called
    yield "", finding.shapes
    for number, (name, text) in enumerate(finding.inputs[:_MOST_INPUTS]):
        yield ("With" if number == 0 else ""), f"{name} = {text}"
    yield "Expected", finding.expected
    yield "Got", finding.got
    yield "Got-Exp", finding.difference
    yield "Pattern", finding.pattern
    yield "Error", finding.error
    yield "Your line", finding.source


def _fact(label: str, text: str) -> list[str]:
    """The text below its label, each line of it wrapped: a diagnosis has one for each rank."""
    width = WIDTH - len(_INDENT) - _LABEL
    wrapped = [
        line
        for part in text.split("\n")[:_MOST_LINES]
        for line in textwrap.wrap(one_line(part), width, break_on_hyphens=False)
    ]
    return [
        f"{_INDENT}{label if number == 0 else '':<{_LABEL}}{line}"
        for number, line in enumerate(wrapped)
    ]


def _printed(text: str) -> Iterator[str]:
    """What the student's own code printed during the call: their debugging, so it is shown."""
    printed = text.splitlines()
    for number, line in enumerate(printed[:_MOST_LINES]):
        label = "Printed" if number == 0 else ""
        text = one_line(line.expandtabs(4))[: WIDTH - len(_INDENT) - _LABEL]
        yield f"{_INDENT}{label:<{_LABEL}}{text}"
    if len(printed) > _MOST_LINES:
        yield f"{_INDENT}{'':<{_LABEL}}({len(printed) - _MOST_LINES} lines more)"
