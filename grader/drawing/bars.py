"""Bar charts: one bar for each amount, with its number."""

import math
from dataclasses import dataclass

from grader.drawing.sheet import LINE, MARGIN, Sheet, width_of
from grader.drawing.words import WIDTH, clean, columns, wrapped
from grader.errors import CourseError

FULL = "█"
_MOST_BARS, _LABEL, _NOTE = 40, 30, 24
_LENGTH, _HIGH = 200.0, 14.0


@dataclass(frozen=True)
class Amount:
    """One amount, with words behind its number."""

    label: str
    value: float
    note: str = ""

    def number(self) -> str:
        """The amount and its note, as they stand behind the bar."""
        return f"{self.value:.4g}" + (f"  {clean(self.note)}" if self.note else "")


@dataclass(frozen=True)
class Bars:
    """Amounts from 0 on, all on one scale: up to `most`, else up to the greatest of them."""

    title: str
    bars: tuple[Amount, ...]
    most: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= len(self.bars) <= _MOST_BARS:
            raise CourseError(f"{self.title}: {len(self.bars)} bars, at most {_MOST_BARS}")
        if not all(math.isfinite(each.value) and each.value >= 0 for each in self.bars):
            raise CourseError(f"{self.title}: an amount that is below 0 or not finite")
        if any(columns(clean(each.label)) > _LABEL for each in self.bars):
            raise CourseError(f"{self.title}: a label of more than {_LABEL} columns")
        if any(columns(clean(each.note)) > _NOTE for each in self.bars):
            raise CourseError(f"{self.title}: a note of more than {_NOTE} columns")

    def text(self) -> list[str]:
        """One line for each bar: label, bar, number and note."""
        label = max(columns(clean(each.label)) for each in self.bars)
        room = WIDTH - label - 4 - max(columns(each.number()) for each in self.bars)
        lines = []
        for each in self.bars:
            name = clean(each.label)
            bar = FULL * max(round(room * self._share(each)), 1 if each.value else 0)
            gap = " " * (label - columns(name))
            lines.append(f"{name}{gap}  {bar}{' ' * bool(bar)}{each.number()}")
        return [*wrapped(clean(self.title)), *lines]

    def svg(self) -> str:
        """The bars below each other, each with its number behind it."""
        sheet = Sheet(clean(self.title), [f"{clean(b.label)}: {b.number()}" for b in self.bars])
        sheet.heading()
        left = MARGIN + max(width_of(clean(each.label)) for each in self.bars) + 12
        y = MARGIN + 24.0
        for each in self.bars:
            length = _LENGTH * self._share(each)
            sheet.text(left - 12, y + 11, clean(each.label), "soft", "end")
            if length:
                sheet.box(left, y, max(length, 1.0), _HIGH, "k0")
            sheet.text(left + length + 8, y + 11, each.number())
            y += LINE + 4
        sheet.line([(left, MARGIN + 18), (left, y)], "rule")
        return sheet.done()

    def _share(self, bar: Amount) -> float:
        whole = self.most or max(each.value for each in self.bars)
        return min(1.0, bar.value / whole) if whole else 0.0
