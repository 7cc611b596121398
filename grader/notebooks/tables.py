"""nbgrader's gradebook as tables, and how they are read and written.

nbgrader's package, which takes seconds to import, is not needed for this. Only the columns in use
stand here; a test proves that nbgrader's own tables have them, and need no others.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from grader.course import Lab
from grader.errors import StoreError, UsageError
from grader.gradebook.database import insert
from grader.notebooks.expected import ExpectedCell, check_rubric

FILE = "gradebook.db"
Row = dict[str, Any]
_T = TypeVar("_T")
_BUSY_S = 30.0


def _table(name: str, texts: str, **others: Any) -> sa.Table:
    kinds = dict.fromkeys(texts.split(), sa.String) | others
    return sa.Table(name, sa.MetaData(), *(sa.Column(key, kind) for key, kind in kinds.items()))


assignment = _table("assignment", "id name")
notebook = _table("notebook", "id name assignment_id")
base_cell = _table("base_cell", "id name notebook_id type")
grade_cell = _table("grade_cells", "id", max_score=sa.Float)
student = _table("student", "id first_name last_name email lms_user_id")
submitted_assignment = _table(
    "submitted_assignment", "id assignment_id student_id", timestamp=sa.DateTime
)
submitted_notebook = _table(
    "submitted_notebook", "id assignment_id notebook_id", flagged=sa.Boolean
)
_SCORES = dict.fromkeys(("auto_score", "manual_score", "extra_credit"), sa.Float)
grade = _table("grade", "id notebook_id cell_id", **_SCORES, needs_manual_grade=sa.Boolean)
comment = _table("comment", "id notebook_id cell_id auto_comment manual_comment")


@dataclass(frozen=True)
class LabNotebook:
    """The lab's notebook in nbgrader: its cells' ids by kind and name, and the items' points."""

    id: str
    assignment_id: str
    cells: Mapping[tuple[str, str], str]
    points: Mapping[str, float]

    def ids(self, *kinds: str) -> list[str]:
        """The ids of the cells of these kinds."""
        return [each for (kind, _), each in self.cells.items() if kind in kinds]

    @property
    def graded(self) -> dict[str, str]:
        """The names of the cells that have points, by id."""
        kinds = ("GradeCell", "TaskCell")
        return {each: name for (kind, name), each in self.cells.items() if kind in kinds}

    @property
    def automatic(self) -> set[str]:
        """The names of the cells that only the autograder gives points."""
        return {name for name in self.points if ("SolutionCell", name) not in self.cells}

    def check(self, lab: Lab) -> None:
        """Refuses a notebook whose items or points are not the rubric's."""
        points = [(name, self.points[name]) for name in sorted(self.automatic)]
        cells = [ExpectedCell(name, "code", "", "", points=each) for name, each in points]
        check_rubric(lab, cells)


def transaction(where: Path | str, work: Callable[[sa.Connection], _T]) -> _T:
    """Runs the work, whole or not at all, on a database that nbgrader made; returns its value."""
    url = _url(where)
    options = {"connect_args": {"timeout": _BUSY_S}} if url.get_backend_name() == "sqlite" else {}
    shown = url.render_as_string(hide_password=True)
    try:
        engine = sa.create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise StoreError(f"{shown}: {error.name} is not installed here") from None
    try:
        with engine.begin() as connection:
            return work(connection)
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise StoreError(
            f"nbgrader's gradebook {shown}: {said}; nothing was changed. If its tables are older "
            "than nbgrader, run 'nbgrader db upgrade'"
        ) from None
    finally:
        engine.dispose()


def _url(where: Path | str) -> sa.URL:
    if isinstance(where, str) and "://" in where:
        try:
            return sa.make_url(where)
        except SQLAlchemyError:
            raise UsageError("nbgrader's gradebook: that is no database URL") from None
    path = Path(where) / FILE
    if not path.is_file():
        raise UsageError(f"{path}: missing; run 'nbgrader generate_assignment' in {where} first")
    return sa.URL.create("sqlite", database=str(path))


def find_notebook(connection: sa.Connection, slug: str) -> LabNotebook:
    """The lab's notebook; UsageError if nbgrader has none."""
    query = (
        sa.select(notebook.c.id, notebook.c.assignment_id)
        .join(assignment, assignment.c.id == notebook.c.assignment_id)
        .where(assignment.c.name == slug, notebook.c.name == slug)
    )
    row = connection.execute(query).first()
    if row is None:
        raise UsageError(
            f"nbgrader has no notebook of {slug}; run 'shardlab notebook {slug}' and then "
            f"'nbgrader generate_assignment {slug}'"
        )
    cells = sa.select(base_cell.c.type, base_cell.c.name, base_cell.c.id, grade_cell.c.max_score)
    cells = cells.outerjoin(grade_cell, grade_cell.c.id == base_cell.c.id)
    rows = connection.execute(cells.where(base_cell.c.notebook_id == row.id)).all()
    points = {each.name: each.max_score for each in rows if each.max_score is not None}
    return LabNotebook(row.id, row.assignment_id, {(r.type, r.name): r.id for r in rows}, points)


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    key: str = "",
    changes: Callable[[Any], Mapping[str, Any]] = lambda _new: {},
) -> None:
    """Inserts rows, each with an id; a row that is there keeps all but its `changes`.

    `key` names the columns by which a row is known; `changes` gets the columns of the new row.
    """
    if not rows:
        return
    statement = insert(connection, table)
    if changed := changes(statement.excluded):
        statement = statement.on_conflict_do_update(index_elements=key.split(), set_=changed)
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, [{"id": uuid.uuid4().hex} | row for row in rows])


def rows_of(
    connection: sa.Connection,
    there: LabNotebook,
    table: sa.Table,
    columns: Sequence[sa.Column[Any]],
    given: sa.ColumnElement[bool],
) -> sa.Result[*tuple[Any, ...]]:
    """Student, name of the cell, and these columns, of the notebook's rows that match."""
    query = (
        sa.select(submitted_assignment.c.student_id, base_cell.c.name, *columns)
        .select_from(table)
        .join(submitted_notebook, submitted_notebook.c.id == table.c.notebook_id)
        .join(submitted_assignment, submitted_assignment.c.id == submitted_notebook.c.assignment_id)
        .join(base_cell, base_cell.c.id == table.c.cell_id)
        .where(submitted_notebook.c.notebook_id == there.id, given)
    )
    return connection.execute(query)
