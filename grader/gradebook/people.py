"""The students of the course, and whose an id is.

A student's first id is permanent: seeds, attempts and decisions refer to it. What the student is
`called` may change; ids of before stay aliases. Two records of one person are merged by a pointer
from one to the other. So nothing that was handed in is touched, and each step can be taken back.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook.database import insert
from grader.gradebook.rows import DROPPED, ENROLLED, TAKEN, Student
from grader.gradebook.tables import (
    aliases,
    extensions,
    overrides,
    published_grades,
    shares,
    storable,
    students,
    submissions,
    voids,
)

_SHOWN = 5
_TOLD = ("name", "email", "group", "lms_id")  # what a roster says of an id


@dataclass(frozen=True)
class People:
    """Everyone in the gradebook by permanent id, and the ids that now mean them."""

    by_key: Mapping[str, Student]
    merged: Mapping[str, str]  # from a permanent id to that of the record that it went into
    keys: Mapping[str, str]  # every id that means somebody, with the permanent one
    gone: Collection[str] = ()  # the permanent ids of whom only a collect made that was undone

    def find(self, name: str) -> Student | None:
        """Whom an id means: the student it was merged into, if it was."""
        key = self.keys.get(storable(name))
        return None if key is None else self.owner(key)

    def owner(self, key: str) -> Student:
        """The student that a permanent id belongs to now."""
        while key in self.merged:
            key = self.merged[key]
        return self.by_key[key]

    def present(self) -> list[Student]:
        """Everyone but who was dropped or merged into another, by id."""
        out = {*self.merged, *self.gone}
        found = (each for key, each in self.by_key.items() if key not in out)
        return sorted((each for each in found if each.status != DROPPED), key=lambda each: each.id)


def load(connection: sa.Connection) -> People:
    """Everyone, as the tables have it."""
    by_key, merged = dict[str, Student](), dict[str, str]()
    for row in connection.execute(sa.select(students)).mappings():
        facts = {name: row[name] for name in (*_TOLD, "status")}
        first_id = row["id"] if row["called"] else ""
        by_key[row["id"]] = Student(row["called"] or row["id"], **facts, first_id=first_id)
        if row["merged_into"]:
            merged[row["id"]] = row["merged_into"]
    keys = {row.alias: row.student for row in connection.execute(sa.select(aliases))}
    keys = {key: key for key in by_key} | keys | {each.id: key for key, each in by_key.items()}
    gone = _gone(connection)
    keys = {name: key for name, key in keys.items() if key not in gone}
    return People(by_key, merged, keys, gone)


def _gone(connection: sa.Connection) -> set[str]:
    """Whoever came with a collect that was taken back, and of whom nothing else is known."""
    undone = sa.select(voids.c.submission).where(voids.c.by_undo == 1)
    whose = sa.select(submissions.c.student).where(submissions.c.id.in_(undone))
    taken = sa.select(students.c.id).where(students.c.status == TAKEN, students.c.id.in_(whose))
    if not (found := set(connection.execute(taken).scalars())):
        return found
    left = [sa.select(submissions.c.student).where(submissions.c.id.not_in(undone))]
    left += [sa.select(each.c.student) for each in (overrides, extensions, published_grades)]
    left += [sa.select(shares.c.student), sa.select(students.c.merged_into)]
    return found - set(connection.execute(sa.union(*left)).scalars())


def all_students(connection: sa.Connection) -> list[Student]:
    """Everyone who takes part, by id; not who was dropped or merged into another."""
    return load(connection).present()


def add(connection: sa.Connection, roster: Iterable[Student]) -> tuple[int, int]:
    """How many students are new, and how many changed; an empty field changes nothing."""
    known = load(connection)
    new: dict[str, Student] = {}
    changed: dict[str, Student] = {}
    for given in roster:
        student = _storable(given)
        there = known.find(student.id) or known.by_key.get(student.id)
        if there is None:
            new[student.id] = student
        elif (merged := _merged(there, student)) != there:
            changed[merged.key] = merged
    if new:
        statement = insert(connection, students).on_conflict_do_nothing()
        connection.execute(statement, [_row(each) for each in new.values()])
    for student in changed.values():
        query = students.update().where(students.c.id == student.key)
        connection.execute(query.values(_row(student)))
    return len(new), len(changed)


def keys_of(connection: sa.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The permanent id of each id; for one that nobody has, a student is made."""
    known = load(connection).keys
    wanted = sorted({storable(each) for each in ids})
    new = [_row(Student(each, status=TAKEN)) for each in wanted if each not in known]
    if new:
        connection.execute(insert(connection, students).on_conflict_do_nothing(), new)
    return {each: known.get(each, each) for each in wanted}


def require(connection: sa.Connection, name: str) -> Student:
    """Whom the id means; raises UsageError for an unknown one, and names similar ids."""
    people = load(connection)
    found = people.find(name)
    if found is not None:
        return found
    known = [each.id for each in people.present()]
    if not known:
        raise UsageError(f"no student '{name}': the gradebook has none; see 'shardlab roster'")
    near = get_close_matches(name, known, _SHOWN) or known[:_SHOWN]
    more = f" (of {len(known)})" if len(known) > len(near) else ""
    raise UsageError(f"no student '{name}' in the gradebook; it has: {', '.join(near)}{more}")


def _merged(old: Student, new: Student) -> Student:
    given = {name: text for name in _TOLD if (text := getattr(new, name))}
    return msgspec.structs.replace(old, **given, status=ENROLLED)


def _storable(student: Student) -> Student:
    facts = {name: storable(getattr(student, name)) for name in ("id", *_TOLD)}
    return msgspec.structs.replace(student, **facts)


def _row(student: Student) -> dict[str, str]:
    """The student's row."""
    facts = {name: getattr(student, name) for name in (*_TOLD, "status")}
    return {"id": student.key, "called": student.id if student.first_id else "", **facts}
