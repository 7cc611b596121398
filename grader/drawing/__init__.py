"""Pictures of a run, each as text for a terminal and as an SVG for pages and hand-outs.

Theory of operation
-------------------
A drawing is a frozen dataclass of plain facts. Both of its forms are derived from these alone,
so they can't tell different stories: `text()` is lines of at most `WIDTH` columns, `svg()` one
self-contained document. An SVG refers to nothing outside itself, runs nothing, is read in
light and dark mode, and says nothing by colour alone: all that a colour tells is also written
or hatched. Its `<desc>` is the text form in words, for those who can't see it.

Facts may hold what a student's code returned, as far as the caller has found it to be numbers
of a sane size. Whatever else stands in a label is cleaned and escaped here. Facts of which no
picture can be drawn (a bar beyond the last slot, a time of 0 on a logarithmic axis) are the
author's mistake and raise CourseError as soon as the drawing is made.

No module here reads, writes or imports any other part of the grader but its errors.
"""

from typing import Protocol

from grader.drawing.bars import Amount, Bars
from grader.drawing.curves import Curve, Curves, Mark
from grader.drawing.gantt import Bar, Gantt, Panel
from grader.drawing.heatmap import HeatMap, Kind
from grader.drawing.memory import Held, MemoryBars, Part
from grader.drawing.shardmap import ShardMap, Split
from grader.drawing.sheet import STYLE
from grader.drawing.words import WIDTH

__all__ = [
    "STYLE",
    "WIDTH",
    "Amount",
    "Bar",
    "Bars",
    "Curve",
    "Curves",
    "Drawing",
    "Gantt",
    "HeatMap",
    "Held",
    "Kind",
    "Mark",
    "MemoryBars",
    "Panel",
    "Part",
    "ShardMap",
    "Split",
]


class Drawing(Protocol):
    """Any picture: facts with two forms."""

    def text(self) -> list[str]:
        """Lines of at most `WIDTH` columns; the first is the title."""

    def svg(self) -> str:
        """A complete SVG document with the same facts."""
