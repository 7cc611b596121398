"""Builds an SVG document from shapes; the kind of a shape is its class in the style sheet.

Selectors start with the class of the root, so a page may hold many drawings and keep its own
styles. There is a ground of its own in every drawing, since a viewer that knows of dark mode
may still show a file on white.
"""

from collections.abc import Sequence
from html import escape

from grader.drawing.words import columns

KINDS = 4
_ROOT = ".shardlab-drawing"
SIZE = 13  # of the type, in pixels
LINE = 18  # from one line of text to the next
MARGIN = 20
_CHARACTER = 0.61 * SIZE  # the width of one, in the monospaced type

# (fill, stroke) by day and by night of each kind; k0 to k3 tell things apart beside their labels
_COLOURS = {
    "k0": ("#9cc7f0", "#1f6fb2", "#1b4b7a", "#6cb2f2"),
    "k1": ("#f6c28b", "#b3620e", "#7a4510", "#f0a653"),
    "k2": ("#b5dfb0", "#2f7d32", "#23572a", "#79c47d"),
    "k3": ("#dcc3ef", "#7a3fae", "#53307a", "#c39af0"),
    "all": ("#d8dee4", "#57606a", "#3d444d", "#9da7b1"),
}
_INKS = {
    "ink": ("#24292f", "#e6edf3"),
    "soft": ("#57606a", "#9da7b1"),
    "ground": ("#fff", "#0d1117"),
}
_LINES = ("rule", "grid", "guide", "empty", "idle", "hatch")
_DASHES = ("", "9 4", "2 4", "9 4 2 4")


class Sheet:
    """A sheet that is drawn on; `done` returns the document."""

    def __init__(self, title: str, words: Sequence[str]) -> None:
        self._title, self._words = title, words
        self._parts: list[str] = []
        self._right = self._bottom = 0.0

    def text(self, x: float, y: float, words: str, kind: str = "ink", at: str = "") -> None:
        """One line of text on the base line y. `at`: `middle` or `end` of it is at x."""
        self._reach(x + width_of(words) * {"": 1.0, "middle": 0.5, "end": 0.0}[at], y + 5)
        anchor = f' text-anchor="{at}"' if at else ""
        self._add(f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}"{anchor}>{escape(words)}</text>')

    def heading(self, y: float = MARGIN + 8) -> None:
        """The title, on top."""
        self.text(MARGIN, y, self._title, "ink head")

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A rectangle."""
        self._reach(x + width, y + height)
        size = f'width="{_n(width)}" height="{_n(height)}"'
        self._add(f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" {size}/>')

    def cells(self, corners: Sequence[tuple[float, float]], size: float, kind: str) -> None:
        """Squares by their upper left corners, all of one kind: one element, however many."""
        for x, y in corners:
            self._reach(x + size, y + size)
        side = _n(size)
        path = "".join(f"M{_n(x)} {_n(y)}h{side}v{side}h-{side}z" for x, y in corners)
        self._add(f'<path class="{kind}" d="{path}"/>')

    def letters(self, centres: Sequence[float], y: float, signs: str) -> None:
        """One character at each place, on the base line y: one element, however many."""
        lefts = [centre - _CHARACTER / 2 for centre in centres]
        self._reach(lefts[-1] + _CHARACTER, y + 5)
        places = " ".join(map(_n, lefts))
        self._add(f'<text class="ink" x="{places}" y="{_n(y)}">{escape(signs)}</text>')

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through the points."""
        for point in points:
            self._reach(*point)
        path = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self._add(f'<path class="{kind}" d="M{path}"/>')

    def dot(self, x: float, y: float, kind: str) -> None:
        """A point that stands out on a line."""
        self._add(f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="5"/>')

    def done(self) -> str:
        """The document, as large as what is drawn on it."""
        width, height = _n(self._right + MARGIN), _n(self._bottom + MARGIN)
        return "\n".join(
            [
                f'{_OPENING} width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
                f"<title>{escape(self._title)}</title>",
                f"<desc>{escape(chr(10).join(self._words))}</desc>",
                STYLE,
                _HATCH,
                f'<rect class="ground" width="{width}" height="{height}"/>',
                *self._parts,
                "</svg>\n",
            ]
        )

    def _add(self, part: str) -> None:
        self._parts.append(part)

    def _reach(self, x: float, y: float) -> None:
        self._right, self._bottom = max(self._right, x), max(self._bottom, y)


def kind_of(number: int) -> str:
    """The kind by which the number-th of several things is drawn."""
    return f"k{number % KINDS}"


def width_of(words: str) -> float:
    """The most pixels that a text takes."""
    return columns(words) * _CHARACTER


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _colours(night: int) -> str:
    """The rules for all that has a colour, by day (0) or by night (1)."""
    rules = [f"{_ROOT} .{kind}{{fill:{ink[night]}}}" for kind, ink in _INKS.items()]
    for kind, colours in _COLOURS.items():
        fill, stroke = colours[2 * night : 2 * night + 2]
        rules.append(f"{_ROOT} .{kind}{{fill:{fill};stroke:{stroke}}}")
        rules.append(f"{_ROOT} .c{kind}{{stroke:{stroke}}}")
    lines = ",".join(f"{_ROOT} .{kind}" for kind in _LINES)
    return "\n".join([*rules, f"{lines}{{stroke:{_INKS['soft'][night]}}}"])


def _style() -> str:
    """The style sheet of every drawing; on paper it is always day."""
    shapes = [
        f"{_ROOT} text{{stroke:none;font:{SIZE}px ui-monospace,Menlo,Consolas,monospace}}",
        f"{_ROOT} .head{{font-weight:bold}}",
        f"{_ROOT} .rule,{_ROOT} .grid,{_ROOT} .guide,{_ROOT} .curve{{fill:none}}",
        f"{_ROOT} .grid{{opacity:.25}} {_ROOT} .guide{{stroke-dasharray:3 4}}",
        f"{_ROOT} .empty{{fill:none;stroke-dasharray:2 3}}",
        f"{_ROOT} .idle{{fill:url(#shardlab-idle)}}",
        f"{_ROOT} .curve{{stroke-width:2.5}}",
        *(f"{_ROOT} .ck{n}{{stroke-dasharray:{dash}}}" for n, dash in enumerate(_DASHES) if dash),
    ]
    night = f"@media screen and (prefers-color-scheme:dark){{{_colours(1)}}}"
    return "<style>" + "\n".join([*shapes, _colours(0), night]) + "</style>"


_OPENING = '<svg xmlns="http://www.w3.org/2000/svg" class="shardlab-drawing" role="img"'
STYLE = _style()
_HATCH = (
    '<defs><pattern id="shardlab-idle" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path class="hatch" d="M-1 7L7 -1" opacity=".55"/></pattern></defs>'
)
