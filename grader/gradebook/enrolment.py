"""The roster of the gradebook: who takes part, under which id, and which records are one person.

Each method is one transaction. Every change is kept row by row, so `undo` brings it back. What a
student handed in, their results, decisions and receipts are not touched: they belong to permanent
ids, see `people`.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import joining
from grader.gradebook.database import Database
from grader.gradebook.joining import RosterOutcome
from grader.gradebook.journal import Journal
from grader.gradebook.people import People, load, require, row_of
from grader.gradebook.roster import Roster
from grader.gradebook.rows import DROPPED, ENROLLED, Student
from grader.gradebook.tables import aliases, storable, students, submissions, voids, waiting
from grader.text.shown import plural

_Begin = Callable[[sa.Connection, str, str, str], Journal]


class RosterEntry(msgspec.Struct, frozen=True):
    """A student with the ids of the records that were merged into theirs, and their attempts."""

    student: Student
    merged: tuple[str, ...] = ()
    attempts: int = 0


class Enrolment:
    """The part of a gradebook that says who takes part.

    `begin` makes an entry of the log: what was done, its subject, and details. The methods that
    change something return its number, by which `undo` brings back what was before.
    """

    def __init__(self, database: Database, begin: _Begin) -> None:
        self._database = database
        self._begin = begin

    def people(self) -> People:
        """Everyone, and the ids that mean them."""
        return self._database.read(load)

    def entries(self) -> list[RosterEntry]:
        """Everyone with a record of their own, those who were dropped last, each by id."""
        return self._database.read(_entries)

    def recognised(self, roster: Roster) -> Roster:
        """The roster of another system, under the ids that its students have here."""
        return self._database.read(lambda each: joining.recognised(load(each), roster))

    def compare(self, roster: Sequence[Student]) -> RosterOutcome:
        """What `take` would change."""
        return self._database.read(lambda each: joining.compared(load(each), roster))

    def take(self, roster: Sequence[Student]) -> RosterOutcome:
        """Adds who is new, and changes what is known of the others; who is not in it stays."""

        def write(connection: sa.Connection) -> RosterOutcome:
            people = load(connection)
            outcome = joining.compared(people, roster)
            if not outcome.joining:
                return outcome
            told = f"{outcome.count('new')} new, {outcome.count('changed')} changed"
            back = outcome.count("back")
            several = f"{told}, {back} back" if back else told
            one = outcome.joining[0].after.id if len(outcome.joining) == 1 else "students"
            journal = self._begin(connection, "roster", one, several)
            for each in outcome.joining:
                if each.before is None and each.after.key not in people.gone:
                    journal.insert(students, row_of(each.after))
                else:
                    journal.update(students, {"id": each.after.key}, row_of(each.after))
            return msgspec.structs.replace(outcome, entry=journal.entry)

        return self._database.write(write)

    def rename(self, old: str, new: str) -> int:
        """Gives a student another id; the old one means them still.

        An id that the student had before is taken again: then the one they leave is nobody's.
        """

        def write(connection: sa.Connection) -> int:
            people = load(connection)
            student = _own_record(connection, people, old)
            _check_free(people, student, new)
            wanted = storable(new)
            journal = self._begin(connection, "rename", student.id, f"now {wanted}")
            called = "" if wanted == student.key else wanted
            journal.update(students, {"id": student.key}, {"called": called})
            if wanted != student.key and wanted in student.aliases:
                journal.delete(aliases, {"alias": wanted})
            elif student.key not in {wanted, student.id}:
                journal.insert(aliases, {"alias": student.id, "student": student.key})
            return journal.entry

        return self._database.write(write)

    def merge(self, ghost: str, into: str) -> int:
        """Makes all that is one record's the other student's; nothing of it changes.

        Who is only kept aside has no record: then the id means the other student from now on.
        """

        def write(connection: sa.Connection) -> int:
            people = load(connection)
            other = require(connection, into)
            if people.record(ghost) is None and _waits(connection, ghost):
                journal = self._begin(connection, "merge", ghost, f"into {other.id}")
                journal.insert(aliases, {"alias": storable(ghost), "student": other.key})
                return journal.entry
            one = _own_record(connection, people, ghost)
            if one.key == other.key:
                raise UsageError(f"'{ghost}' and '{into}' are one student already: {other.id}")
            journal = self._begin(connection, "merge", one.id, f"into {other.id}")
            journal.update(students, {"id": one.key}, {"merged_into": other.key})
            return journal.entry

        return self._database.write(write)

    def split(self, ghost: str) -> int:
        """Makes a record that was merged a student of its own again."""

        def write(connection: sa.Connection) -> int:
            people = load(connection)
            one = people.record(ghost)
            if one is not None and _is_alias_alone(connection, ghost, one):
                journal = self._begin(connection, "split", ghost, f"from {one.id}")
                journal.delete(aliases, {"alias": storable(ghost)})
                return journal.entry
            if one is None or one.key not in people.merged:
                merged = sorted(people.by_key[key].id for key in people.merged)
                raise UsageError(
                    f"'{ghost}' was not merged into anybody; merged are: "
                    f"{', '.join(merged) or 'none'}"
                )
            journal = self._begin(connection, "split", one.id, f"from {people.owner(one.key).id}")
            journal.update(students, {"id": one.key}, {"merged_into": ""})
            return journal.entry

        return self._database.write(write)

    def drop(self, name: str) -> int:
        """Leaves the student out of grades, exports and pages; all that is theirs is kept."""

        def write(connection: sa.Connection) -> int:
            student = _own_record(connection, load(connection), name)
            return self._set_status(connection, "drop", student, DROPPED)

        return self._database.write(write)

    def restore(self, name: str) -> int:
        """Brings back a student who was dropped, with all that is theirs."""

        def write(connection: sa.Connection) -> int:
            people = load(connection)
            student = people.find(name)
            if student is None or student.status != DROPPED:
                dropped = [each.id for each in people.everyone() if each.status == DROPPED]
                raise UsageError(
                    f"'{name}' was not dropped; dropped are: {', '.join(dropped) or 'none'}"
                )
            return self._set_status(connection, "restore", student, ENROLLED)

        return self._database.write(write)

    def _set_status(
        self, connection: sa.Connection, what: str, student: Student, status: str
    ) -> int:
        count = _attempts(connection)[student.key]
        journal = self._begin(connection, what, student.id, plural(count, "attempt"))
        journal.update(students, {"id": student.key}, {"status": status})
        return journal.entry


def _entries(connection: sa.Connection) -> list[RosterEntry]:
    people, count = load(connection), _attempts(connection)
    ghosts = dict[str, list[str]]()
    for key in people.merged:
        ghosts.setdefault(people.owner(key).key, []).append(key)
    return [
        RosterEntry(
            each,
            tuple(sorted(people.by_key[key].id for key in ghosts.get(each.key, ()))),
            sum(count[key] for key in (each.key, *ghosts.get(each.key, ()))),
        )
        for each in sorted(people.everyone(), key=lambda each: (each.status == DROPPED, each.id))
    ]


def _attempts(connection: sa.Connection) -> Counter[str]:
    """How many attempts that count came in under each permanent id."""
    query = sa.select(submissions.c.student, sa.func.count()).group_by(submissions.c.student)
    query = query.where(submissions.c.id.not_in(sa.select(voids.c.submission)))
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _own_record(connection: sa.Connection, people: People, name: str) -> Student:
    """The student that the id means; refuses a record that is merged, and who was dropped."""
    record = people.record(name)
    if record is not None and record.key in people.merged:
        raise UsageError(
            f"'{name}' was merged into '{people.owner(record.key).id}'; first take that back: "
            f"shardlab roster split {name}"
        )
    return require(connection, name)


def _waits(connection: sa.Connection, name: str) -> bool:
    """Whether something waits that was handed in under this id, which is nobody's."""
    query = sa.select(waiting.c.since).where(waiting.c.student == storable(name))
    return connection.execute(query.limit(1)).first() is not None


def _is_alias_alone(connection: sa.Connection, name: str, student: Student) -> bool:
    """Whether the id means the student though they were never called so: it only waited."""
    return name not in (student.id, student.key) and _waits(connection, name)


def _check_free(people: People, student: Student, new: str) -> None:
    """Refuses an id that is another's, or differs from another's by case only."""
    if storable(new) == student.id:
        raise UsageError(f"'{student.id}' is called so already")
    record, holder = people.record(new), people.find(new)
    if record is not None and holder is not None and record.key != student.key:
        raise UsageError(
            f"'{new}' is taken: it means '{holder.id}'; if they are one person: "
            f"shardlab roster merge {student.id} {holder.id}"
        )
    if other := people.alike(new, but=student.key):
        raise UsageError(f"'{new}' differs by case only from '{other}', which is another's")
