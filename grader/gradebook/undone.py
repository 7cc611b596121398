"""Says in words what is otherwise after an undo of rows of a state.

Rows that people know (students, keys, shares) are told one by one. Of what a collect touches there
may be hundreds: they are counted. What only the next collect looks at is not told at all.
"""

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from grader.gradebook.journal import Change
from grader.gradebook.people import load
from grader.gradebook.tables import collections, intakes, submissions, told_times, voids, waiting
from grader.text.shown import plural

_UNTOLD = (collections.name, intakes.name)
_COUNTED = (voids.name, told_times.name, waiting.name)


def in_words(connection: sa.Connection, made: Sequence[Change]) -> Iterator[str]:
    """Yields a line for each thing that is otherwise now, or for all of its kind."""
    for each in made:
        if each.table not in (*_COUNTED, *_UNTOLD):
            yield _row(each)
    gone = {name: _rows(made, name, after=False) for name in _COUNTED}
    there = {name: _rows(made, name, after=True) for name in _COUNTED}
    if some := gone[voids.name]:
        yield _attempts(connection, some, "counts again", "count again")
    if some := there[voids.name]:
        yield _attempts(connection, some, "counts no longer", "count no longer")
    if some := gone[told_times.name]:
        yield f"{plural(len(some), 'hand-in time')}: what was known before counts again"
    if some := there[told_times.name]:
        yield f"{plural(len(some), 'hand-in time')}: what was told counts again"
    if some := gone[waiting.name]:
        yield f"{plural(len(some), 'file')} of strangers: no longer noted as kept aside"
    if some := there[waiting.name]:
        yield f"{plural(len(some), 'file')} of strangers: noted as kept aside again"


def _rows(made: Iterable[Change], table: str, *, after: bool) -> list[Change]:
    """The rows of the table that are there again, or are gone."""
    return [
        each
        for each in made
        if each.table == table and bool(each.after) is after and bool(each.before) is not after
    ]


def _attempts(connection: sa.Connection, some: Sequence[Change], one: str, many: str) -> str:
    if len(some) > 1:
        return f"{plural(len(some), 'attempt')} {many}"
    own = sa.select(submissions).where(submissions.c.id == some[0].key["submission"])
    row = connection.execute(own).one()
    called = load(connection).owner(row.student).id
    return f"{row.lab}, attempt {row.number} of {called}: {one}"


def _row(change: Change) -> str:
    """A row that came back: its key, and each column that is another now."""
    name = " ".join(str(each) for each in change.key.values())
    if not change.after:
        return f"{change.table}: {name} is gone again"
    if not change.before:
        return f"{change.table}: {name} is there again"
    pairs = [
        f"{column} '{change.before.get(column)}' -> '{value}'"
        for column, value in change.after.items()
        if change.before.get(column) != value
    ]
    return f"{change.table}: {name}: {', '.join(pairs)}"
