"""Who works when: rows of slots with labelled bars, and what is idle between them."""

from dataclasses import dataclass

from grader.drawing.sheet import LINE, MARGIN, Sheet, kind_of, width_of
from grader.drawing.words import WIDTH, clean, columns, flowed
from grader.errors import CourseError

IDLE = "░"
_MOST_CELLS = 320  # which keeps an SVG below 40 kB
_WIDEST_SLOT, _ROW, _PLOT = 30.0, 26.0, 660.0
_GAP = 4


@dataclass(frozen=True)
class Bar:
    """Work from slot `start` until slot `end`, which is not part of it."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Panel:
    """One schedule: `rows` of bars in order, `slots` long, with lines of words below."""

    heading: str
    rows: tuple[tuple[Bar, ...], ...]
    slots: int
    captions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            ends = [0, *(bar.end for bar in row)]
            fits = all(
                end <= bar.start < bar.end and 1 <= columns(clean(bar.label)) <= 6
                for end, bar in zip(ends, row, strict=False)
            )
            if not fits or ends[-1] > self.slots:
                raise CourseError(f"{self.heading}: row {number} is no row of {self.slots} slots")

    def labels(self) -> list[str]:
        """What stands on the bars, each once, in order of their appearance."""
        bars = sorted((bar for row in self.rows for bar in row), key=lambda bar: bar.start)
        return list(dict.fromkeys(clean(bar.label) for bar in bars))

    def words_of_captions(self) -> list[str]:
        """The captions as they are shown."""
        return [clean(each) for each in self.captions]


@dataclass(frozen=True)
class Gantt:
    """Schedules beside or below each other. Rows are called `row_name` 0, 1 and so on."""

    title: str
    panels: tuple[Panel, ...]
    row_name: str = "stage"

    def __post_init__(self) -> None:
        cells = sum(len(panel.rows) * panel.slots for panel in self.panels)
        if not 1 <= cells <= _MOST_CELLS:
            raise CourseError(f"{self.title}: {cells} cells, at most {_MOST_CELLS} can be drawn")
        for panel in self.panels:
            if max(map(columns, self._lines(panel))) > WIDTH:
                raise CourseError(f"{self.title}: '{panel.heading}' is wider than {WIDTH} columns")

    def text(self) -> list[str]:
        """Panels of one height stand side by side where there is room for them."""
        blocks: list[list[str]] = []
        for lines in map(self._lines, self.panels):
            beside = _beside(blocks[-1], lines) if blocks else []
            if beside:
                blocks[-1] = beside
            else:
                blocks.append(lines)
        title = flowed([f"{clean(self.title)}   {IDLE} idle"])
        return [*title, *(line for block in blocks for line in block)]

    def svg(self) -> str:
        """The panels below each other, on one scale; idle slots are hatched."""
        sheet = Sheet(clean(self.title), self._words())
        sheet.heading()
        y = MARGIN + 8.0 + LINE
        left = MARGIN + width_of(self._name(len(self.panels[0].rows))) + 14
        slot = min(_WIDEST_SLOT, _PLOT / max(panel.slots for panel in self.panels))
        sheet.box(MARGIN, y - 11, 20, 14, "idle")
        sheet.text(MARGIN + 28, y, "idle", "soft")
        for panel in self.panels:
            y = self._draw(sheet, panel, left, y + LINE + 8, slot)
        return sheet.done()

    def _name(self, row: int) -> str:
        return f"{clean(self.row_name)} {row}"

    def _words(self) -> list[str]:
        """The facts for those who can't see: when each bar stands where."""
        lines = []
        for panel in self.panels:
            lines.append(f"{clean(panel.heading)}: {panel.slots} slots.")
            for number, row in enumerate(panel.rows):
                bars = [f"{clean(bar.label)} {_span(bar)}" for bar in row]
                lines.append(f"{self._name(number)}: {', '.join(bars) or 'nothing'}; else idle.")
            lines += panel.words_of_captions()
        return lines

    # -- text ----------------------------------------------------------------------------

    def _lines(self, panel: Panel) -> list[str]:
        """Heading, rows and captions of one panel."""
        width = max(map(columns, panel.labels()), default=1)
        rows = [
            f"  {self._name(number)}  {_cells(row, panel.slots, width)}".rstrip()
            for number, row in enumerate(panel.rows)
        ]
        captions = [f"  {each}" for each in panel.words_of_captions()]
        return [clean(panel.heading), *rows, *captions]

    # -- shapes --------------------------------------------------------------------------

    def _draw(self, sheet: Sheet, panel: Panel, left: float, y: float, slot: float) -> float:
        """Draws one panel from y on; returns where it ends."""
        sheet.text(MARGIN, y, clean(panel.heading))
        y += 8
        for number, row in enumerate(panel.rows):
            sheet.text(MARGIN, y + 17, self._name(number), "soft")
            busy = {place for bar in row for place in range(bar.start, bar.end)}
            for place in sorted(set(range(panel.slots)) - busy):
                sheet.box(left + place * slot, y, slot - 2, _ROW - 3, "idle")
            for bar in row:
                self._draw_bar(sheet, bar, panel, (left, y, slot))
            y += _ROW
        y -= 5
        for caption in panel.words_of_captions():
            y += LINE
            sheet.text(MARGIN, y, caption)
        return y

    @staticmethod
    def _draw_bar(sheet: Sheet, bar: Bar, panel: Panel, place: tuple[float, float, float]) -> None:
        left, y, slot = place
        families = list(dict.fromkeys(map(_family, panel.labels())))
        label = clean(bar.label)
        x, width = left + bar.start * slot, (bar.end - bar.start) * slot - 2
        sheet.box(x, y, width, _ROW - 3, kind_of(families.index(_family(label))))
        sheet.text(x + width / 2, y + 16, label, at="middle")


def _family(label: str) -> str:
    """What bars of one colour have in common: the F of F0 and F1; a and b have nothing."""
    return label.rstrip("0123456789") or label


def _span(bar: Bar) -> str:
    """`in slot 3`, or `in slots 3-4`."""
    if bar.end == bar.start + 1:
        return f"in slot {bar.start}"
    return f"in slots {bar.start}-{bar.end - 1}"


def _cells(row: tuple[Bar, ...], slots: int, width: int) -> str:
    """One row of a panel, `width` columns a slot and a space between slots of more than one."""
    space = " " * (width > 1)
    pitch = width + len(space)
    shown = [IDLE * width + space] * slots
    for bar in row:
        label = clean(bar.label)
        rest = (bar.end - bar.start) * pitch - columns(label) - len(space)
        shown[bar.start : bar.end] = [label + "-" * rest + space]
        shown[bar.start + 1 : bar.start + 1] = [""] * (bar.end - bar.start - 1)
    return "".join(shown)


def _beside(left: list[str], right: list[str]) -> list[str]:
    """Both blocks side by side; nothing where they differ in height or are too wide."""
    width = max(map(columns, left)) + _GAP
    if len(left) != len(right) or width + max(map(columns, right)) > WIDTH:
        return []
    pairs = zip(left, right, strict=True)
    return [f"{one}{' ' * (width - columns(one))}{other}" for one, other in pairs]
