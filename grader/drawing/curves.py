"""Time against size on logarithmic axes: one curve for each link, with marked points and sizes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from grader.drawing.sheet import LINE, MARGIN, Sheet, kind_of, width_of
from grader.drawing.words import clean, columns, flowed, nbytes, seconds, wrapped
from grader.errors import CourseError

_MOST_CURVES, _MOST_POINTS, _MOST_MARKS, _MOST_DECADES = 4, 100, 12, 12
_COLUMNS, _ROWS = 60, 9  # of the plot in text, at most, but a row a decade at least
_PLOT = (520.0, 260.0)

Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """(bytes, seconds) along a link, by rising size; `sign` is the letter it is drawn with."""

    sign: str
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Mark:
    """A point (bytes, seconds) that has a name; without seconds a size, marked on its axis."""

    sign: str
    name: str
    nbytes: float
    seconds: float | None = None
    note: str = ""

    def words(self) -> str:
        """`d decode, 16.38 kB: …`."""
        return f"{clean(self.sign)} {clean(self.name)}" + (
            f", {clean(self.note)}" * bool(self.note)
        )


@dataclass(frozen=True)
class Curves:
    """Times of several links against message size, both axes logarithmic."""

    title: str
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        counts = (1 <= len(self.curves) <= _MOST_CURVES, len(self.marks) <= _MOST_MARKS)
        if not all(counts) or any(not 2 <= len(c.points) <= _MOST_POINTS for c in self.curves):
            raise CourseError(f"{self.title}: no, or too many, curves, points or marks")
        signs = [*(each.sign for each in self.curves), *(each.sign for each in self.marks)]
        if any(columns(clean(sign)) != 1 for sign in signs):
            raise CourseError(f"{self.title}: a sign is one character")
        values = [value for point in self._all_points() for value in point]
        if not all(math.isfinite(value) and value > 0 for value in values):
            raise CourseError(f"{self.title}: a value that is not above 0 and finite")
        if any(each.decades > _MOST_DECADES for each in self._axes()):
            raise CourseError(f"{self.title}: an axis of more than {_MOST_DECADES} decades")

    def text(self) -> list[str]:
        """The plot, its axes, and a legend of curves and marks."""
        x, y = self._axes()
        wide, high = _COLUMNS // x.decades, max(1, (_ROWS - 1) // y.decades)
        grid = [[" "] * (wide * x.decades + 1) for _ in range(high * y.decades + 1)]
        foot = ["-"] * len(grid[0])
        for curve in self.curves:
            for column in range(len(foot)):
                if (value := _at(curve, 10 ** (x.first + column / wide))) is not None:
                    grid[round(y.of(value) * high * y.decades)][column] = curve.sign
        for mark in self.marks:
            column = round(x.of(mark.nbytes) * wide * x.decades)
            row = (
                foot if mark.seconds is None else grid[round(y.of(mark.seconds) * (len(grid) - 1))]
            )
            row[column] = mark.sign
        ticks = {high * n: seconds(10.0 ** (y.first + n)) for n in range(y.decades + 1)}
        lines = [f"{ticks.get(n, ''):>7} |{''.join(grid[n])}".rstrip() for n in range(len(grid))]
        curves = [f"{each.sign} {clean(each.name)}" for each in self.curves]
        legend = [*flowed(curves), *flowed(each.words() for each in self.marks)]
        foot = [f"{'':7} +{''.join(foot)}", _size_axis(x, wide)]
        return [clean(self.title), *reversed(lines), *foot, *legend]

    def svg(self) -> str:
        """The same plot, each link with a line of its own kind and its letter at the end."""
        sheet = Sheet(clean(self.title), self._words())
        sheet.heading()
        frame = _Frame(self._axes(), MARGIN + 62.0, MARGIN + 30.0)
        frame.draw(sheet)
        for number, curve in enumerate(self.curves):
            points = [frame.at(*point) for point in curve.points]
            sheet.line(points, f"curve c{kind_of(number)}")
            sheet.text(points[-1][0] + 8, points[-1][1] + 4, curve.sign, "ink head")
        for mark in self.marks:
            frame.draw_mark(sheet, mark)
        self._draw_legend(sheet, frame.bottom + 2 * LINE + 14)
        return sheet.done()

    def _words(self) -> list[str]:
        """The facts for those who can't see: where curves begin and end, and the marks."""
        lines = []
        for curve in self.curves:
            first, last = (
                f"{seconds(t)} for {nbytes(x)}" for x, t in curve.points[:: len(curve.points) - 1]
            )
            lines.append(f"{curve.sign} {clean(curve.name)}: from {first} to {last}")
        return [*lines, *map(Mark.words, self.marks)]

    def _all_points(self) -> Iterator[Point]:
        for curve in self.curves:
            yield from curve.points
        for mark in self.marks:
            time = self.curves[0].points[0][1] if mark.seconds is None else mark.seconds
            yield mark.nbytes, time

    def _axes(self) -> "tuple[_Axis, _Axis]":
        sizes, times = zip(*self._all_points(), strict=True)
        return _Axis.around(sizes), _Axis.around(times)

    def _draw_legend(self, sheet: Sheet, y: float) -> None:
        for number, curve in enumerate(self.curves):
            sheet.line([(MARGIN, y - 4), (MARGIN + 36, y - 4)], f"curve c{kind_of(number)}")
            sheet.text(MARGIN + 46, y, f"{curve.sign} {clean(curve.name)}")
            y += LINE
        for line in [line for each in self.marks for line in wrapped(each.words())]:
            sheet.text(MARGIN, y, line)
            y += LINE


