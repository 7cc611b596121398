"""A lab's file from a notebook that a student handed in by itself, outside nbgrader."""

import json
from collections.abc import Iterator
from typing import Any

from grader.course import Lab
from grader.errors import ShardlabError
from grader.notebooks import check_installed
from grader.notebooks.pieces import TOP, Piece


class NotebookError(Exception):
    """A notebook from which no file can be made; the text says why, and the mend."""


def source_of(lab: Lab, raw: bytes) -> bytes:
    """The lab's file: the cells that are the lab's own, else all code cells, in their order.

    NotebookError if the bytes are no notebook, if none of its code defines a function of the lab,
    or if what reads cells is not installed.
    """
    file = lab.assignment.file
    try:
        check_installed()
    except ShardlabError:
        raise NotebookError(
            f"a notebook, which needs shardlab[nbgrader] here: install it, or ask for {file}"
        ) from None
    from grader.notebooks.reading import read_cells  # noqa: PLC0415 - needs the extra
    from grader.notebooks.restore import solution_pieces  # noqa: PLC0415

    notebook = _notebook(raw)
    own = solution_pieces(notebook, lab)
    pieces = own or [Piece(TOP, text) for text in _code(notebook)]
    source = read_cells(pieces).source
    if not any(f"def {name}" in source for name in lab.functions):
        raise NotebookError(f"a notebook without a function of {lab.slug}: ask for {file}")
    return source.encode("utf-8", "backslashreplace")


def _notebook(raw: bytes) -> Any:
    try:
        notebook = json.loads(raw)
    except (ValueError, RecursionError):
        raise NotebookError("it is no notebook that can be read: no JSON") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotebookError("it is no notebook that can be read: it has no cells")
    return notebook


def _code(notebook: Any) -> Iterator[str]:
    """Yields the text of each code cell."""
    for cell in notebook["cells"]:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            parts = source if isinstance(source, list) else [source]
            yield "".join(each for each in parts if isinstance(each, str))
