"""The picture of a student's own run, which the last public test of a lab may draw."""

from dataclasses import dataclass, field
from typing import Any

from grader.errors import CourseError
from grader.suite.text import show

WIDTH = 74


@dataclass
class Picture:
    """Lines of text with the same facts that a figure would show; drawn when the case passes."""

    lines: list[str] = field(default_factory=list)

    def line(self, text: str = "") -> None:
        """Adds one line of at most 74 characters."""
        if len(text) > WIDTH:
            raise CourseError(f"picture line of {len(text)} characters, at most {WIDTH}: {text}")
        self.lines.append(text)

    @staticmethod
    def text(value: Any) -> str:
        """A small value in one line, as messages show it."""
        return show(value)
