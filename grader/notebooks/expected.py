"""The cells and points that a lab's notebook has by nbgrader's gradebook."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.course import Lab
from grader.errors import CourseError
from grader.notebooks.pieces import MARK, TOP, grade_id


@dataclass(frozen=True)
class ExpectedCell:
    """A cell as nbgrader's gradebook has it; `points` is None if it can earn none."""

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
        """Whether only the autograder gives it points."""
        return self.points is not None and not self.solution and not self.task


def check_rubric(lab: Lab, expected: Sequence[ExpectedCell]) -> None:
    """Refuses a notebook made for another rubric, whose scores would mean something else."""
    ours = {item.item: float(item.points) for item in lab.rubric}
    theirs = {each.name: float(each.points or 0) for each in expected if each.automatic}
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            raise CourseError(
                f"nbgrader's notebook of {lab.slug} and its rubric differ at '{name}': "
                f"{_points(theirs, name)} there, {_points(ours, name)} here; run 'shardlab "
                "notebook' and 'nbgrader generate_assignment' again"
            )


def is_ours(expected: Sequence[ExpectedCell]) -> bool:
    """Whether `shardlab notebook` made the notebook, according to nbgrader's gradebook."""
    return any(each.name == MARK and each.locked for each in expected)


def in_order(expected: Sequence[ExpectedCell]) -> list[ExpectedCell]:
    """The cells in the order of a released notebook: the top, functions, then items.

    The database does not keep them in order.
    """

    def place(cell: ExpectedCell) -> int:
        if cell.name == grade_id(TOP):
            return 0
        if cell.name.startswith(grade_id("")):
            return 1
        return 2 if cell.name == MARK else 3

    return sorted(expected, key=place)


def _points(points: dict[str, float], name: str) -> str:
    return f"{points[name]:g} points" if name in points else "no such item"
