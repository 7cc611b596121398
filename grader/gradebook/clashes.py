"""What would be wrong with a roster: ids that mean two students, records merged in a circle.

Each command that changes the roster looks before it does. An undo brings back what was right at
its time, and may not be now that others have changed: so all of the roster is looked at then.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from grader.gradebook.people import People, load
from grader.gradebook.tables import aliases, students

_UNIQUE = ("lms_id", "email")


def clashes(connection: sa.Connection) -> list[str]:
    """What is wrong with the roster as it is, each in words."""
    query = sa.select(students.c.id, students.c.merged_into).where(students.c.merged_into != "")
    merged = {row.id: row.merged_into for row in connection.execute(query)}
    there = set(connection.execute(sa.select(students.c.id)).scalars())
    if found := [*_lost(merged, there), *_circles(merged)]:
        return found  # whose an id is can't be said then
    people = load(connection)
    names = sorted(_meaning(connection, people))
    return [*_of_two(names), *_alike(names, people), *_facts_of_two(people)]


def _lost(merged: Mapping[str, str], there: set[str]) -> Iterator[str]:
    for ghost, into in merged.items():
        if into not in there:
            yield f"'{ghost}' is merged into '{into}', who would be gone"


def _circles(merged: Mapping[str, str]) -> Iterator[str]:
    for ghost in merged:
        seen, at = {ghost}, merged[ghost]
        while at in merged and at not in seen:
            seen.add(at)
            at = merged[at]
        if at == ghost:
            yield f"'{ghost}' and '{merged[ghost]}' would be merged into each other"


def _meaning(connection: sa.Connection, people: People) -> set[tuple[str, str]]:
    """Every id with each permanent one that it means, but of whom an undone collect made."""
    rows = connection.execute(sa.select(students.c.id, students.c.called)).all()
    found = {(name, row.id) for row in rows for name in (row.id, row.called) if name}
    found |= {(row.alias, row.student) for row in connection.execute(sa.select(aliases))}
    return {(name, key) for name, key in found if key not in people.gone}


def _of_two(names: list[tuple[str, str]]) -> Iterator[str]:
    keys = defaultdict[str, list[str]](list)
    for name, key in names:
        keys[name].append(key)
    for name, some in keys.items():
        if len(some) > 1:
            yield f"'{name}' would mean two students"


def _alike(names: list[tuple[str, str]], people: People) -> Iterator[str]:
    """Yields ids that differ by case only, and mean two students."""
    held = dict[str, tuple[str, str]]()
    for name, key in names:
        other, owner = held.setdefault(name.casefold(), (name, key))
        if other != name and people.owner(owner).key != people.owner(key).key:
            yield f"'{name}' and '{other}' would differ by case only, and mean two students"


def _facts_of_two(people: People) -> Iterator[str]:
    for field in _UNIQUE:
        held = dict[str, str]()
        for each in people.everyone():
            value = getattr(each, field)
            holder = held.setdefault(value.casefold(), each.id) if value else each.id
            if holder != each.id:
                yield f"the {field} {value} would be that of '{holder}' and '{each.id}'"
