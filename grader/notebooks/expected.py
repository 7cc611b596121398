"""What nbgrader's gradebook says of a lab's notebook: which cells it has, and their points."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.course import Lab
from grader.errors import CourseError
from grader.notebooks.pieces import MARK, TOP, grade_id


@dataclass(frozen=True)
class Expected:
    """A cell as nbgrader's gradebook has it; `points` is None where none are to be had."""

    name: str
    cell_type: str
    source: str
    checksum: str
    locked: bool = False
    solution: bool = False
    task: bool = False
    points: float | None = None

    @property
    def automatic(self) -> bool:
        """Whether nobody but the autograder gives it points."""
        return self.points is not None and not self.solution and not self.task


def check_rubric(lab: Lab, expected: Sequence[Expected]) -> None:
    """Refuses a notebook that was generated of another rubric: scores would mean two things."""
    ours = {item.item: float(item.points) for item in lab.rubric}
    theirs = {each.name: float(each.points or 0) for each in expected if each.automatic}
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            raise CourseError(
                f"nbgrader's notebook of {lab.slug} and its rubric differ at '{name}': "
                f"{_points(theirs, name)} there, {_points(ours, name)} here; run 'shardlab "
                "notebook' and 'nbgrader generate_assignment' again"
            )


def is_ours(expected: Sequence[Expected]) -> bool:
    """Whether the notebook was made by `shardlab notebook`, by nbgrader's own record."""
    return any(each.name == MARK and each.locked for each in expected)


def in_order(expected: Sequence[Expected]) -> list[Expected]:
    """The cells as they stand in a released notebook of ours: the top, functions, then items.

    A database has no order of its own.
    """

    def place(cell: Expected) -> int:
        if cell.name == grade_id(TOP):
            return 0
        if cell.name.startswith(grade_id("")):
            return 1
        return 2 if cell.name == MARK else 3

    return sorted(expected, key=place)


def _points(points: dict[str, float], name: str) -> str:
    return f"{points[name]:g} points" if name in points else "no such item"
