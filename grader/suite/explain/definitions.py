"""Why a call met no function, or one of another form: what the submitted file defines instead.

Only the file's text is read here, never run or parsed: it may be hostile.
"""

import difflib
import re
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from grader.files import sources
from grader.results import Finding
from grader.suite.explain.description import Call
from grader.suite.explain.loading import top_of
from grader.text.shown import one_line, shortened

_TOP = re.compile(r"(?:async\s+)?def\s+(\w+)|(\w+)\s*=[^=]")
_NEAR = 0.6  # how alike a name must be, between 0 and 1
_MOST_HEAD = 10  # lines of a function's head
_TAKES = re.compile(
    r"(?:takes .*positional arguments?|got an unexpected keyword|got multiple values for|"
    r"missing \d+ required)"
)


def with_definition(
    finding: Finding,
    call: Call,
    wanted: Sequence[str],
    known: Collection[str],
    file: str,
    source: bytes,
) -> Finding:
    """The finding with what the file has in place of the function that was called.

    `wanted` are the parameters that the stub gives it, and `known` all functions of the stub.
    """
    lines, name, error = sources.lines(source), call.function, finding.error
    if f"defines no function {name}" in error:
        asked = f"Does a line of your file begin with 'def {name}('?"
        if within := _defined_within(name, file, lines):
            return replace(finding, note=_joined(finding.note, within), nudge=asked)
        return replace(finding, error=_joined(error, _near(name, known, lines)), nudge=asked)
    if not finding.source and f"{name}() " in error and _TAKES.search(error):
        note = f"the hand-out has {name}({', '.join(wanted)})"
        asked = "Which parameters does the hand-out give this function?"
        own = _head_of(name, lines)
        return replace(finding, source=own, note=_joined(finding.note, note), nudge=asked)
    return finding


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _defined_within(function: str, file: str, lines: Sequence[str]) -> str:
    """Where the text defines the function out of reach; empty if it nowhere does."""
    opening = re.compile(rf"\s+(?:async\s+)?def\s+{re.escape(function)}\b")
    for number, line in enumerate(lines, 1):
        if opening.match(line) and (top := top_of(number, lines)):
            return (
                f"{file}:{number} defines it within what begins at {file}:{top}; it has to begin "
                "at the left margin, outside of any if, function or class"
            )
    return ""


def _near(function: str, known: Collection[str], lines: Sequence[str]) -> str:
    """`you have shard_cols (line 9)`: the name most like the missing one."""
    own: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if (found := _TOP.match(line)) and (name := found[1] or found[2]) not in known:
            own.setdefault(name, number)
    like = difflib.get_close_matches(function, own, 1, _NEAR)
    return f"you have {shortened(like[0])} (line {own[like[0]]})" if like else ""


def _head_of(function: str, lines: Sequence[str]) -> str:
    """How the text begins the function: `def f(x)`."""
    opening = re.compile(rf"(?:async\s+)?def\s+{re.escape(function)}\b")
    for number, line in enumerate(lines):
        if opening.match(line):
            head = " ".join(each.strip() for each in lines[number : number + _MOST_HEAD])
            return shortened(one_line(_head(head)))
    return ""


def _head(text: str) -> str:
    """The text up to where its first parenthesis closes."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter in ")]}" and depth <= 0:
            return text[: place + 1]
    return text
