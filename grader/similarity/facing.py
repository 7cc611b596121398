"""Lays two functions side by side, and notes statements that are the same when normalised."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from grader.similarity.normal import Section, Work

_MOST_BLOCKS = 200  # of one function; a matcher of sequences is slow where all are equal
_MOST_LINES = 400


@dataclass(frozen=True)
class Line:
    """A line of each function, or of one; numbers count from 1. `same`: their form is the same."""

    left: str = ""
    right: str = ""
    left_number: int | None = None
    right_number: int | None = None
    same: bool = False


@dataclass(frozen=True)
class _Block:
    """The lines of a statement, with the blank lines and comments before it."""

    form: int
    first: int
    last: int


def facing(left: Work, left_section: Section, right: Work, right_section: Section) -> list[Line]:
    """The lines of both functions, up to a limit; statements of one form face each other."""
    ours, theirs = _blocks(left_section), _blocks(right_section)
    matcher = SequenceMatcher(
        None, [each.form for each in ours], [each.form for each in theirs], autojunk=False
    )
    lines: list[Line] = []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            for one, other in zip(ours[i:i_end], theirs[j:j_end], strict=True):
                lines += _beside(left, [one], right, [other], same=True)
        else:
            lines += _beside(left, ours[i:i_end], right, theirs[j:j_end], same=False)
    return lines[:_MOST_LINES]


def _blocks(section: Section) -> list[_Block]:
    """The lines, cut at statements; statements that share a line share a block."""
    blocks: list[_Block] = []
    after = section.first
    for each in section.statements:
        if len(blocks) == _MOST_BLOCKS:
            break
        last = min(max(each.last, each.first), section.last)
        if last >= after:
            blocks.append(_Block(each.form, after, last))
            after = last + 1
    return blocks


def _beside(
    left: Work, ours: Sequence[_Block], right: Work, theirs: Sequence[_Block], *, same: bool
) -> list[Line]:
    """The blocks' lines, one beside the other from the top."""
    none: tuple[int | None, str] = (None, "")
    rows = zip_longest(_numbered(left, ours), _numbered(right, theirs), fillvalue=none)
    return [Line(text, other_text, n, other, same) for (n, text), (other, other_text) in rows]


def _numbered(work: Work, blocks: Sequence[_Block]) -> list[tuple[int, str]]:
    numbers = (n for each in blocks for n in range(each.first, each.last + 1))
    return [(n, work.lines[n - 1]) for n in numbers if n <= len(work.lines)]
