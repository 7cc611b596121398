"""Makes a submitted notebook anew: only its text is the student's.

A student can edit everything in a notebook's file: ids, points, locks, outputs, types of cells. So
the cells that count, their order and their points are read from nbgrader's gradebook, and only the
source of the student's own cells from the notebook.
"""

from collections.abc import Sequence
from typing import Any

import nbformat
from nbformat import v4

from grader.course import Lab
from grader.notebooks.expected import ExpectedCell
from grader.notebooks.pieces import TOP, Piece, grade_id
from grader.notebooks.reading import joined_cells

METADATA: dict[str, Any] = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}
_TYPES = ("code", "markdown", "raw")


def restore(notebook: Any, expected: Sequence[ExpectedCell]) -> Any:
    """A new notebook: the student's cells as they are, the expected cells as they must be.

    A solution cell that is there twice, as after a split, becomes one with both texts in order. A
    missing cell comes back as it was released. No output is kept.
    """
    wanted = {each.name: each for each in expected}
    given = [(_name_of(cell), _type_of(cell), _source_of(cell)) for cell in _cells_of(notebook)]
    texts: dict[str, list[str]] = {}
    last: dict[str, int] = {}
    for number, (name, _, source) in enumerate(given):
        texts.setdefault(name, []).append(source)
        last[name] = number
    cells = [
        (name, _restored(wanted[name], texts[name])) if name in wanted else ("", _cell(kind, text))
        for number, (name, kind, text) in enumerate(given)
        if name not in wanted or last[name] == number
    ]
    _add_missing(cells, expected)
    for number, (_, cell) in enumerate(cells):
        cell["id"] = f"cell-{number}"
    version = {"nbformat": v4.nbformat, "nbformat_minor": v4.nbformat_minor}
    made = {"cells": [cell for _, cell in cells], "metadata": METADATA}
    return nbformat.from_dict(made | version)


def solution_pieces(notebook: Any, lab: Lab) -> list[Piece]:
    """The pieces in the lab's solution cells, in the notebook's order."""
    names = {grade_id(name): name for name in (TOP, *lab.functions)}
    return [
        Piece(names[name], _source_of(cell))
        for cell in notebook["cells"]
        if (name := _name_of(cell)) in names
    ]


def scratch_cells(notebook: Any) -> list[tuple[int, str]]:
    """The code of the student's own cells, each with the cell's number in the notebook."""
    return [
        (number, _source_of(cell))
        for number, cell in enumerate(notebook["cells"], 1)
        if not _name_of(cell) and _type_of(cell) == "code"
    ]


def _add_missing(cells: list[tuple[str, Any]], expected: Sequence[ExpectedCell]) -> None:
    """Puts back missing cells, each behind the cell that it was released behind."""
    names = [name for name, _ in cells]
    for number, each in enumerate(expected):
        if each.name not in names:
            at = names.index(expected[number - 1].name) + 1 if number else 0
            names.insert(at, each.name)
            cells.insert(at, (each.name, _restored(each, [each.source])))


def _restored(cell: ExpectedCell, texts: Sequence[str]) -> dict[str, Any]:
    graded = cell.points is not None and not cell.task
    metadata = nbgrader_metadata(
        cell.name, graded=graded, solution=cell.solution, locked=cell.locked, task=cell.task
    )
    metadata["cell_type"] = cell.cell_type
    if cell.checksum:
        metadata["checksum"] = cell.checksum
    if cell.points is not None:
        metadata["points"] = cell.points
    source = cell.source if cell.locked else joined_cells(texts)
    return _cell(cell.cell_type, source, {"nbgrader": metadata})


def nbgrader_metadata(name: str, *, graded: bool, **facts: bool) -> dict[str, Any]:
    """nbgrader's metadata of a cell, by its schema 3."""
    kinds = {"solution": False, "locked": False, "task": False} | facts
    return {"schema_version": 3, "grade_id": name, "grade": graded, **kinds}


def _cell(kind: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "source": source, "metadata": metadata or {}, **code}


def _cells_of(notebook: Any) -> list[Any]:
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else []


def _name_of(cell: Any) -> str:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    own = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = own.get("grade_id") if isinstance(own, dict) else None
    return name if isinstance(name, str) else ""


def _type_of(cell: Any) -> str:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    return str(kind) if kind in _TYPES else "raw"


def _source_of(cell: Any) -> str:
    """The text of a cell, which a file may have as lines; halves of characters are escaped."""
    source = cell.get("source") if isinstance(cell, dict) else None
    parts = source if isinstance(source, list) else [source]
    text = "".join(part for part in parts if isinstance(part, str))
    return text.encode("utf-8", "backslashreplace").decode()
