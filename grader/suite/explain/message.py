"""A finding as people read it: its facts by label, and the lines of at most 80 columns.

This is the only place that knows the labels. A terminal, a plain text and JSON's `message` take
`lines_of`; an HTML page takes `facts_of` and lays the facts out itself.
"""

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from grader.results import Finding
from grader.text.shown import one_line

WIDTH = 80
_INDENT = "   "
_LABEL = 10
_ROOM = WIDTH - len(_INDENT) - _LABEL
_MOST_LINES = 8
_LONGEST = 3 * _ROOM  # of a printed line, which takes three rows or four
_MOST_INPUTS = 6
_CHARACTERS_MORE = " characters more)"
# what a student wrote, or what repeats it; the rest is ours
_THEIRS = ("text", "got", "error", "source", "printed", "unprinted", "remark", "where")


class Fact(NamedTuple):
    """One fact as it is shown: printable lines behind a label; "" continues the fact above.

    The lines of a `quoted` fact are as they were printed.
    """

    label: str
    lines: tuple[str, ...]
    quoted: bool = False


def facts_of(finding: Finding) -> list[Fact]:
    """The facts that are known, in the order in which they are read; `text` is not among them."""
    told = [Fact(label, _parts(text)) for label, text in _labelled(finding)]
    facts = [*told, *_printed(finding), Fact("Note", _parts(finding.remark))]
    return [each for each in facts if each.quoted or any(each.lines)]


def lines_of(finding: Finding) -> list[str]:
    """The message: the text as it stands, then the facts in lines of at most 80 columns."""
    lines = [line for fact in facts_of(finding) for line in _laid_out(fact)]
    return [*map(one_line, finding.text.splitlines()), *lines]


def message_of(finding: Finding) -> str:
    """The lines as one text; empty where there is nothing to show."""
    return "\n".join(lines_of(finding))


def words_in(finding: Finding) -> str:
    """All its texts in one line, to look for a word in them."""
    texts = [*finding.texts.values(), *(text for pair in finding.inputs for text in pair)]
    return " ".join(" ".join(texts).split())


def trimmed(finding: Finding) -> Finding:
    """The finding cut to what is ever shown, all of it printable: this is kept and sent."""
    printed, inputs = finding.printed.splitlines(), finding.inputs[:_MOST_INPUTS]
    shown = {name: "\n".join(_parts(text)) for name, text in finding.texts.items()}
    shown["text"] = "\n".join(map(one_line, finding.text.splitlines()))
    shown["printed"] = "\n".join(_quoted(printed))
    return replace(
        finding,
        **shown,
        inputs=tuple((name, "\n".join(_parts(text))) for name, text in inputs),
        unprinted=finding.unprinted + max(0, len(printed) - _MOST_LINES),
    )


def impersonal(finding: Finding) -> Finding:
    """The finding without the facts in which a student's own text may stand."""
    empty = Finding()
    return replace(finding, **{name: getattr(empty, name) for name in _THEIRS})


def _labelled(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "Where", finding.where
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
    yield "Broken", finding.broken
    yield "Note", finding.note
    yield "Nudge", finding.nudge


def _parts(text: str) -> tuple[str, ...]:
    """The first lines of a text, printable: a diagnosis has one for each rank."""
    return tuple(map(one_line, text.split("\n")[:_MOST_LINES]))


def _printed(finding: Finding) -> Iterator[Fact]:
    """What the student's own code printed during the call: their debugging, so it is shown."""
    printed = finding.printed.splitlines()
    more = finding.unprinted + max(0, len(printed) - _MOST_LINES)
    lines = (*_quoted(printed), *([f"({more} lines more)"] if more else ()))
    if lines:
        yield Fact("Printed", lines, quoted=True)


def prints_more(finding: Finding) -> bool:
    """Whether more was printed than the message shows."""
    lines = finding.printed.splitlines()
    longest = max(map(len, lines), default=0)
    return bool(finding.unprinted) or len(lines) > _MOST_LINES or longest > _LONGEST


def _quoted(lines: list[str]) -> Iterator[str]:
    return (_kept(one_line(line.expandtabs(4))) for line in lines[:_MOST_LINES])


def _kept(line: str) -> str:
    """The line, or its beginning up to a space: no number is cut in two, and what went is told."""
    if len(line) <= _LONGEST:
        return line
    told = f" … ({len(line)}{_CHARACTERS_MORE}"
    room = _LONGEST - len(told)
    end = line.rfind(" ", room // 2, room + 1)
    end = room if end < 0 else end
    return f"{line[:end]} … ({len(line) - end}{_CHARACTERS_MORE}"


def _rows(line: str) -> list[str]:
    """A printed line in rows that fit, broken at spaces where there are any."""
    rows = []
    while len(line) > _ROOM:
        end = line.rfind(" ", 1, _ROOM + 1)
        end = end if end > 0 and line[:end].strip() else _ROOM
        rows.append(line[:end])
        line = line[end:].removeprefix(" ")
    return [*rows, line]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _ROOM, break_on_hyphens=False)


def _laid_out(fact: Fact) -> list[str]:
    broken = _rows if fact.quoted else _wrapped
    lines = [part for each in fact.lines for part in broken(each)]
    labels = [fact.label] + [""] * len(lines)
    return [f"{_INDENT}{label:<{_LABEL}}{line}" for label, line in zip(labels, lines, strict=False)]
