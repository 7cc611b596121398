"""Makes the notebook of a lab that an instructor gives to nbgrader.

All of it comes from the assignment's folder and the reference solution, so the same course gives
the same notebook, to the byte. A cell's metadata has the stub that students get in its place,
which `preprocess.ClearToStub` puts there; nothing in a locked cell calls a test.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from grader.course import Course, Lab, RubricItem
from grader.errors import UsageError
from grader.files.writing import write_with_folders
from grader.notebooks.pieces import (
    MARK,
    TOP,
    Piece,
    check_names,
    grade_id,
    solved_pieces,
    stub_pieces,
)
from grader.notebooks.restore import METADATA, nbgrader_metadata

_PICTURES = (".svg", ".png")  # what a hand-out shows
_HEADING = re.compile(r"^(?=## )", re.MULTILINE)
_HOW = """\
## In this notebook

Each function has a cell. Only those cells are handed in, so put imports and functions of your
own into them, into the first one for example; joined, they are `{file}`. What you try out in
other cells is yours alone. Jupyter's commands (`%…`, `!…`, `f?`) are left out and not carried out;
what stands below `%%time` stays.
"""
_CHECK = '''\
def graded_in_the_sandbox(item):
    """Says whether all functions are written. The tests of an item are not in this notebook."""
    import os

    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise RuntimeError("nbgrader_config.py must call grader.notebooks.config.configure")
    for name in ({functions}):
        code = getattr(globals().get(name), "__code__", None)
        if name not in globals() or (code and "NotImplementedError" in code.co_names):
            raise NotImplementedError(f"still to write: {{name}}")
    print(f"{{item}}: graded in a sandbox once you have submitted")'''


def source_notebook(course: Course, lab: Lab) -> Any:
    """The instructor's notebook, an `nbformat` node: hand-out, cells with solutions, rubric."""
    check_names(lab)
    stubs = {piece.name: piece.text for piece in stub_pieces(lab)}
    cells = [_solution_cell(lab, piece, stubs[piece.name]) for piece in solved_pieces(course, lab)]
    return _notebook([*_handout(lab), *cells, *_locked_cells(lab)])


def student_notebook(lab: Lab, pieces: list[Piece]) -> Any:
    """The notebook that a student would hand in whose file has these pieces."""
    check_names(lab)
    texts = {piece.name: piece.text for piece in pieces}
    names = [TOP, *lab.functions]
    cells = [_solution_cell(lab, Piece(name, texts.get(name, ""))) for name in names]
    return _notebook([*_handout(lab), *cells, *_locked_cells(lab)])


def write_source(course: Course, lab: Lab, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Writes `source/<lab>/` of an nbgrader course: the notebook and its pictures.

    UsageError if another notebook is there, as it may have been edited, unless `overwrite` is set.
    """
    target = folder / "source" / lab.slug
    files = {target / f"{lab.slug}.ipynb": serialised(source_notebook(course, lab))}
    for path in sorted(lab.folder.iterdir()):
        if path.suffix in _PICTURES and not path.name.startswith("."):
            files[target / path.name] = path.read_bytes()
    for path, content in files.items():
        if path.exists() and path.read_bytes() != content and not overwrite:
            raise UsageError(f"{path} is there and differs; --overwrite replaces it")
    for path, content in files.items():
        write_with_folders(path, content)
    return list(files)


def serialised(notebook: Any) -> bytes:
    """The bytes of a notebook's file, once the notebook is checked to be valid."""
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return text.encode() + b"\n"


def _notebook(cells: list[Any]) -> Any:
    return v4.new_notebook(cells=cells, metadata=METADATA)


def _handout(lab: Lab) -> Iterator[Any]:
    """Yields a cell for each section of the README, and one that explains the notebook."""
    text = (lab.folder / "README.md").read_text("utf-8")
    sections = [*_HEADING.split(text), _HOW.format(file=lab.assignment.file)]
    for number, section in enumerate(filter(str.strip, sections)):
        cell_id = _cell_id(lab, f"handout {number}")
        yield v4.new_markdown_cell(section.strip("\n"), id=cell_id)


def _solution_cell(lab: Lab, piece: Piece, stub: str | None = None) -> Any:
    nbgrader = nbgrader_metadata(grade_id(piece.name), graded=False, solution=True)
    metadata: dict[str, Any] = {"nbgrader": nbgrader}
    if stub is not None:
        metadata["shardlab"] = {"stub": stub}
    return v4.new_code_cell(piece.text, id=_cell_id(lab, piece.name), metadata=metadata)


def _locked_cells(lab: Lab) -> Iterator[Any]:
    names = "".join(f'"{name}", ' for name in lab.functions).rstrip(" ")
    check = _CHECK.format(functions=names)
    metadata = {"nbgrader": nbgrader_metadata(MARK, graded=False, locked=True)}
    yield v4.new_code_cell(check, id=_cell_id(lab, f"locked {MARK}"), metadata=metadata)
    for item in lab.rubric:
        nbgrader = nbgrader_metadata(item.item, graded=True, locked=True) | {"points": item.points}
        cell_id, text = _cell_id(lab, f"item {item.item}"), _item_text(lab, item)
        yield v4.new_code_cell(text, id=cell_id, metadata={"nbgrader": nbgrader})


def _item_text(lab: Lab, item: RubricItem) -> str:
    invariant = f"{item.invariant}: {lab.assignment.invariants[item.invariant]}"
    title = f"{item.title} ({item.points} points)"
    return f"# {title}\n# {invariant}\ngraded_in_the_sandbox({item.item!r})"


def _cell_id(lab: Lab, name: str) -> str:
    """The same id for the same cell, always."""
    return hashlib.sha256(f"{lab.slug}\0{name}".encode()).hexdigest()[:16]
