"""What is graded once more, and what that comes to.

Grading by itself is for what has no result. Whatever gives an attempt another result than it has
is a regrade: a mended suite, other points, another engine or level, a person's wish. So scores
change in one place, which shows them.
"""

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from grader.course import Deadline, Lab
from grader.gradebook import grades, work
from grader.gradebook.attempts import attempts
from grader.gradebook.database import Database
from grader.gradebook.judged import OTHER_KEY, OTHER_REGRADE, Present, judged
from grader.gradebook.rows import Attempt, Grade
from grader.gradebook.tables import current_keys, faults, regrades, results, submissions


class Regrades:
    """The part of a gradebook that knows of regrades; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unjudged(self, lab: str, key_of: Callable[[Attempt], str]) -> list[Attempt]:
        """The attempts without any result, the first where several share a key.

        Their keys become the current ones; attempts with a result keep theirs.
        """
        return self._database.write(lambda each: unjudged(each, lab, key_of), repeatable=True)

    def missing(self, lab: str, key_of: Callable[[Attempt], str]) -> list[Attempt]:
        """The attempts that a regrade would grade; nothing is written."""
        return self._database.read(lambda each: work.missing(each, lab, key_of)[0])

    def stale(self, lab: Lab, key_of: Callable[[Attempt], str], present: Present) -> dict[int, str]:
        """What is stale of each attempt's result, by the attempt's id, where its key is another."""

        def read(connection: sa.Connection) -> dict[int, str]:
            every = {each.id: each for each in attempts(connection, lab.slug, present=True)}
            found = judged(connection, lab, every.values(), present=present)
            asked = set(connection.execute(sa.select(regrades.c.submission)).scalars())
            return {
                number: each.stale or (OTHER_REGRADE if number in asked else OTHER_KEY)
                for number, each in found.items()
                if each.key and each.key != key_of(every[number])
            }

        return self._database.read(read)

    def stood(self, lab: Lab, deadline: Deadline | None = None) -> list[Grade]:
        """Everyone's grade by the results that stood before the present ones."""
        return self._database.read(lambda each: grades.grades(each, lab, deadline, before=True))


def unjudged(connection: sa.Connection, lab: str, key: Callable[[Attempt], str]) -> list[Attempt]:
    """The attempts without any result, or with a fault in its place; see `Regrades.unjudged`."""
    found = attempts(connection, lab, present=True)
    done = _with_result(connection, lab, found)
    without = [each for each in found if each.id not in done]
    keys = {each.id: key(each) for each in without}
    work.set_current(connection, keys)
    known = work.with_result(connection, keys.values())
    first: dict[str, Attempt] = {}
    for attempt in without:
        if keys[attempt.id] not in known:
            first.setdefault(keys[attempt.id], attempt)
    return list(first.values())


def _with_result(connection: sa.Connection, lab: str, every: Sequence[Attempt]) -> set[int]:
    """The attempts of which a result is shown: one of the same content, and no fault instead."""
    of_lab = sa.select(submissions.c.id).where(submissions.c.lab == lab)
    query = sa.select(results.c.submission).where(results.c.submission.in_(of_lab))
    judged = set(connection.execute(query).scalars())
    contents = {(each.student, each.digest) for each in every if each.id in judged}
    held = sa.select(faults.c.key).where(faults.c.key.not_in(sa.select(results.c.key)))
    broken = sa.select(current_keys.c.submission).where(
        current_keys.c.submission.in_(of_lab), current_keys.c.key.in_(held)
    )
    withheld = set(connection.execute(broken).scalars())
    return {each.id for each in every if (each.student, each.digest) in contents} - withheld
