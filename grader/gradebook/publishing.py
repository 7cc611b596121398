"""Publications: the scores that students are told, and taking a publication back.

The newest publication that is not withdrawn says what a student was told; withdrawing it makes
the one before it count again. Nothing is removed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import people
from grader.gradebook.database import Database, insert, lock
from grader.gradebook.decisions import Signature
from grader.gradebook.grades import told_scores
from grader.gradebook.journal import Journal, entries_of
from grader.gradebook.points import Points, in_two
from grader.gradebook.rows import Grade
from grader.gradebook.tables import labs, publications, published_grades, withdrawals
from grader.text.shown import plural


class ToldChange(msgspec.Struct, frozen=True):
    """A student who is told another score than before; None where it was none, or is none now."""

    student: str
    before: Points | None
    after: Points | None

    @property
    def falls(self) -> bool:
        """Whether it is less than the student was told before."""
        return self.before is not None and self.after is not None and self.after < self.before


class Announcement(msgspec.Struct, frozen=True):
    """What publishing grades tells a class.

    `changes` are of those who were told another score before, or none: `changed` of `published`
    scores. `withheld`, `ungraded` and `missing` count those who have no score yet and are left out.
    """

    published: int
    changed: int
    withheld: int
    ungraded: int
    missing: int
    changes: tuple[ToldChange, ...]


class Publication(Announcement, frozen=True):
    """An announcement that was made: by whom, and when."""

    id: int
    lab: str
    author: str
    at: datetime


class Withdrawal(msgspec.Struct, frozen=True):
    """What taking a publication back does: who is told what instead."""

    publication: int
    lab: str
    author: str
    at: datetime
    changes: tuple[ToldChange, ...]


def announcement(grades: Iterable[Grade]) -> Announcement:
    """What publishing these grades would tell."""
    grades = list(grades)
    scored = [each for each in grades if each.score is not None]
    left_out = Counter(each.status for each in grades if each.score is None)
    changes = tuple(
        ToldChange(each.student.id, each.published, each.score)
        for each in scored
        if each.score != each.published
    )
    counts = (left_out["withheld"], left_out["ungraded"], left_out["missing"])
    return Announcement(len(scored), len(changes), *counts, changes)


class Publications:
    """The part of a gradebook that publishes; each method is one transaction."""

    def __init__(self, database: Database, sign: Callable[[str, str], Signature]) -> None:
        self._database, self._sign = database, sign

    def publish(self, lab: str, grades: Iterable[Grade], *, author: str = "") -> Publication:
        """Records the scores that students are told now; a grade without a score is left out."""
        graded, by = list(grades), self._sign("", author)
        return self._database.write(lambda each: _publish(each, lab, graded, by.author, by.at))

    def newest(self, lab: str) -> Withdrawal:
        """What taking back the lab's newest publication would do; UsageError if there is none."""
        return self._database.read(lambda each: _newest(each, lab))

    def withdraw(self, lab: str, publication: int, *, reason: str, author: str = "") -> None:
        """Takes back the lab's newest publication, which has this number: the one before counts."""
        by = self._sign(reason, author)
        self._database.write(lambda each: _withdraw(each, lab, publication, by))


def _publish(
    connection: sa.Connection, lab: str, grades: Sequence[Grade], author: str, now: datetime
) -> Publication:
    made = announcement(grades)
    connection.execute(insert(connection, labs).values(slug=lab).on_conflict_do_nothing())
    detail = f"{plural(made.published, 'grade')}, {made.changed} new or changed"
    journal = Journal.begin(connection, now, author, "publish", lab, detail)
    number = journal.insert(publications, {"lab": lab, "author": author, "at": now})["id"]
    told = [
        {
            "publication": number,
            "student": grade.student.key,
            "submission": grade.counts.attempt.id,
            **dict(zip(("score", "hundredths"), in_two(grade.score), strict=True)),
            "max_score": grade.max_score,
        }
        for grade in grades
        if grade.counts is not None and grade.score is not None
    ]
    if told:
        connection.execute(published_grades.insert(), told)
    facts = {"id": number, "lab": lab, "author": author, "at": now}
    return Publication(**facts, **msgspec.structs.asdict(made))


def _newest(connection: sa.Connection, lab: str) -> Withdrawal:
    taken_back = sa.select(withdrawals.c.publication)
    query = sa.select(publications).where(
        publications.c.lab == lab, publications.c.id.not_in(taken_back)
    )
    found = connection.execute(query.order_by(publications.c.id.desc()).limit(1)).first()
    if found is None:
        raise UsageError(f"nothing to withdraw: no publication of {lab} is in force")
    everyone = people.load(connection)
    before = told_scores(connection, lab, everyone)
    after = told_scores(connection, lab, everyone, without=found.id)
    changes = [
        ToldChange(everyone.owner(key).id, score, after.get(key))
        for key, score in before.items()
        if score != after.get(key)
    ]
    changes.sort(key=lambda each: each.student)
    return Withdrawal(found.id, lab, found.author, found.at, tuple(changes))


def _withdraw(connection: sa.Connection, lab: str, publication: int, by: Signature) -> None:
    if not by.reason.strip():
        raise UsageError("a reason is needed: --reason WHY")
    lock(connection, f"publications of {lab}")
    found = _newest(connection, lab)
    if found.publication != publication:
        raise UsageError(f"{lab} was published or withdrawn meanwhile; look again, and repeat")
    row = {"publication": publication} | msgspec.structs.asdict(by)
    told = f"that of {found.author}, {plural(len(found.changes), 'grade')} changed: {by.reason}"
    undoes = entries_of(connection, publications).get(publication, 0)
    what = "withdraw publication"
    journal = Journal.begin(connection, by.at, by.author, what, lab, told, undoes)
    journal.insert(withdrawals, row)
