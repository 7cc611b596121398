"""nbgrader's gradebook as tables: what of it is read and written, and in which way.

Its package is not needed for that, which takes seconds to import. Only columns that are used
stand here; a test holds that nbgrader's own have them, and need no others.
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
from grader.notebooks.expected import Expected, check_rubric

FILE = "gradebook.db"
Row = dict[str, Any]
_T = TypeVar("_T")
_BUSY_S = 30.0


def _table(name: str, /, **columns: Any) -> sa.Table:
    return sa.Table(name, sa.MetaData(), *(sa.Column(key, kind) for key, kind in columns.items()))


assignment = _table("assignment", id=sa.String, name=sa.String)
notebook = _table("notebook", id=sa.String, name=sa.String, assignment_id=sa.String)
base_cell = _table("base_cell", id=sa.String, name=sa.String, notebook_id=sa.String, type=sa.String)
grade_cell = _table("grade_cells", id=sa.String, max_score=sa.Float)
student = _table("student", id=sa.String, first_name=sa.String, last_name=sa.String,
                 email=sa.String, lms_user_id=sa.String)  # fmt: skip
submitted_assignment = _table("submitted_assignment", id=sa.String, assignment_id=sa.String,
                              student_id=sa.String, timestamp=sa.DateTime)  # fmt: skip
submitted_notebook = _table("submitted_notebook", id=sa.String, assignment_id=sa.String,
                            notebook_id=sa.String, flagged=sa.Boolean)  # fmt: skip
grade = _table("grade", id=sa.String, notebook_id=sa.String, cell_id=sa.String,
               auto_score=sa.Float, manual_score=sa.Float, extra_credit=sa.Float,
               needs_manual_grade=sa.Boolean)  # fmt: skip
comment = _table("comment", id=sa.String, notebook_id=sa.String, cell_id=sa.String,
                 auto_comment=sa.Text, manual_comment=sa.Text)  # fmt: skip


@dataclass(frozen=True)
class LabNotebook:
    """The lab's notebook there: its cells' ids by kind and name, and what items are worth."""

    id: str
    assignment_id: str
    cells: Mapping[tuple[str, str], str]
    points: Mapping[str, float]

    def ids(self, *kinds: str) -> list[str]:
        """The cells of those kinds."""
        return [each for (kind, _), each in self.cells.items() if kind in kinds]

    @property
    def graded(self) -> dict[str, str]:
        """The names of the cells that points are given to, by id."""
        kinds = ("GradeCell", "TaskCell")
        return {each: name for (kind, name), each in self.cells.items() if kind in kinds}

    @property
    def automatic(self) -> set[str]:
        """The names of those that nobody but the autograder gives points to."""
        return {name for name in self.points if ("SolutionCell", name) not in self.cells}

    def check(self, lab: Lab) -> None:
        """Refuses a notebook whose items or points are not the rubric's."""
        check_rubric(lab, [
            Expected(name, "code", "", "", points=self.points[name])
            for name in sorted(self.automatic)
        ])  # fmt: skip


def transaction(where: Path | str, work: Callable[[sa.Connection], _T]) -> _T:
    """What the work gives, done whole or not at all, on a database that nbgrader made."""
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
    key: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Inserts rows; where the key is there, only these columns are changed."""
    if not rows:
        return
    statement = insert(connection, table)
    if columns:
        changes = {name: statement.excluded[name] for name in columns}
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=changes)
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, rows)


def rows_of(
    connection: sa.Connection,
    there: LabNotebook,
    table: sa.Table,
    columns: Sequence[sa.Column[Any]],
    given: sa.ColumnElement[bool],
) -> sa.Result[Any]:
    """Student, cell's name and these columns, of the rows of this notebook where it holds."""
    query = (
        sa.select(submitted_assignment.c.student_id, base_cell.c.name, *columns)
        .select_from(table)
        .join(submitted_notebook, submitted_notebook.c.id == table.c.notebook_id)
        .join(submitted_assignment, submitted_assignment.c.id == submitted_notebook.c.assignment_id)
        .join(base_cell, base_cell.c.id == table.c.cell_id)
        .where(submitted_notebook.c.notebook_id == there.id, given)
    )
    return connection.execute(query)


def new_id() -> str:
    """An id as nbgrader gives one; where the row is there already, it keeps its own."""
    return uuid.uuid4().hex
