"""The students of the course, and whose an id is.

A student's first id is permanent: seeds, attempts and decisions refer to it. What the student is
`called` may change; ids of before stay aliases. Two records of one person are merged by a pointer
from one to the other. So nothing that was handed in is touched, and each step can be taken back.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook.database import insert
from grader.gradebook.rows import DROPPED, TAKEN, Student
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
from grader.text.ids import as_student_id

_SHOWN = 5
FACTS = ("name", "email", "group", "lms_id")  # what a roster says of an id


@dataclass(frozen=True)
class People:
    """Everyone in the gradebook by permanent id, and the ids that now mean them."""

    by_key: Mapping[str, Student]
    merged: Mapping[str, str]  # from a permanent id to that of the record that it went into
    keys: Mapping[str, str]  # every id that means somebody, with the permanent one
    gone: Collection[str] = ()  # the permanent ids of whom only a collect made that was undone

    def find(self, name: str) -> Student | None:
        """Whom an id means: the student it was merged into, if it was."""
        key = self._key(name)
        return None if key is None else self.owner(key)

    def record(self, name: str) -> Student | None:
        """The record that an id means, though it may be merged into another."""
        key = self._key(name)
        return None if key is None else self.by_key[key]

    def _key(self, name: str) -> str | None:
        """The permanent id, whichever way the name's accents are typed."""
        found = self.keys.get(storable(name))
        return found or self.keys.get(as_student_id(name) or "")

    def alike(self, name: str, but: str = "") -> str:
        """An id that differs from this one by case only and does not mean `but`, or nothing."""
        wanted = storable(name)
        for each in self._folded.get(wanted.casefold(), ()):
            if each != wanted and self.owner(self.keys[each]).key != but:
                return each
        return ""

    @cached_property
    def _folded(self) -> dict[str, list[str]]:
        """All ids by what they are in small letters."""
        found = defaultdict[str, list[str]](list)
        for each in self.keys:
            found[each.casefold()].append(each)
        return found

    def owner(self, key: str) -> Student:
        """The student that a permanent id belongs to now."""
        while key in self.merged:
            key = self.merged[key]
        return self.by_key[key]

    def present(self) -> list[Student]:
        """Everyone but who was dropped or merged into another, by id."""
        return [each for each in self.everyone() if each.status != DROPPED]

    def everyone(self) -> list[Student]:
        """Everyone, dropped or not, but who was merged into another, by id."""
        out = {*self.merged, *self.gone}
        found = (each for key, each in self.by_key.items() if key not in out)
        return sorted(found, key=lambda each: each.id)


def load(connection: sa.Connection) -> People:
    """Everyone, as the tables have it."""
    rows = connection.execute(sa.select(students)).mappings().all()
    merged = {row["id"]: row["merged_into"] for row in rows if row["merged_into"]}
    keys = {row["id"]: row["id"] for row in rows}
    keys |= {row.alias: row.student for row in connection.execute(sa.select(aliases))}
    keys |= {row["called"]: row["id"] for row in rows if row["called"]}
    by_key = {row["id"]: each for row, each in _named(rows, keys, merged)}
    gone = _gone(connection)
    keys = {name: key for name, key in keys.items() if key not in gone}
    return People(by_key, merged, keys, gone)


def _named(
    rows: Iterable[sa.RowMapping], keys: Mapping[str, str], merged: Mapping[str, str]
) -> Iterator[tuple[sa.RowMapping, Student]]:
    """Yields each row with its student, who has all ids that mean this record or its ghosts."""
    names = defaultdict[str, list[str]](list)
    for name, key in sorted(keys.items()):
        owner = key
        names[owner].append(name)
        while owner in merged:
            owner = merged[owner]
            names[owner].append(name)
    for row in rows:
        called = row["called"] or row["id"]
        facts = {name: row[name] for name in (*FACTS, "status")}
        first_id = row["id"] if row["called"] else ""
        others = tuple(each for each in names[row["id"]] if each != called)
        yield row, Student(called, **facts, first_id=first_id, aliases=others)


def _gone(connection: sa.Connection) -> set[str]:
    """Whoever came with a collect that was taken back, and of whom nothing else is known."""
    undone = sa.select(voids.c.submission).where(voids.c.by_undo == 1)
    whose = sa.select(submissions.c.student).where(submissions.c.id.in_(undone))
    taken = sa.select(students.c.id).where(
        students.c.status == TAKEN, students.c.called == "", students.c.id.in_(whose)
    )
    if not (found := set(connection.execute(taken).scalars())):
        return found
    left = [sa.select(submissions.c.student).where(submissions.c.id.not_in(undone))]
    left += [sa.select(each.c.student) for each in (overrides, extensions, published_grades)]
    left += [sa.select(shares.c.student), sa.select(students.c.merged_into)]
    return found - set(connection.execute(sa.union(*left)).scalars())


def all_students(connection: sa.Connection) -> list[Student]:
    """Everyone who takes part, by id; not who was dropped or merged into another."""
    return load(connection).present()


def with_all(connection: sa.Connection, ids: Iterable[str]) -> People:
    """Everyone, as `load`; for each of these ids that nobody has, a student is made."""
    known = load(connection)
    wanted = sorted({storable(each) for each in ids})
    new = [row_of(Student(each, status=TAKEN)) for each in wanted if each not in known.keys]
    if not new:
        return known
    connection.execute(insert(connection, students).on_conflict_do_nothing(), new)
    return load(connection)


def require(connection: sa.Connection, name: str) -> Student:
    """Whom the id means; raises UsageError for an unknown one, and names similar ids."""
    people = load(connection)
    found = people.find(name)
    if found is not None and found.status == DROPPED:
        raise UsageError(
            f"'{found.id}' was dropped; to bring them back: shardlab roster restore {found.id}"
        )
    if found is not None:
        return found
    known = [each.id for each in people.present()]
    if not known:
        raise UsageError(f"no student '{name}': the gradebook has none; see 'shardlab roster'")
    near = get_close_matches(name, known, _SHOWN) or known[:_SHOWN]
    more = f" (of {len(known)})" if len(known) > len(near) else ""
    raise UsageError(f"no student '{name}' in the gradebook; it has: {', '.join(near)}{more}")


def storable_student(student: Student) -> Student:
    """The student with every text as a database can hold it."""
    facts = {name: storable(getattr(student, name)) for name in ("id", *FACTS)}
    return msgspec.structs.replace(student, **facts)


def row_of(student: Student) -> dict[str, str]:
    """The student's row."""
    facts = {name: getattr(student, name) for name in (*FACTS, "status")}
    return {"id": student.key, "called": student.id if student.first_id else "", **facts}
