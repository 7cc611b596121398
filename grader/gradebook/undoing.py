"""Takes back what one entry of the log did, whatever kind of change it was.

Rows of a state come back as the journal has them. A decision (an override, an extension, a
regrade, a publication) is written once: it is taken back by a further row that says what was in
force before it. Either way the undo is an entry of the log, and can be undone itself. A later
change of the same thing stands in the way until it is taken back, too.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import audit, intakes, journal, work
from grader.gradebook.audit import AuditEntry
from grader.gradebook.clashes import clashes
from grader.gradebook.decisions import Signature
from grader.gradebook.grades import taken_back_at
from grader.gradebook.journal import Change, Journal
from grader.gradebook.people import People, load
from grader.gradebook.tables import (
    extensions,
    overrides,
    publications,
    regrades,
    submissions,
    withdrawals,
)
from grader.gradebook.undone import in_words
from grader.text.shown import plural

_Rows = list[sa.RowMapping]
_UNDO = "undo"


class TakenBack(msgspec.Struct, frozen=True):
    """The entry that took another back, which one that was, and what is otherwise now."""

    entry: int
    undoes: AuditEntry
    told: tuple[str, ...]


def undo(connection: sa.Connection, number: int, now: datetime, who: str) -> TakenBack:
    """Takes the entry back, as a new entry; UsageError says why it can't be, and what to do."""
    before = clashes(connection)
    done = _undone(connection, number, now, who)
    if new := [each for each in clashes(connection) if each not in before]:
        raise UsageError(
            f"entry {number} can't be undone as the roster is now: {new[0]}; change that first, "
            "see 'shardlab roster' and 'shardlab audit'"
        )
    return done


def _undone(connection: sa.Connection, number: int, now: datetime, who: str) -> TakenBack:
    entry = _entry(connection, number)
    made = journal.changes_of(connection, number)
    if collect := intakes.of_entry(connection, number):
        return _collect_undone(connection, collect, entry, Signature("", who, now))
    if by := audit.taken_back_by(connection, number):
        raise UsageError(f"entry {number} was taken back already, by entry {by}; undo {by} instead")
    if not made:
        raise UsageError(f"entry {number} ({entry.what}): {_why_not(entry.what)}")
    if all(each.table not in _DECISIONS for each in made):
        new = journal.undo(connection, number, now, who).entry
        told = list(in_words(connection, journal.changes_of(connection, new)))
        return TakenBack(new, entry, tuple(told))
    subject = f"{entry.what} {entry.subject}"
    made_new = Journal.begin(connection, now, who, _UNDO, subject, f"entry {number}", number)
    back = _WayBack(connection, load(connection), made_new, entry, now, who)
    decided = {_about_what(each): each for each in reversed(made) if each.table in _DECISIONS}
    told = [_DECISIONS[each.table](back, each) for each in reversed(decided.values())]
    return TakenBack(made_new.entry, entry, tuple(dict.fromkeys(told)))


def _collect_undone(
    connection: sa.Connection, collect: int, entry: AuditEntry, by: Signature
) -> TakenBack:
    """A collect is taken back as a whole, whichever of its entries was named."""
    undone = intakes.take_back(connection, collect, by, what=_UNDO)
    told = [f"collect {collect}: {plural(len(undone.attempts), 'attempt')} of it count no longer"]
    if undone.times:
        times = plural(undone.times, "hand-in time")
        told.append(f"{times} that it told: what was known before counts again")
    if undone.students:
        told.append(f"came with it alone, and left: {', '.join(undone.students)}")
    return TakenBack(undone.entry, entry, tuple(told))


def _about_what(change: Change) -> tuple[object, ...]:
    """What a decision is about: of several rows about the same, the first one is taken back."""
    names = ("lab", "item", "submission")
    return (change.table, *(change.after.get(name) for name in names))


