"""Which part of each matrix a rank holds, what it computes alone, and what the sum makes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.drawing.sheet import LINE, MARGIN, Sheet, kind_of, width_of
from grader.drawing.words import WIDTH, bracketed, clean, columns, entries, vector, wrapped
from grader.errors import CourseError
from grader.text.shown import plural

Rows = Sequence[Sequence[float]]

_MOST_RANKS, _MOST_ENTRIES = 8, 24
_BOX, _CELL = 64.0, 22.0  # a matrix that is cut; the height of a number
_HALVES = ("reduce_scatter", "all_gather")


@dataclass(frozen=True)
class Split:
    """A matrix of `shape` (rows, columns), of which rank r holds the r-th part along one axis."""

    name: str
    shape: tuple[int, int]
    by: Literal["rows", "columns"]

    def held(self, rank: int, world_size: int) -> tuple[int, int]:
        """The first row or column of that rank, and the one after its last."""
        width = self.shape[self.by == "columns"] // world_size
        return rank * width, (rank + 1) * width

    def words(self, rank: int, world_size: int) -> str:
        """`columns 0-1 of w_up`."""
        first, end = self.held(rank, world_size)
        span = f"{self.by} {first}-{end - 1}" if end - first > 1 else f"{self.by[:-1]} {first}"
        return f"{span} of {clean(self.name)}"


@dataclass(frozen=True)
class ShardMap:
    """A block on several ranks: shards, partial results, their sum, the bias, and the cost.

    `partials[r]` is what rank r computes from its shards alone, `summed` what the collectives
    make of them, `total` the result after `bias` (name, vector) was added.
    """

    title: str
    splits: tuple[Split, ...]
    partials: tuple[Rows, ...]
    collectives: tuple[str, ...]
    summed: Rows
    bias: tuple[str, Sequence[float]]
    total: Rows
    bytes_per_rank: int

    def __post_init__(self) -> None:
        ranks = len(self.partials)
        if not 1 <= ranks <= _MOST_RANKS:
            raise CourseError(f"{self.title}: {ranks} ranks, at most {_MOST_RANKS} can be drawn")
        if any(each.shape[each.by == "columns"] % ranks for each in self.splits):
            raise CourseError(f"{self.title}: a shape that {ranks} ranks do not divide")
        for rows in self._matrices:
            if not 1 <= sum(map(len, rows)) <= _MOST_ENTRIES:
                raise CourseError(f"{self.title}: a matrix without or with too many entries")

    @property
    def _matrices(self) -> tuple[Rows, ...]:
        return (*self.partials, self.summed, self.total, [self.bias[1]])

    def text(self) -> list[str]:
        """One line for each rank, then the sum, the bias and the cost."""
        lines = [clean(self.title)]
        for rank, partial in enumerate(self.partials):
            shards = ", ".join(self._shards(rank))
            lines.append(f"rank {rank}  {shards}  gives {bracketed(partial)}")
        steps = [f"{label} {shown}" for label, shown, _ in self._steps()]
        joined = f"{steps[0]}; {steps[1]} {steps[2]}"
        lines += [joined] if columns(joined) <= WIDTH else [steps[0], f"{steps[1]} {steps[2]}"]
        return [part for line in [*lines, self._cost()] for part in wrapped(line)]

    def svg(self) -> str:
        """One row for each rank; partial results stand above each other, as in a sum on paper."""
        sheet = Sheet(clean(self.title), self.text()[1:])
        sheet.heading()
        numbers = self._numbers_at()
        y = MARGIN + 28.0
        for rank, partial in enumerate(self.partials):
            height = max(self._draw_shards(sheet, rank, y), len(partial) * _CELL)
            self._draw_step(sheet, "gives", partial, y, kind_of(rank))
            y += height + LINE
        widest = max(len(row) for rows in self._matrices for row in rows)
        sheet.line([(MARGIN, y - 4), (numbers + widest * self._cell(), y - 4)], "rule")
        y += LINE - 8
        for label, _, rows in self._steps():
            self._draw_step(sheet, label, rows, y, "all")
            y += len(rows) * _CELL + 12
        for line in wrapped(self._cost()):
            sheet.text(MARGIN, y + LINE, line)
            y += LINE
        return sheet.done()

    # -- words ---------------------------------------------------------------------------

    def _shards(self, rank: int) -> list[str]:
        return [each.words(rank, len(self.partials)) for each in self.splits]

    def _steps(self) -> Iterator[tuple[str, str, Rows]]:
        """What happens to the partial results: (label, numbers in one line, numbers)."""
        name, bias = self.bias
        ops = " + ".join(map(clean, self.collectives)) or "no collective"
        yield f"{ops} gives", bracketed(self.summed), self.summed
        yield f"plus {clean(name)}", vector(bias), [bias]
        yield "gives", bracketed(self.total), self.total

    def _cost(self) -> str:
        count = len(self.collectives)
        what = f"{plural(count, 'collective')}"
        if self.collectives == _HALVES:
            what = "1 all-reduce, as its two halves"
        return f"Cost: {what}, {self.bytes_per_rank} bytes from each rank."

    # -- shapes --------------------------------------------------------------------------

    def _cell(self) -> float:
        """The width of a number, the same in all matrices so that a sum's columns align."""
        texts = [each for rows in self._matrices for row in rows for each in entries(row)]
        return max(map(width_of, texts)) + 12

    def _column(self) -> float:
        """The width of a column of shards, with the words below them."""
        words = (each for rank in range(len(self.partials)) for each in self._shards(rank))
        return max([_BOX, *map(width_of, words)]) + 24

    def _numbers_at(self) -> float:
        """Where the column of numbers begins."""
        labels = max(width_of(label) for label, _, _ in self._steps())
        shards = width_of("rank 0") + 16 + len(self.splits) * self._column() + width_of("gives")
        return MARGIN + max(labels, shards) + 12

    def _draw_shards(self, sheet: Sheet, rank: int, y: float) -> float:
        """The matrices with what the rank holds of them; returns their height."""
        sheet.text(MARGIN, y + 16, f"rank {rank}")
        x, ranks = MARGIN + width_of("rank 0") + 16, len(self.partials)
        for split, words in zip(self.splits, self._shards(rank), strict=True):
            rows, width = split.shape
            size = _BOX / max(rows, width)
            first, end = split.held(rank, ranks)
            sheet.box(x, y, width * size, rows * size, "empty")
            if split.by == "columns":
                sheet.box(x + first * size, y, (end - first) * size, rows * size, kind_of(rank))
            else:
                sheet.box(x, y + first * size, width * size, (end - first) * size, kind_of(rank))
            sheet.text(x, y + _BOX + LINE - 2, words, "soft")
            x += self._column()
        return _BOX + LINE

    def _draw_step(self, sheet: Sheet, label: str, rows: Rows, y: float, kind: str) -> None:
        """The numbers in their column, with a label on their left."""
        left, cell = self._numbers_at(), self._cell()
        sheet.text(left - 12, y + 16, label, at="end")
        for line, row in enumerate(rows):
            for place, shown in enumerate(entries(row)):
                sheet.box(left + place * cell, y + line * _CELL, cell, _CELL, kind)
                right = left + (place + 1) * cell - 6
                sheet.text(right, y + line * _CELL + 16, shown, at="end")
