"""The picture of a student's own run, which a lab's last public test may draw."""

from dataclasses import dataclass, field
from typing import Any

from grader.drawing import WIDTH, Drawing
from grader.errors import CourseError
from grader.suite.text import show


@dataclass
class Picture:
    """Drawings and lines of words, in the order in which they came; shown when all checks pass."""

    parts: list[str | Drawing] = field(default_factory=list)

    def draw(self, drawing: Drawing) -> None:
        """Adds a drawing; its text form is shown in a terminal."""
        self.parts.append(drawing)

    def line(self, text: str = "") -> None:
        """Adds one line of at most 74 characters."""
        if len(text) > WIDTH:
            raise CourseError(f"picture line of {len(text)} characters, at most {WIDTH}: {text}")
        self.parts.append(text)

    @property
    def lines(self) -> list[str]:
        """All of it as lines of text."""
        lines: list[str] = []
        for part in self.parts:
            lines += [part] if isinstance(part, str) else part.text()
        return lines

    @property
    def drawings(self) -> list[Drawing]:
        """The parts that have an SVG form, too."""
        return [part for part in self.parts if not isinstance(part, str)]

    @staticmethod
    def text(value: Any) -> str:
        """A small value in one line, as messages show it."""
        return show(value)
