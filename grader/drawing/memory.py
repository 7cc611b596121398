"""What fills the memory of each rank: stacked bars, all on one scale."""

import math
from dataclasses import dataclass

from grader.drawing.sheet import LINE, MARGIN, Sheet, kind_of, width_of
from grader.drawing.words import WIDTH, clean, columns, flowed, nbytes
from grader.errors import CourseError

_MOST_RANKS, _MOST_PARTS, _LABEL = 16, 4, 20
_LENGTH, _HIGH = 360.0, 22.0


@dataclass(frozen=True)
class Part:
    """One kind of what is held, and the letter that it is drawn with in text."""

    sign: str
    name: str

    def words(self) -> str:
        """`# weights, cut`."""
        return f"{self.sign} {clean(self.name)}"


@dataclass(frozen=True)
class Held:
    """What one rank holds: bytes of each part, in the order of the parts."""

    label: str
    nbytes: tuple[int, ...]

    @property
    def total(self) -> int:
        """Bytes of all parts together."""
        return sum(self.nbytes)


@dataclass(frozen=True)
class MemoryBars:
    """Memory by rank and part. `capacity` is what a rank has, in bytes, where that is known."""

    title: str
    parts: tuple[Part, ...]
    ranks: tuple[Held, ...]
    capacity: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.ranks) <= _MOST_RANKS or not 1 <= len(self.parts) <= _MOST_PARTS:
            raise CourseError(f"{self.title}: no, or too many, ranks or parts")
        if any(columns(clean(each.sign)) != 1 for each in self.parts):
            raise CourseError(f"{self.title}: a sign is one character")
        for each in self.ranks:
            sizes = (len(each.nbytes), *each.nbytes)
            if sizes[0] != len(self.parts) or min(sizes) < 0 or not math.isfinite(sum(sizes)):
                raise CourseError(f"{self.title}: '{each.label}' has no size of every part")
            if columns(clean(each.label)) > _LABEL:
                raise CourseError(f"{self.title}: a label of more than {_LABEL} columns")
        if self._whole <= 0:
            raise CourseError(f"{self.title}: nothing is held, so there is nothing to draw")

    def text(self) -> list[str]:
        """One line for each rank, the legend, and the room that a rank has."""
        label = max(columns(clean(each.label)) for each in self.ranks)
        room = WIDTH - label - 4 - max(len(self._size(each)) for each in self.ranks)
        lines = [clean(self.title)]
        for each in self.ranks:
            bar = "".join(
                clean(part.sign) * round(room * size / self._whole)
                for part, size in zip(self.parts, each.nbytes, strict=True)
            )
            name = clean(each.label)
            lines.append(f"{name}{' ' * (label - columns(name))}  {bar}  {self._size(each)}")
        return [*lines, *flowed(each.words() for each in self.parts), *self._room()]

    def svg(self) -> str:
        """One bar for each rank; parts are told apart by place, letter and legend."""
        sheet = Sheet(clean(self.title), self._words())
        sheet.heading()
        left = MARGIN + max(width_of(clean(each.label)) for each in self.ranks) + 12
        y = MARGIN + 26.0
        for each in self.ranks:
            sheet.text(left - 12, y + 15, clean(each.label), "soft", "end")
            end = self._draw(sheet, each, left, y)
            sheet.text(end + 8, y + 15, self._size(each))
            y += _HIGH + 8
        if self.capacity is not None:
            edge = left + _LENGTH * self.capacity / self._whole
            sheet.line([(edge, MARGIN + 20), (edge, y)], "guide")
        for number, part in enumerate(self.parts):
            sheet.box(MARGIN, y + 4, 20, 14, kind_of(number))
            sheet.text(MARGIN + 28, y + 15, part.words())
            y += LINE
        for line in self._room():
            sheet.text(MARGIN, y + 16, line)
        return sheet.done()

    @property
    def _whole(self) -> int:
        """What the longest bar stands for."""
        return max(self.capacity or 0, *(each.total for each in self.ranks))

    def _size(self, held: Held) -> str:
        over = self.capacity is not None and held.total > self.capacity
        return nbytes(held.total) + (" does not fit" if over else "")

    def _room(self) -> list[str]:
        return [] if self.capacity is None else [f"A rank has {nbytes(self.capacity)}."]

    def _words(self) -> list[str]:
        """The facts for those who can't see."""
        lines = []
        for each in self.ranks:
            parts = [
                f"{clean(part.name)} {nbytes(size)}"
                for part, size in zip(self.parts, each.nbytes, strict=True)
            ]
            lines.append(f"{clean(each.label)}: {', '.join(parts)}; {self._size(each)}")
        return [*lines, *self._room()]

    def _draw(self, sheet: Sheet, held: Held, left: float, y: float) -> float:
        """Draws one bar; returns where it ends."""
        x = left
        for number, (part, size) in enumerate(zip(self.parts, held.nbytes, strict=True)):
            width = _LENGTH * size / self._whole
            if width:
                sheet.box(x, y, width, _HIGH, kind_of(number))
            if width >= 14:
                sheet.text(x + width / 2, y + 15, clean(part.sign), at="middle")
            x += width
        return x
