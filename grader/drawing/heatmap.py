"""A heat map: a row for each student, a column for each item, and a letter in each cell."""

from collections.abc import Iterator
from dataclasses import dataclass

from grader.drawing.sheet import LINE, MARGIN, Sheet, width_of
from grader.drawing.words import WIDTH, clean, columns, flowed
from grader.errors import CourseError

_MOST_ROWS, _MOST_COLUMNS, _LABEL = 200, 26, 20
_CELL = 20.0
_LOOKS = ("", "k0", "k1", "k2", "k3", "all", "idle")


@dataclass(frozen=True)
class Kind:
    """What a cell may say: its letter, what that means, and how an SVG fills the cell."""

    sign: str
    name: str
    look: str = ""

    def words(self) -> str:
        """`F failed`."""
        return f"{self.sign} {clean(self.name)}"


@dataclass(frozen=True)
class HeatMap:
    """A letter by row and column. Each of `rows` is (label, one sign for each column)."""

    title: str
    items: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    kinds: tuple[Kind, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.items) <= _MOST_COLUMNS or not 1 <= len(self.rows) <= _MOST_ROWS:
            raise CourseError(f"{self.title}: no, or too many, rows or columns")
        signs = {each.sign for each in self.kinds}
        if any(columns(clean(sign)) != 1 for sign in signs):
            raise CourseError(f"{self.title}: a sign is one character")
        if any(each.look not in _LOOKS for each in self.kinds):
            raise CourseError(f"{self.title}: a look is one of {', '.join(_LOOKS[1:])}")
        for label, cells in self.rows:
            if len(cells) != len(self.items) or not set(cells) <= signs:
                raise CourseError(f"{self.title}: row '{label}' has no known sign a column")

    def text(self) -> list[str]:
        """One line for each row, columns by number, and what numbers and letters mean."""
        names = [_fit(label) for label, _ in self.rows]
        width = max(map(columns, names))
        head = " ".join(f"{n % 100:>2}" for n in range(1, len(self.items) + 1))
        if width + 1 + len(head) > WIDTH:
            raise CourseError(f"{self.title}: {len(self.items)} columns are too many for a line")
        lines = [clean(self.title), f"{'':{width}} {head}"]
        for name, (_, cells) in zip(names, self.rows, strict=True):
            gap = " " * (width - columns(name))
            lines.append(f"{name}{gap} {' '.join(f'{each:>2}' for each in cells)}")
        return [*lines, *flowed(self._numbered()), *flowed(each.words() for each in self.kinds)]

    def svg(self) -> str:
        """The same with filled cells: one path for each kind, one text for each row."""
        words = [f"{label}: {cells}" for label, cells in self._shown()]
        sheet = Sheet(clean(self.title), [*self._numbered(), *words])
        sheet.heading()
        left = MARGIN + max(width_of(label) for label, _ in self._shown()) + 12
        top = MARGIN + 20.0 + LINE
        centres = [left + (n + 0.5) * _CELL for n in range(len(self.items))]
        for number, x in enumerate(centres, 1):
            sheet.text(x, top - 6, str(number), "soft", "middle")
        for kind in self.kinds:
            if kind.look and (corners := list(self._places(kind.sign, left, top))):
                sheet.cells(corners, _CELL - 2, kind.look)
        for row, (label, cells) in enumerate(self._shown()):
            base = top + row * _CELL + 14
            sheet.text(left - 12, base, label, "soft", "end")
            sheet.letters(centres, base, cells)
        self._legend(sheet, top + len(self.rows) * _CELL + LINE)
        return sheet.done()

    def _shown(self) -> Iterator[tuple[str, str]]:
        return ((_fit(label), cells) for label, cells in self.rows)

    def _numbered(self) -> list[str]:
        return [f"{number} {clean(item)}" for number, item in enumerate(self.items, 1)]

    def _places(self, sign: str, left: float, top: float) -> Iterator[tuple[float, float]]:
        """The corners of all cells with that sign."""
        for row, (_, cells) in enumerate(self.rows):
            for column, each in enumerate(cells):
                if each == sign:
                    yield left + column * _CELL + 1, top + row * _CELL

    def _legend(self, sheet: Sheet, y: float) -> None:
        for kind in self.kinds:
            if kind.look:
                sheet.cells([(MARGIN, y - 14)], _CELL - 2, kind.look)
            sheet.letters([MARGIN + _CELL / 2 - 1], y, kind.sign)
            sheet.text(MARGIN + _CELL + 8, y, clean(kind.name))
            y += LINE + 4
        for line in flowed(self._numbered(), "; "):
            sheet.text(MARGIN, y, line, "soft")
            y += LINE


def _fit(label: str) -> str:
    """A row's label in the columns there are for it."""
    name = clean(label)
    if columns(name) <= _LABEL:
        return name
    while columns(name) >= _LABEL:
        name = name[:-1]
    return f"{name}…"
