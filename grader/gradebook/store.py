"""The record of a course: one object over the database and its queries.

Every method is one transaction. What belongs together stands in one module beside this one:
`attempts` (what is handed in), `seen` (what `collect` remembers), `intakes` (the collects, and
taking them back), `voids` and `groups` (which attempts count, and whose), `work` (what is graded),
`grades` (what it comes to), `decisions` and `publishing` (what people change), `policies` (what
lateness costs), `people`. Threads may share a gradebook; processes each open their own.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from grader.course import Deadline, Lab
from grader.errors import UsageError
from grader.gradebook import (
    again,
    attempts,
    audit,
    decisions,
    grades,
    intakes,
    people,
    policies,
    voids,
    work,
)
from grader.gradebook.attempts import Arrival, ToldTime
from grader.gradebook.audit import AuditEntry, user
from grader.gradebook.database import Database
from grader.gradebook.enrolment import Enrolment
from grader.gradebook.groups import Groups
from grader.gradebook.history import History
from grader.gradebook.journal import Journal
from grader.gradebook.keys import KnownKeys
from grader.gradebook.points import Points
from grader.gradebook.publishing import Publications
from grader.gradebook.regrades import Regrades
from grader.gradebook.rehearsal import rehearsal
from grader.gradebook.rows import Attempt, Grade, Student
from grader.gradebook.runs import Runs
from grader.gradebook.seen import CollectMemory
from grader.results import Result
from grader.submissions import Submission

URL_VARIABLE = "SHARDLAB_DB"
FILE = "gradebook.sqlite3"
PATIENCE_S = 60.0


def url_of(course_root: Path, given: str | None) -> str:
    """The gradebook's address: the given one, else SHARDLAB_DB, else a file of the course."""
    return given or os.environ.get(URL_VARIABLE) or str(course_root / FILE)


