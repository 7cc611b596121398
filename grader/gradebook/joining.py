"""Compares a roster with the gradebook: who is new, what changes, and what is wrong with a line.

Nothing is written here. A line that can't be meant is named and left out; nobody goes because a
file does not have them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from grader.gradebook.people import FACTS, People, storable_student
from grader.gradebook.roster import Roster
from grader.gradebook.rows import DROPPED, ENROLLED, Student

_UNIQUE = ("lms_id", "email")


class Joining(msgspec.Struct, frozen=True):
    """A student as the roster leaves them, and as they were before, if they were there."""

    after: Student
    before: Student | None = None

    @property
    def word(self) -> str:
        """`new`, `back` (after they were dropped) or `changed`."""
        if self.before is None:
            return "new"
        return "back" if self.before.status == DROPPED else "changed"

    @property
    def differences(self) -> dict[str, tuple[str, str]]:
        """Each fact that changes: what it was, and what it is then."""
        before = self.before or Student("")
        pairs = {name: (getattr(before, name), getattr(self.after, name)) for name in FACTS}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


class RosterOutcome(msgspec.Struct, frozen=True):
    """What a roster changes, by students; and by ids what is wrong, or good to know, of a line."""

    joining: tuple[Joining, ...]
    same: int
    missing: tuple[Student, ...]  # in the gradebook, and not in the roster
    problems: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    entry: int = 0  # of the log, by which it can be undone

    def count(self, word: str) -> int:
        """How many are `new`, `back` or `changed`."""
        return sum(each.word == word for each in self.joining)


def recognised(people: People, roster: Roster) -> Roster:
    """The roster under the ids of here, where its own only stand in for them.

    Who has its number in the other system, or its e-mail address, is meant; an id may be the
    address, too. Who is known by neither stays who they are there.
    """
    if not roster.stand_in:
        return roster
    known = _by_fact(people)
    meant = {each.id: _meant(people, known, each) for each in roster.students}
    several = Counter(meant.values())
    ids = {old: new if several[new] == 1 else old for old, new in meant.items()}
    students = tuple(msgspec.structs.replace(each, id=ids[each.id]) for each in roster.students)
    lines = {ids.get(name, name): line for name, line in roster.lines.items()}
    told = roster.told
    if count := sum(old != new for old, new in ids.items()):
        told = (*told, f"{count} known here by number or e-mail keep the ids that they have here.")
    return replace(roster, students=students, lines=lines, told=told)


def _by_fact(people: People) -> dict[tuple[str, str], set[str]]:
    """The ids of all who have a number or an address."""
    found = defaultdict[tuple[str, str], set[str]](set)
    for each in people.everyone():
        for field in _UNIQUE:
            if value := getattr(each, field).casefold():
                found[field, value].add(each.id)
    return found


def _meant(people: People, known: Mapping[tuple[str, str], set[str]], given: Student) -> str:
    if people.find(given.id) is not None:
        return given.id
    facts = (("lms_id", given.lms_id), ("email", given.email), ("email", given.id))
    for field, value in facts:
        found = known.get((field, value.casefold()), set())
        if value and len(found) == 1:
            return next(iter(found))
    return given.id


def compared(people: People, roster: Sequence[Student]) -> RosterOutcome:
    """What the roster would change in a gradebook with these people."""
    given = [storable_student(each) for each in roster]
    whose = {each.id: people.find(each.id) for each in given}
    problems = _of_ids(people, given, whose)
    good = [each for each in given if each.id not in problems]
    problems |= _of_facts(people, good, whose)
    joining = [
        Joining(_joined(whose[each.id], each), whose[each.id])
        for each in given
        if each.id not in problems
    ]
    changing = tuple(each for each in joining if each.after != each.before)
    there = {each.key for each in whose.values() if each is not None}
    return RosterOutcome(
        changing,
        len(joining) - len(changing),
        tuple(each for each in people.present() if each.key not in there),
        tuple(problems.items()),
        tuple(_notes(given, whose)),
    )


def _of_ids(
    people: People, given: Iterable[Student], whose: Mapping[str, Student | None]
) -> dict[str, str]:
    """Lines whose id is another's but for its case, or means a student who has a line already."""
    problems, lines = dict[str, str](), dict[str, str]()
    for each in given:
        there = whose[each.id]
        if there is None and (other := people.alike(each.id)):
            problems[each.id] = (
                f"'{each.id}' differs by case only from '{other}' in the gradebook; write it so, "
                f"or first: shardlab roster rename {other} {each.id}"
            )
        elif there is not None and there.key in lines:
            problems[each.id] = f"'{each.id}' and '{lines[there.key]}' are one student, {there.id}"
        elif there is not None:
            lines[there.key] = each.id
    return problems


def _of_facts(
    people: People, given: Sequence[Student], whose: Mapping[str, Student | None]
) -> dict[str, str]:
    """Lines that give a number or an address which is another's in the end."""
    problems = dict[str, str]()
    by_key = {there.key: each for each in given if (there := whose[each.id]) is not None}
    for field in _UNIQUE:
        held = dict[str, str]()
        for there in people.everyone():
            if not (line := by_key.get(there.key)) or not getattr(line, field):
                held.setdefault(getattr(there, field).casefold(), there.id)
        for each in given:
            value = getattr(each, field)
            holder = held.setdefault(value.casefold(), each.id) if value else each.id
            if holder != each.id:
                problems[each.id] = (
                    f"the {field} {value} is that of '{holder}' in the gradebook; mend one of "
                    f"them, or if they are one person: shardlab roster rename {holder} {each.id}"
                )
    return problems


def _joined(there: Student | None, given: Student) -> Student:
    """The student with what the roster says; an empty field changes nothing."""
    facts = {name: text for name in FACTS if (text := getattr(given, name))}
    return msgspec.structs.replace(there or Student(given.id), **facts, status=ENROLLED)


def _notes(
    given: Iterable[Student], whose: Mapping[str, Student | None]
) -> Iterable[tuple[str, str]]:
    for each in given:
        there = whose[each.id]
        if there is not None and there.id != each.id:
            yield each.id, f"'{each.id}' is called '{there.id}' here"
