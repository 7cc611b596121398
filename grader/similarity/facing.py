"""Two functions side by side, with the statements that are the same after normalising."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from grader.similarity.normal import Piece, Work

_MOST_BLOCKS = 200  # of one function; a matcher of sequences is slow where all are equal
_MOST_LINES = 400


@dataclass(frozen=True)
class Line:
    """A line of each, or of one; numbers count from 1. `same`: both are of one statement form."""

    left: str = ""
    right: str = ""
    left_number: int | None = None
    right_number: int | None = None
    same: bool = False


@dataclass(frozen=True)
class _Block:
    """The lines of a statement, with blank lines and comments before it."""

    form: int
    first: int
    last: int


def facing(left: Work, left_piece: Piece, right: Work, right_piece: Piece) -> list[Line]:
    """The lines of both functions, at most so many; statements of one form face each other."""
    ours, theirs = _blocks(left_piece), _blocks(right_piece)
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


def _blocks(piece: Piece) -> list[_Block]:
    """The piece's lines cut at its statements; what shares a line with the one before is in it."""
    blocks: list[_Block] = []
    after = piece.first
    for each in piece.statements:
        if len(blocks) == _MOST_BLOCKS:
            break
        last = min(max(each.last, each.first), piece.last)
        if last >= after:
            blocks.append(_Block(each.form, after, last))
            after = last + 1
    return blocks


def _beside(
    left: Work, ours: Sequence[_Block], right: Work, theirs: Sequence[_Block], *, same: bool
) -> list[Line]:
    """The blocks' lines, one beside the other from the top."""
    one = [(n, left.lines[n - 1]) for each in ours for n in range(each.first, each.last + 1)
           if n <= len(left.lines)]  # fmt: skip
    other = [(n, right.lines[n - 1]) for each in theirs for n in range(each.first, each.last + 1)
             if n <= len(right.lines)]  # fmt: skip
    lines = []
    for row in range(max(len(one), len(other))):
        left_number, left_text = one[row] if row < len(one) else (None, "")
        right_number, right_text = other[row] if row < len(other) else (None, "")
        lines.append(Line(left_text, right_text, left_number, right_number, same))
    return lines