class _WayBack:
    """One undo of decisions: each method writes the row that takes one back, and says so."""

    def __init__(
        self,
        connection: sa.Connection,
        people: People,
        new: Journal,
        entry: AuditEntry,
        now: datetime,
        who: str,
    ) -> None:
        self._connection, self._people, self._new = connection, people, new
        self._entry, self._now, self._who = entry, now, who
        self._by_row = dict[str, Mapping[int, int]]()

    def override(self, change: Change) -> str:
        """Each record has its own points of before; the newest are those that were the newest."""
        row = change.after
        same = self._about(overrides, "lab", "item", student=row["student"])(row)
        before = self._before(overrides, row, same)
        whose = {each["student"] for each in same if self._is_of_this_entry(overrides, each)}
        last = before["student"] if before is not None else row["student"]
        earlier = [each for each in same if each["id"] < row["id"]]
        for student in sorted({*whose, last}, key=lambda each: (each == last, each)):
            own = [each for each in earlier if each["student"] == student]
            self._new.insert(overrides, self._override_as(row, student, own[-1] if own else None))
        points = None if before is None else before["points"]
        exact = None if before is None or points is None else points + before["hundredths"] / 100
        now = "what grading says" if exact is None else f"{exact:g} points"
        owner = self._people.owner(row["student"]).id
        return f"{owner} {row['lab']} {row['item']}: {now} again"

    def _override_as(
        self, row: Mapping[str, object], student: str, before: sa.RowMapping | None
    ) -> dict[str, object]:
        facts = {name: row[name] for name in ("lab", "item", "max_points")}
        facts |= {"student": student, "points": None, "hundredths": 0} | self._signed()
        if before is not None and before["points"] is not None:
            kept = ("points", "hundredths", "max_points", "reason", "author")
            facts |= {name: before[name] for name in kept}
        return facts

    def extension(self, change: Change) -> str:
        row = change.after
        same = self._about(extensions, "lab", student=row["student"])(row)
        before = self._before(extensions, row, same)
        facts = {name: row[name] for name in ("lab", "student", "due")}
        facts |= {"withdrawn": 1 - row["withdrawn"]} | self._signed()
        if row["withdrawn"] and (gone := _newest_given(same, row["id"])) is not None:
            facts |= {name: gone[name] for name in ("student", "due", "reason", "author")}
        self._new.insert(extensions, facts)
        whose = self._people.owner(row["student"]).id
        word = "the extension counts again" if row["withdrawn"] else "without that extension"
        return f"{whose} {row['lab']}: {word}" + (", as before it" if before is not None else "")

    def regrade(self, change: Change) -> str:
        row = change.after
        one = sa.select(regrades).where(regrades.c.submission == row["submission"])
        self._before(regrades, row, self._rows(one, regrades))
        lab_of = sa.select(submissions.c.lab).where(submissions.c.id == row["submission"])
        lab: str = self._connection.execute(lab_of).scalar_one()
        then = work.generations(self._connection, lab, before=row["id"]).get(row["submission"], 0)
        facts = {"submission": row["submission"], "withdrawn": then + 1} | self._signed()
        self._new.insert(regrades, facts)
        work.count_again(self._connection, row["submission"], row["at"])
        return f"{lab}: the results of before count again"

    def publication(self, change: Change) -> str:
        row = change.after
        one = sa.select(publications).where(publications.c.lab == row["lab"])
        self._before(publications, row, self._rows(one, publications))
        self._new.insert(withdrawals, {"publication": row["id"]} | self._signed())
        return f"{row['lab']}: students count as told what they were told before"

    def _signed(self) -> dict[str, object]:
        reason = f"entry {self._entry.id} was taken back"
        return {"reason": reason, "author": self._who, "at": self._now}

    def _about(
        self, table: sa.Table, *names: str, student: str
    ) -> Callable[[dict[str, object]], _Rows]:
        """The rows of a table about the same as one: the same student under whichever id."""
        owner = self._people.owner(student).key

        def rows(row: dict[str, object]) -> _Rows:
            query = sa.select(table).where(*(table.c[name] == row[name] for name in names))
            found = self._rows(query, table)
            return [each for each in found if self._people.owner(each["student"]).key == owner]

        return rows

    def _rows(self, query: sa.Select[tuple[object]], table: sa.Table) -> _Rows:
        return list(self._connection.execute(query.order_by(table.c.id)).mappings())

    def _before(self, table: sa.Table, row: dict[str, object], same: _Rows) -> sa.RowMapping | None:
        """The row about the same that came before; refuses if one that came later is in force."""
        number = row["id"]
        by_row = self._entries_of(table)
        for each in same:
            later = by_row.get(each["id"], 0)
            if each["id"] > number and not self._is_taken_back(later):
                raise UsageError(
                    f"entry {self._entry.id} can't be undone alone: "
                    + (
                        f"entry {later} has changed the same since; undo {later} first"
                        if later
                        else "the same was decided anew since; decide it by hand"
                    )
                )
        return next((each for each in reversed(same) if each["id"] < number), None)

    def _is_of_this_entry(self, table: sa.Table, row: sa.RowMapping) -> bool:
        return self._entries_of(table).get(row["id"]) == self._entry.id

    def _entries_of(self, table: sa.Table) -> Mapping[int, int]:
        if table.name not in self._by_row:
            self._by_row[table.name] = journal.entries_of(self._connection, table)
        return self._by_row[table.name]

    def _is_taken_back(self, entry: int) -> bool:
        """Whether a later entry is out of force, or itself took back one that came later."""
        if not entry or entry == self._entry.id:
            return entry > 0
        undoes = _entry(self._connection, entry).undoes
        return undoes > self._entry.id or audit.taken_back_by(self._connection, entry) > 0


_DECISIONS: dict[str, Callable[[_WayBack, Change], str]] = {
    overrides.name: _WayBack.override,
    extensions.name: _WayBack.extension,
    regrades.name: _WayBack.regrade,
    publications.name: _WayBack.publication,
}


def _newest_given(same: Iterable[sa.RowMapping], number: int) -> sa.RowMapping | None:
    """The extension that was in force before the row of that number."""
    given: _Rows = []
    for each in same:
        if each["id"] >= number:
            break
        if not each["withdrawn"]:
            given.append(each)
        elif given:
            given.pop(taken_back_at([one["student"] for one in given], each["student"]))
    return given[-1] if given else None


# -- words ---------------------------------------------------------------------------------

_RUNS = "a run changes no grade by itself; grade again, or 'shardlab regrade --again REASON'"
_TAKEN = "what was taken in stays; see 'shardlab collect --help' for how it is taken back"
_WHY_NOT = {
    "begin run": _RUNS,
    "end run": _RUNS,
    "take in": _TAKEN,
    "collect": _TAKEN,
    "not on the roster": "nothing was taken in; 'shardlab roster add ID' lets them in",
    "restore": "what was there before it is in the file that it names: shardlab restore FILE",
    "policy": "it is read from course.toml; edit that back",
}


def _why_not(what: str) -> str:
    return _WHY_NOT.get(what, "what was before it is not kept, so it can only be changed by hand")


def _entry(connection: sa.Connection, number: int) -> AuditEntry:
    found = {each.id: each for each in audit.entries(connection)}
    if number not in found:
        raise UsageError(f"the log has no entry {number}; see 'shardlab audit'")
    return found[number]