@dataclass(frozen=True)
class _Axis:
    """A logarithmic axis over whole decades, from 10**first on."""

    first: int
    decades: int

    @classmethod
    def around(cls, values: tuple[float, ...]) -> "_Axis":
        """The shortest axis that holds all the values, give or take rounding."""
        first = math.floor(math.log10(min(values)) + 1e-6)
        last = math.ceil(math.log10(max(values)) - 1e-6)
        return cls(first, max(1, last - first))

    def of(self, value: float) -> float:
        """Where a value lies: 0 at the beginning, 1 at the end."""
        return min(max((math.log10(value) - self.first) / self.decades, 0.0), 1.0)


@dataclass(frozen=True)
class _Frame:
    """The plot in pixels."""

    axes: tuple[_Axis, _Axis]
    left: float
    top: float

    @property
    def bottom(self) -> float:
        return self.top + _PLOT[1]

    def at(self, size: float, time: float) -> Point:
        x, y = self.axes
        return self.left + x.of(size) * _PLOT[0], self.bottom - y.of(time) * _PLOT[1]

    def draw(self, sheet: Sheet) -> None:
        """Axes, with a line and a label each decade."""
        x, y = self.axes
        right = self.left + _PLOT[0]
        for n in range(y.decades + 1):
            height = self.bottom - n * _PLOT[1] / y.decades
            sheet.line([(self.left, height), (right, height)], "grid")
            sheet.text(self.left - 8, height + 4, seconds(10.0 ** (y.first + n)), "soft", "end")
        for n in range(x.decades + 1):
            place = self.left + n * _PLOT[0] / x.decades
            sheet.line([(place, self.top), (place, self.bottom)], "grid")
            sheet.text(place, self.bottom + LINE, nbytes(10.0 ** (x.first + n)), "soft", "middle")
        sheet.line([(self.left, self.top), (self.left, self.bottom), (right, self.bottom)], "rule")

    def draw_mark(self, sheet: Sheet, mark: Mark) -> None:
        """A dot, or a line up from the axis of sizes, with its name.

        Times rise with sizes, so there is room above a curve and to the left of a point.
        """
        words = f"{clean(mark.sign)} {clean(mark.name)}"
        if mark.seconds is not None:
            x, y = self.at(mark.nbytes, mark.seconds)
            sheet.dot(x, y, "all")
            room = x - 6 - width_of(words) >= self.left
            sheet.text(x - 6 if room else self.left + 4, y - 9, words, at="end" if room else "")
            return
        x, _ = self.at(mark.nbytes, 1.0)
        sheet.line([(x, self.bottom), (x, self.top)], "guide")
        fits = x + 6 + width_of(words) <= self.left + _PLOT[0]
        sheet.text(x + (6 if fits else -6), self.top + 14, words, at="" if fits else "end")


def _at(curve: Curve, size: float) -> float | None:
    """The curve's time at that size, on a straight line between its points as they are drawn."""
    for (x0, t0), (x1, t1) in zip(curve.points, curve.points[1:], strict=False):
        if x0 * 0.9999 <= size <= x1 * 1.0001:
            share = math.log(size / x0) / math.log(x1 / x0) if x1 > x0 else 0.0
            return float(t0 * (t1 / t0) ** share)
    return None


def _size_axis(axis: _Axis, wide: int) -> str:
    """Labels of the size axis, each below its decade, as many as do not touch."""
    line = ""
    for n in range(axis.decades + 1):
        label, place = nbytes(10.0 ** (axis.first + n)), 9 + n * wide
        start = min(place, 74 - len(label))
        if not line or (start >= len(line) + 2 and (axis.decades <= 4 or n % 3 == 0)):
            line = line.ljust(start) + label
    return line
