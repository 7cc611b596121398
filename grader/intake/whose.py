"""Whose a file of a download is: settled by the roster and what the system says, never guessed.

`canvas` and `moodle` have the rules of each system. Here is what they come to, and the roster by
every name that systems have for a student.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.gradebook.rows import DROPPED, Student
from grader.intake.downloads import Reading
from grader.intake.lms_names import moodle_key, moodle_keys
from grader.intake.records import Record
from grader.text.ids import as_student_id
from grader.text.shown import escaped


@dataclass(frozen=True)
class Said:
    """What a system says of a file beside whose it is.

    `at` is when it was handed in, by the word of `time_from`, or None. `late` is that it says so.
    `group` is the roster's group whose work it is; `upload` rises with later files. `name` is what
    the system calls the person or the group.
    """

    at: datetime | None = None
    time_from: str = ""
    late: bool = False
    group: str = ""
    upload: int = 0
    name: str = ""


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Owner:
    """The student who handed a file in, its own name, and what else is said of it.

    `named` is the full name by which the student was found, where nothing better was there.
    """

    student: str
    file: str
    said: Said = NOTHING_SAID
    named: str = ""


class Lookup:
    """Students by each of their names, who take part or did; a name may be several students'."""

    def __init__(self, students: Iterable[Student] = ()) -> None:
        students = sorted(students, key=lambda each: each.id)
        self._by_id = {name: each for each in students for name in (each.key, each.id)}
        self._by_lms = _several(students, lambda each: [each.lms_id])
        self._by_email = _several(students, lambda each: [each.email.casefold()])
        self._by_name = _several(students, lambda each: moodle_keys(each.name))
        present = [each for each in students if each.status != DROPPED]
        self.groups = _several(present, lambda each: [moodle_key(each.group)])

    def knows(self, student: str) -> bool:
        """Whether somebody has this id."""
        return student in self._by_id

    def means(self, name: str, student: str) -> bool:
        """Whether a name is an id of this student's, perhaps one of before."""
        found = self._by_id.get(student)
        return found is not None and found.is_called({name})

    def numbered(self, number: str) -> Sequence[Student]:
        """Everyone with this number in the system."""
        return _preferred(self._by_lms.get(number, []))

    def named(self, name: str) -> Sequence[Student]:
        """Everyone with this full name."""
        return _preferred(self._by_name.get(moodle_key(name), []))

    def of_record(self, record: Record) -> Sequence[Student]:
        """Everyone whom the record's email, ID number or login may mean."""
        found = list(self._by_email.get(record.email.casefold(), []))
        for each in record.ids:
            found += [*self._by_email.get(each.casefold(), []), *self._by_lms.get(each, [])]
            if (known := self._by_id.get(as_student_id(each) or "")) is not None:
                found.append(known)
        return _preferred(list({each.id: each for each in found}.values()))

    def team(self, name: str) -> list[Student]:
        """The members of the group that a name names, alone or before the name of a member."""
        key = moodle_key(name)
        for group, members in self.groups.items():
            rest = key.removeprefix(f"{group}-")
            behind = rest != key and any(rest.strip() in moodle_keys(each.name) for each in members)
            if key == group or behind:
                return members
        return []


def _preferred(students: Sequence[Student]) -> Sequence[Student]:
    """Those who take part; only if there are none, those who were dropped."""
    present = [each for each in students if each.status != DROPPED]
    return present or students


def either(students: Sequence[Student]) -> str:
    """The ids of two or more students whom a name may mean."""
    return " or ".join(escaped(each.id) for each in students[:3])


def said_by(system: str, record: Record | None, reading: Reading, *, group: str = "") -> Said:
    """What the name of a file, and the system's record if there is one, say of it."""
    at = record.at if record else None
    late = reading.late or bool(record and record.late)
    name = record.name if record and record.name else reading.name
    return Said(at, system if at else "", late, group, reading.upload, name)


def _several(
    students: Iterable[Student], names: Callable[[Student], Iterable[str]]
) -> dict[str, list[Student]]:
    """The students who have each name; nobody has the empty one."""
    found = dict[str, list[Student]]()
    for student in students:
        for name in dict.fromkeys(each.strip() for each in names(student)):
            if name:
                found.setdefault(name, []).append(student)
    return found