class Gradebook:
    """An open gradebook. The audit log says that `who` made its changes, and times in `zone`.

    `seen` is what `collect` remembers, `intakes` are the collects by number, `voids` the attempts
    that don't count, `groups` those that count for several, `roster` who takes part, `history` what
    can be taken back, `regrades` what is graded once more, `keys` the keys that grades hang on.

    When the server is gone, the disk full or the database locked, a call is tried again for
    `patience_s` and then raises `StoreError`. The time is the database's where that has a clock.
    """

    def __init__(
        self,
        database: Database,
        who: str,
        clock: Callable[[], datetime] | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self._database = database
        self.zone = zone
        self._clock = clock
        self.who = who
        self.seen = CollectMemory(database, self._signature, zone)
        self.intakes = intakes.Intakes(database, self._signature)
        self.voids = voids.Voids(database, self._signature)
        self.groups = Groups(database, self._signature)
        self.roster = Enrolment(database, self._begin)
        self.publications = Publications(database, self._signature)
        self.runs = Runs(database, self._shared_now, self._note)
        self.history = History(database, self._now)
        self.regrades = Regrades(database)
        self.keys = KnownKeys(database, who, self._now)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        who: str = "",
        patience_s: float = PATIENCE_S,
        clock: Callable[[], datetime] | None = None,
        zone: tzinfo = UTC,
    ) -> Self:
        """Opens the gradebook at a URL or in an SQLite file, which is made if there is none."""
        return cls(Database(url, patience_s), who or user(), clock, zone)

    def close(self) -> None:
        """Closes the connections."""
        self._database.close()

    @contextmanager
    def rehearsal(self) -> Iterator["Gradebook"]:
        """The same gradebook to try something on: nothing that is done to it stays."""
        with rehearsal(self._database) as database:
            yield Gradebook(database, self.who, self._clock, self.zone)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- people ----------------------------------------------------------------------------

    def students(self) -> list[Student]:
        """Everyone who takes part, by id."""
        return self._database.read(people.all_students)

    def add_students(self, roster: Sequence[Student]) -> tuple[int, int]:
        """How many students are new, and how many changed; an empty field changes nothing."""
        for _, problem in self.roster.compare(roster).problems:
            raise UsageError(problem)
        outcome = self.roster.take(roster)
        return outcome.count("new"), len(outcome.joining) - outcome.count("new")

    # -- what is handed in -----------------------------------------------------------------

    def take_in(self, lab: str, arrivals: Iterable[Arrival]) -> list[tuple[Attempt, bool]]:
        """For each arrival its attempt, and whether it is new; all are kept, or none.

        The same content as the student's newest attempt is that attempt. An attempt whose collect
        was taken back counts again, and is new. Students are added by their id.
        """
        arrivals = list(arrivals)
        by = self._signature("")

        def write(connection: sa.Connection) -> list[tuple[Attempt, bool]]:
            got = attempts.take_in(connection, lab, arrivals, now=self._now())
            if new := [attempt for attempt, is_new in got if is_new]:
                subject = f"{new[0].called} {lab}" if len(new) == 1 else lab
                told = f"{len(new)} new"
                journal = Journal.begin(connection, by.at, by.author, "take in", subject, told)
                got = again.taken_in(connection, journal, arrivals, got, by)
                intakes.touch(journal, arrivals[0].intake, told)
            return got

        return self._database.write(write, repeatable=True)

    def tell_times(self, lab: str, times: Mapping[int, ToldTime], intake: int = 0) -> None:
        """Keeps when attempts were handed in, by their ids, and whose word that is."""

        def write(connection: sa.Connection) -> None:
            told = f"{len(times)}, which were unknown"
            journal = self._begin(connection, "hand-in times", lab, told)
            attempts.tell_times(journal, times, self.who, self._now())
            intakes.touch(journal, intake, told)

        if times:
            self._database.write(write)

    def attempts(
        self,
        lab: str | None = None,
        student: str | None = None,
        *,
        present: bool = False,
        with_void: bool = False,
    ) -> list[Attempt]:
        """The attempts at a lab, of a student, or all, in the order they were taken in.

        With `present`, only those of students who take part: nobody's who was dropped. Those that
        are void are left out unless they are asked for.
        """
        return self._database.read(
            lambda each: attempts.attempts(each, lab, student, present=present, with_void=with_void)
        )

    def submission(self, attempt: Attempt) -> Submission:
        """The submission as it was handed in, byte for byte, by the name `STUDENT-NUMBER`."""
        return self._database.read(lambda each: attempts.submission(each, attempt))

    # -- what is graded --------------------------------------------------------------------

    def pending(self, lab: str, key_of: Callable[[Attempt], str]) -> list[Attempt]:
        """The attempts without a result for their key; the first where several share a key."""
        return self._database.write(lambda each: work.pending(each, lab, key_of), repeatable=True)

    def generations(self, lab: str) -> dict[int, int]:
        """How often a regrade was asked for, by the submission's id; where never, it is absent."""
        return self._database.read(lambda each: work.generations(each, lab))

    def again(self, submissions: Collection[int], *, reason: str, author: str = "") -> None:
        """Has submissions graded once more, though nothing that they depend on has changed."""
        who = author or self.who

        def write(connection: sa.Connection) -> None:
            subject = f"submissions: {len(submissions)}"
            journal = self._begin(connection, "regrade", subject, reason, who)
            work.again(journal, submissions, reason, who, self._now())

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
        """Records the result and gives the claim back; False if the key had a result before.

        Calling it twice is the same as once. A withheld result is kept as a fault, and its key
        stays pending.
        """
        graded = work.NewResult(attempt, key, result, suite, engine, isolation)
        return self._database.write(
            lambda each: work.record(each, graded, self._now()),
            repeatable=True,
            derived=True,
            patience_s=patience_s,
        )

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
        points: Points | None,
        *,
        reason: str,
        author: str = "",
    ) -> None:
        """Gives the student's item these points from now on; None withdraws that."""
        by = self._signature(reason, author)
        self._database.write(lambda each: decisions.override(each, student, lab, item, points, by))

    def extend(
        self, student: str, lab: Lab, until: datetime, *, reason: str, author: str = ""
    ) -> None:
        """Makes the lab due at that time for this student; the newest extension counts."""
        by = self._signature(reason, author)
        self._database.write(
            lambda each: decisions.extend(each, student, lab, until, by, self.zone)
        )

    def withdraw_extension(self, student: str, lab: Lab, *, reason: str, author: str = "") -> None:
        """Takes the student's extension back: the one before it counts again, if any."""
        by = self._signature(reason, author)
        self._database.write(
            lambda each: decisions.withdraw_extension(each, student, lab, by, self.zone)
        )

    def know_policies(self, timezone: str, deadlines: Mapping[str, Deadline]) -> None:
        """Logs what of the course's late policies is another than when it was last opened."""
        if self._database.read(lambda each: policies.changed(each, timezone, deadlines)):
            self._database.write(
                lambda each: policies.keep(each, timezone, deadlines, self.who, self._now())
            )

    def audit(self) -> list[AuditEntry]:
        """Every change that a person or a run made, the oldest first."""
        return self._database.read(audit.entries)

    def _signature(self, reason: str, author: str = "") -> decisions.Signature:
        return decisions.Signature(reason, author or self.who, self._now())

    def _note(
        self, connection: sa.Connection, what: str, subject: str, detail: str = "", who: str = ""
    ) -> None:
        audit.note(connection, self._now(), who or self.who, what, subject, detail)

    def _begin(
        self, connection: sa.Connection, what: str, subject: str, detail: str, who: str = ""
    ) -> Journal:
        return Journal.begin(connection, self._now(), who or self.who, what, subject, detail)

    def _now(self) -> datetime:
        return self._clock() if self._clock else datetime.now(UTC)

    def _shared_now(self, connection: sa.Connection) -> datetime:
        """The time by the one clock that all who share the gradebook go by."""
        if self._clock is None and connection.dialect.name == "postgresql":
            time: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            return time
        return self._now()
