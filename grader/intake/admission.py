"""Who may hand in: whom the roster knows. With a roster nobody is made in silence.

A stranger's work is kept aside: the file is left alone, and since when it is there is remembered.
The next collect takes it as soon as the roster knows its student, and that time counts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

import msgspec

from grader.course import Course
from grader.gradebook.attempts import digest_of
from grader.gradebook.people import People
from grader.gradebook.rows import DROPPED, ENROLLED, TAKEN, Student
from grader.gradebook.store import Gradebook
from grader.intake.finds import Find
from grader.intake.teams import Teams
from grader.text.shown import escaped

Strangers = Literal["take", "aside"]
_SHOWN = 3
_NEAR = 0.75  # of difflib's measure, where 1 is the same


class KeptAside(msgspec.Struct, frozen=True):
    """What somebody handed in whom the roster doesn't know; `near` are those who may be meant.

    `mend` says what settles it where that is not to add or merge somebody. `called` is what the
    system calls the student.
    """

    student: str
    lab: str
    where: str
    near: tuple[Student, ...] = ()
    mend: str = ""
    called: str = ""


class Admission:
    """Lets in what the roster's students handed in, and keeps the rest aside.

    `strangers` says what becomes of those whom it doesn't know; without it they are kept aside if
    there is a roster, and taken in if there is none. Who was dropped comes back by name only.
    """

    def __init__(
        self,
        course: Course,
        book: Gradebook,
        strangers: Strangers | None,
        intake: int,
        now: datetime,
    ) -> None:
        self._book, self._intake, self._now = book, intake, now
        self.people = book.roster.people()
        self.teams = Teams(self.people, course.groups)
        self._take = (strangers or default_for(self.people)) == "take"
        self._waiting = book.seen.strangers()
        self._new = dict[tuple[str, str, str], datetime]()
        self._enrolled = default_for(self.people) == "aside"
        self._not_enrolled = dict[str, None]()
        self._by_case = {each.casefold(): each for each in self.people.keys}

    def admit(self, find: Find) -> Find | KeptAside:
        """The find with the time that it waits since, and all whose it is; or that it waits."""
        who = find.student, find.lab, digest_of(find.submission)
        at = find.submitted_at
        if at is not None:
            at = min(at, self._waiting.get(who, at))
        whose = self.teams.of(find)
        if (aside := self.aside(whose)) is not None:
            if who not in self._waiting:
                self._new[who] = at or self._now
            return aside
        student = self.people.find(whose.student)
        if self._enrolled and student is not None and student.status == TAKEN:
            self._not_enrolled[student.id] = None
        return replace(whose, submitted_at=at)

    def notes(self) -> Iterator[str]:
        """What staff should know of who was let in."""
        yield from self.teams.notes
        if self._not_enrolled:
            some = ", ".join(map(escaped, list(self._not_enrolled)[:_SHOWN]))
            more = len(self._not_enrolled) - _SHOWN
            yield (
                f"taken in before, but not on the roster: {some}"
                + (f" and {more} more" if more > 0 else "")
                + "; see 'shardlab roster' and, if that is somebody else, 'roster merge'"
            )

    def aside(self, find: Find) -> KeptAside | None:
        """Why this student's work is kept aside; None if it is taken."""
        name = find.student
        aside = KeptAside(name, find.lab, find.source, called=find.called)
        student = self.people.find(name)
        if student is not None and student.status == DROPPED:
            mend = f"was dropped; to bring them back: shardlab roster restore {student.id}"
            return msgspec.structs.replace(aside, mend=mend)
        if student is not None:
            return None
        other = self._by_case.setdefault(name.casefold(), name)
        if self._take and other == name:
            return None
        mend = _differs_by_case(name, other) if self._take else ""
        meant = near(self.people, find.called or name)
        return msgspec.structs.replace(aside, near=meant, mend=mend)

    def remember(self) -> None:
        """Writes down since when those wait who were kept aside."""
        self._book.seen.keep_out(self._new, self._intake)
        self._new = {}


def _differs_by_case(name: str, other: str) -> str:
    name, other = escaped(name), escaped(other)
    return (
        f"it differs from '{other}' by small and capital letters only; if they are one: shardlab "
        f"roster merge {name} {other}; else put them on the roster: shardlab roster add {name}"
    )


def default_for(people: People) -> Strangers:
    """What becomes of strangers where nobody says it: with a roster they are kept aside."""
    enrolled = any(each.status == ENROLLED for each in people.present())
    return "aside" if enrolled else "take"


def near(people: People, name: str) -> tuple[Student, ...]:
    """The students who may be meant by a name that is nobody's, the likeliest first."""
    matcher = SequenceMatcher(None, "", _plain(name), autojunk=False)
    rated = [(_likeness(matcher, each), each) for each in people.present()]
    rated.sort(key=lambda pair: (-pair[0], pair[1].id))
    least = 1.0 if rated and rated[0][0] == 1.0 else _NEAR  # the very same leaves no doubt
    return tuple(each for likeness, each in rated[:_SHOWN] if likeness >= least)


def _likeness(matcher: "SequenceMatcher[str]", student: Student) -> float:
    """How alike the matcher's name is to the nearest of what a student is called, up to 1."""
    best = 0.0
    for name in {student.id, student.name, student.email.partition("@")[0], student.lms_id}:
        matcher.set_seq1(_plain(name))
        if matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR:
            best = max(best, matcher.ratio())
    return best


def _plain(name: str) -> str:
    """The words of a name in small letters, in one order, with nothing between them."""
    return "".join(sorted(re.findall(r"[^\W_]+", name.casefold())))
