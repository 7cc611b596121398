"""A course on disk: `course.toml`, and for each lab its assignment, suite and solutions.

::

    course.toml
    assignments/<slug>/   assignment.toml  hints.toml  README.md  <file>.py  test_public.py
                          evidence/*.py                             (where it has a trace)
    solutions/<slug>/     <file>.py  variants/*.py  mutants/*.py      (instructors only)
    tests/hidden/<slug>/  test_*.py                                   (instructors only)
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from grader.course.assignment import POINTS_OF_A_LAB
from grader.course.key import course_key
from grader.course.lab import Lab, load_lab
from grader.course.tables import Table, convert, read_table
from grader.errors import CourseError, UsageError
from grader.text.times import end_of, moment, zone_of, zone_problem


class Deadline(Table, frozen=True):
    """`[deadlines.SLUG]` of `course.toml`: when a lab is due, and what lateness costs.

    Each day begun after due date and grace costs `per_day` of the lab's 100 points; what comes
    more than `cut_off_days` late counts 0. Of the attempts, the best counts or the last. Days are
    those of `timezone`, which is the course's.
    """

    due: Annotated[datetime, msgspec.Meta(tz=True)]
    grace_minutes: Annotated[int, msgspec.Meta(ge=0)] = 0
    per_day: Annotated[int, msgspec.Meta(ge=0, le=POINTS_OF_A_LAB)] = 10
    cut_off_days: Annotated[int, msgspec.Meta(ge=0)] = 7
    counts: Literal["best", "last"] = "best"
    timezone: str = ""


class CourseFile(Table, frozen=True):
    """`course.toml`."""

    name: str
    labs: tuple[str, ...]
    deadlines: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    inbox: str = ""  # where `submit` delivers: a folder, or a file: URL
    receipt_key: str = ""  # in what is released: the public half of the key that signs receipts
    timezone: str = ""  # such as Europe/Berlin: where its days begin and end; empty: UTC
    groups: tuple[str, ...] = ()  # the labs in which one submission is that of a whole group


@dataclass(frozen=True)
class Course:
    """A folder with a `course.toml`. Students' copies lack solutions and hidden suites."""

    root: Path
    name: str
    slugs: tuple[str, ...]
    inbox: str = ""
    receipt_key: str = ""
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    timezone: str = ""
    groups: tuple[str, ...] = ()
    _labs: dict[str, Lab] = field(default_factory=dict, repr=False, compare=False)

    def lab(self, slug: str) -> Lab:
        """The lab of that name, read and checked once; UsageError where there is none."""
        if slug not in self._labs:
            self._labs[slug] = self._read(slug)
        return self._labs[slug]

    def labs(self) -> list[Lab]:
        """All labs, in the order in which they are to be worked."""
        return sorted(map(self.lab, self.slugs), key=lambda lab: lab.assignment.order)

    def deadline(self, slug: str) -> Deadline | None:
        """The lab's deadline; None where it has none."""
        return self.deadlines.get(slug)

    @property
    def zone(self) -> tzinfo:
        """The zone of its days, in which times are shown; UTC where `timezone` is empty."""
        return zone_of(self.timezone)

    @property
    def local_zone(self) -> tzinfo | None:
        """The zone that a time without its offset is meant in; None where the course has none."""
        return zone_of(self.timezone) if self.timezone else None

    def solutions(self, lab: Lab) -> Path:
        return self.root / "solutions" / lab.slug

    def key(self) -> bytes:
        """The secret that hidden inputs are drawn from; see `grader.course.key`."""
        return course_key(self.root)

    def _read(self, slug: str) -> Lab:
        folder = self.root / "assignments" / slug
        if slug not in self.slugs:
            bundles = (
                "; two bundles were unzipped into one folder: give each a folder of its own"
                if folder.is_dir()
                else ""
            )
            meant = get_close_matches(slug.lower(), self.slugs, 1)
            raise UsageError(
                f"no lab '{slug}' in this course; it has: {', '.join(self.slugs)}{bundles}"
                + "".join(f"\nDid you mean {each}?" for each in meant)
            )
        lab = load_lab(folder, self.root)
        if lab.slug != slug:
            where = folder / "assignment.toml"
            raise CourseError(f"{where}: key 'slug': expected '{slug}', got '{lab.slug}'")
        return lab


def find_course(start: Path) -> Path:
    """The nearest folder at or above `start` that has a `course.toml`."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "course.toml").is_file():
            return folder
    raise UsageError(
        f"no course.toml in {start.absolute()} or above it; "
        "go to the course's folder, or name it with --course or SHARDLAB_COURSE"
    )


def load_course(root: Path) -> Course:
    """The course in `root`. Its labs are read when they are asked for."""
    path = root / "course.toml"
    course = read_table(path, CourseFile)
    if problem := zone_problem(course.timezone):
        if not course.receipt_key:
            raise CourseError(f"{path}: key 'timezone': {problem}")
        course = msgspec.structs.replace(course, timezone="")  # nothing is due in a student's copy
    deadlines = dict(_deadlines(path, course))
    for slug in course.groups:
        if slug not in course.labs:
            raise CourseError(
                f"{path}: key 'groups': no lab '{slug}'; the course has: {', '.join(course.labs)}"
            )
    facts = (course.name, course.labs, course.inbox, course.receipt_key, deadlines)
    return Course(root, *facts, timezone=course.timezone, groups=course.groups)


def _deadlines(path: Path, course: CourseFile) -> Iterator[tuple[str, Deadline]]:
    for slug, table in course.deadlines.items():
        key = f"deadlines.{slug}"
        if slug not in course.labs:
            raise CourseError(f"{path}: key '{key}': no lab of that name in 'labs'")
        if "timezone" in table:
            raise CourseError(f"{path}: key '{key}.timezone': a course has one, above its tables")
        due = {"due": _due(path, key, table["due"], course.timezone)} if "due" in table else {}
        yield slug, convert(path, {**table, **due, "timezone": course.timezone}, Deadline, key)


def _due(path: Path, key: str, written: Any, timezone: str) -> Any:
    """The moment that is meant by a date or a local time; anything else as it is written."""
    if not isinstance(written, date):
        return written
    local = written if isinstance(written, datetime) else end_of(written)
    if local.tzinfo is not None:
        with suppress(OverflowError):  # years that only some zones' calendars have
            return local.astimezone(UTC)
        return local
    if not timezone:
        raise CourseError(
            f"{path}: key '{key}.due': {written.isoformat()} has no offset from UTC, and the "
            f'course no timezone: write {local.isoformat()}Z, or timezone = "Europe/Berlin" above'
        )
    try:
        return moment(local, zone_of(timezone))
    except UsageError as error:
        raise CourseError(f"{path}: key '{key}.due': {error}") from None
