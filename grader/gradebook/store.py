"""The record of a course: one object to ask and to tell, over the database and its queries.

Every method is one transaction. What belongs together stands in one module beside this one:
`attempts` (what is handed in), `seen` (what collecting remembers), `work` (what is graded),
`grades` (what it comes to), `decisions` (what people change), `people`. Threads may share a
gradebook; processes each open their own.
"""

import getpass
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from grader.course import Deadline, Lab
from grader.errors import StoreError
from grader.gradebook import attempts, decisions, grades, people, work
from grader.gradebook.attempts import Arrival
from grader.gradebook.database import Database
from grader.gradebook.decisions import AuditEntry, Publication
from grader.gradebook.rows import Attempt, Grade, Student
from grader.gradebook.seen import Seen
from grader.results import Result
from grader.submissions import Submission

URL_VARIABLE = "SHARDLAB_DB"
FILE = "gradebook.sqlite3"
PATIENCE_S = 60.0
_LAST_PATIENCE_S = 1.0  # for what comes right by itself


def url_of(course_root: Path, given: str | None) -> str:
    """Where the gradebook is: as given, else as SHARDLAB_DB says, else a file of the course."""
    return given or os.environ.get(URL_VARIABLE) or str(course_root / FILE)


class Gradebook:
    """An open gradebook. `who` stands in the audit log for what this one changes.

    What collecting remembers is asked of `seen`.

    What fails because the server is gone, the disk full or the database locked is tried again
    for `patience_s`, and then is a `StoreError`. The clock is the database's where it has one.
    """

    def __init__(
        self, database: Database, who: str, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._unended: set[int] = set()  # batches that are over, which could not be written
        self.who = who
        self.seen = Seen(database, self._note)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        who: str = "",
        patience_s: float = PATIENCE_S,
        clock: Callable[[], datetime] | None = None,
    ) -> Self:
        """The gradebook at a URL, or in the SQLite file of that path; made where there is none."""
        return cls(Database(url, patience_s), who or _user(), clock)

    def close(self) -> None:
        """Closes the connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- people ----------------------------------------------------------------------------

    def students(self) -> list[Student]:
        """Everyone, by id."""
        return self._database.read(people.all_students)

    def add_students(self, roster: Sequence[Student]) -> tuple[int, int]:
        """How many are new and how many changed. What the roster leaves empty stays as it is."""

        def write(connection: sa.Connection) -> tuple[int, int]:
            new, changed = people.add(connection, roster)
            if new or changed:
                self._note(connection, "roster", "students", f"{new} new, {changed} changed")
            return new, changed

        return self._database.write(write)

    # -- what is handed in -----------------------------------------------------------------

    def take_in(self, lab: str, arrivals: Iterable[Arrival]) -> list[tuple[Attempt, bool]]:
        """For each arrival its attempt, and whether it is new; all are kept, or none.

        The same content as the student's newest attempt is that attempt. Students are added by
        their id.
        """
        arrivals = list(arrivals)

        def write(connection: sa.Connection) -> list[tuple[Attempt, bool]]:
            got = attempts.take_in(connection, lab, arrivals, now=self._now())
            if new := [attempt for attempt, is_new in got if is_new]:
                subject = f"{new[0].student} {lab}" if len(new) == 1 else lab
                self._note(connection, "take in", subject, f"{len(new)} new")
            return got

        return self._database.write(write, repeatable=True)

    def attempts(self, lab: str | None = None, student: str | None = None) -> list[Attempt]:
        """The attempts at a lab, of a student, or all, in the order they were taken in."""
        return self._database.read(lambda each: attempts.attempts(each, lab, student))

    def submission(self, attempt: Attempt) -> Submission:
        """What was handed in, byte for byte; in a batch it is called `STUDENT-NUMBER`."""
        return self._database.read(lambda each: attempts.submission(each, attempt))

    # -- what is graded --------------------------------------------------------------------

    def pending(self, lab: str, key_of: Callable[[Attempt], str]) -> list[Attempt]:
        """The attempts without a result for their key; of several with one key, the first."""
        return self._database.write(lambda each: work.pending(each, lab, key_of), repeatable=True)

    def generations(self, lab: str) -> dict[int, int]:
        """How often `again` was asked for a submission, by its id; those without are left out."""
        return self._database.read(lambda each: work.generations(each, lab))

    def again(self, submissions: Collection[int], *, reason: str, author: str = "") -> None:
        """Lets submissions be graded once more though nothing they depend on has changed."""
        who = author or self.who

        def write(connection: sa.Connection) -> None:
            work.again(connection, submissions, reason, who, self._now())
            self._note(connection, "regrade", f"submissions: {len(submissions)}", reason, who)

        self._database.write(write)

    def record(
        self,
        attempt: Attempt,
        key: str,
        result: Result,
        *,
        suite: str,
        engine: str,
        isolation: str,
        patience_s: float | None = None,
    ) -> bool:
        """Whether the key had no result and now has this one, whole; its claim is given back.

        May be called twice for the same thing: the second changes nothing. A withheld result is
        kept as a fault, and its key is asked for again.
        """
        graded = work.Graded(attempt, key, result, suite, engine, isolation)
        return self._database.write(
            lambda each: work.record(each, graded, self._now()),
            repeatable=True,
            derived=True,
            patience_s=patience_s,
        )

    def begin_batch(self) -> int:
        """The number of a new batch, of this process, which `beat`s every few seconds."""

        def write(connection: sa.Connection) -> int:
            for over in self._unended:
                work.end_batch(connection, over)
            batch = work.begin_batch(connection, self._shared_now(connection))
            self._note(connection, "begin batch", str(batch))
            return batch

        return self._database.write(write)

    def beat(self, batch: int) -> None:
        """Says that the batch lives; one silent for 30 s loses its claims to whoever asks."""
        self._database.write(
            lambda each: work.beat(each, batch, self._shared_now(each)), repeatable=True
        )

    def claim(self, batch: int, keys: Collection[str]) -> set[str]:
        """Those keys that are the batch's now: no other live batch has them, nor a result."""
        return self._database.write(
            lambda each: work.claim(each, batch, keys, self._shared_now(each)), repeatable=True
        )

    def end_batch(self, batch: int) -> None:
        """Gives back what the batch has claimed and not recorded.

        Where that can't be written now, the next `begin_batch` does it, or the claims run out.
        """

        def write(connection: sa.Connection) -> None:
            work.end_batch(connection, batch)
            self._note(connection, "end batch", str(batch))

        try:
            self._database.write(write, repeatable=True, patience_s=_LAST_PATIENCE_S)
        except StoreError:
            self._unended.add(batch)

    # -- what it comes to ------------------------------------------------------------------

    def grades(self, lab: Lab, deadline: Deadline | None = None) -> list[Grade]:
        """A grade for everyone of the roster or with an attempt, by student."""
        return self._database.read(lambda each: grades.grades(each, lab, deadline))

    def grade(self, student: str, lab: Lab, deadline: Deadline | None = None) -> Grade:
        """One student's grade; an unknown student is a `UsageError` that names those near."""
        return self._database.read(lambda each: grades.grade(each, student, lab, deadline))

    def override(
        self,
        student: str,
        lab: Lab,
        item: str,
        points: int | None,
        *,
        reason: str,
        author: str = "",
    ) -> None:
        """From now on the student's item is worth these points, or with None what grading says."""
        self._database.write(
            lambda each: decisions.override(
                each, student, lab, item, points, reason, author or self.who, self._now()
            )
        )

    def withdraw(self, student: str, lab: Lab, item: str, *, reason: str, author: str = "") -> None:
        """From now on the item is worth again what grading says."""
        self.override(student, lab, item, None, reason=reason, author=author)

    def extend(
        self, student: str, lab: Lab, until: datetime, *, reason: str, author: str = ""
    ) -> None:
        """The lab is due later for this student; the newest extension counts."""
        self._database.write(
            lambda each: decisions.extend(
                each, student, lab, until, reason, author or self.who, self._now()
            )
        )

    def publish(self, lab: str, grades: Iterable[Grade], *, author: str = "") -> Publication:
        """A snapshot of the scores that students are told; those without one are left out."""
        graded = list(grades)
        return self._database.write(
            lambda each: decisions.publish(each, lab, graded, author or self.who, self._now())
        )

    def audit(self) -> list[AuditEntry]:
        """Every change by a person or a batch, the oldest first."""
        return self._database.read(decisions.entries)

    def _note(
        self, connection: sa.Connection, what: str, subject: str, detail: str = "", who: str = ""
    ) -> None:
        decisions.note(connection, self._now(), who or self.who, what, subject, detail)

    def _now(self) -> datetime:
        return self._clock() if self._clock else datetime.now(UTC)

    def _shared_now(self, connection: sa.Connection) -> datetime:
        """The time by the one clock that all who share the gradebook go by."""
        if self._clock is None and connection.dialect.name == "postgresql":
            time: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            return time
        return self._now()


def _user() -> str:
    with suppress(Exception):  # no name for this user, in whichever way the platform says so
        return getpass.getuser()
    return f"user {os.getuid()}"
