"""Who there is: the students of the course."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook.database import insert
from grader.gradebook.rows import Student
from grader.gradebook.tables import storable, students

_SHOWN = 5


def all_students(connection: sa.Connection) -> list[Student]:
    """Everyone, by id."""
    rows = [Student(**row) for row in connection.execute(sa.select(students)).mappings()]
    return sorted(rows, key=lambda student: student.id)  # a database's own order is its locale's


def add(connection: sa.Connection, roster: Iterable[Student]) -> tuple[int, int]:
    """How many were new and how many changed; what the roster leaves empty stays as it is."""
    known = {each.id: each for each in all_students(connection)}
    new: dict[str, Student] = {}
    changed: dict[str, Student] = {}
    for given in roster:
        student = Student(**{name: storable(text) for name, text in _fields(given).items()})
        if student.id not in known:
            new[student.id] = student
            continue
        merged = _merged(known[student.id], student)
        if merged != known[student.id]:
            changed[student.id] = merged
    if new:
        statement = insert(connection, students).on_conflict_do_nothing()
        connection.execute(statement, [_fields(each) for each in new.values()])
    for student in changed.values():
        query = students.update().where(students.c.id == student.id)
        connection.execute(query.values(_fields(student)))
    return len(new), len(changed)


def add_unknown(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Makes students of the ids that are none yet."""
    statement = insert(connection, students).on_conflict_do_nothing()
    if ids:
        connection.execute(statement, [_fields(Student(each)) for each in ids])


def require(connection: sa.Connection, student: str) -> None:
    """Refuses a student that the gradebook does not know, naming those that are near."""
    query = sa.select(students.c.id)
    if connection.execute(query.where(students.c.id == student)).scalar() is not None:
        return
    known = sorted(connection.execute(query).scalars())
    if not known:
        raise UsageError(f"no student '{student}': the gradebook has none; see 'shardlab roster'")
    near = get_close_matches(student, known, _SHOWN) or known[:_SHOWN]
    more = f" (of {len(known)})" if len(known) > len(near) else ""
    raise UsageError(f"no student '{student}' in the gradebook; it has: {', '.join(near)}{more}")


def _merged(old: Student, new: Student) -> Student:
    given = {name: text for name, text in _fields(new).items() if text}
    return msgspec.structs.replace(old, **given)


def _fields(student: Student) -> dict[str, str]:
    return msgspec.structs.asdict(student)
