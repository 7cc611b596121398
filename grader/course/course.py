"""A course on disk: `course.toml`, and for each lab its assignment, suite and solutions.

::

    course.toml
    assignments/<slug>/   assignment.toml  hints.toml  README.md  <file>.py  test_public.py
                          evidence/*.py                             (where it has a trace)
    solutions/<slug>/     <file>.py  variants/*.py  mutants/*.py      (instructors only)
    tests/hidden/<slug>/  test_*.py                                   (instructors only)

What is written wrong there raises `CourseError`, which names the file, the key and what was
expected. Knows nothing of students, grades or sandboxes.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from grader.course.authored import tree_of
from grader.course.key import course_key
from grader.course.tables import Table, convert, read_table
from grader.errors import CourseError, UsageError

POINTS_OF_A_LAB = 100
HINTS_IN_A_LADDER = 3


class RubricItem(Table, frozen=True):
    """One line of a rubric: a fact about the student's work, and what it is worth."""

    item: str
    title: str
    points: int
    invariant: str
    nudge: str
    builds_on: tuple[str, ...] = ()


class Question(Table, frozen=True):
    """An ungraded question to answer before running, and its answer."""

    question: str
    answer: str


class LabLimits(Table, frozen=True):
    """What one submission may use. Its seconds are those in which it is at work, or asleep."""

    call_seconds: float = 2.0
    submission_seconds: float = 30.0
    memory_mb: int = 256


class Assignment(Table, frozen=True):
    """`assignment.toml`."""

    slug: str
    title: str
    order: int
    file: str
    minutes: int
    device: str
    goal: str
    invariants: dict[str, str]
    rubric: tuple[RubricItem, ...]
    preload: tuple[str, ...] = ("numpy",)
    limits: LabLimits = LabLimits()
    predict: tuple[Question, ...] = ()
    trace: bool = False  # whether a submission may come with one, of `shardlab capture`


class Deadline(Table, frozen=True):
    """`[deadlines.SLUG]` of `course.toml`: when a lab is due, and what lateness costs.

    Each day begun after due date and grace costs `per_day` of the lab's 100 points; what comes
    more than `cut_off_days` late counts 0. Of the attempts, the best counts or the last.
    """

    due: Annotated[datetime, msgspec.Meta(tz=True)]
    grace_minutes: Annotated[int, msgspec.Meta(ge=0)] = 0
    per_day: Annotated[int, msgspec.Meta(ge=0, le=POINTS_OF_A_LAB)] = 10
    cut_off_days: Annotated[int, msgspec.Meta(ge=0)] = 7
    counts: Literal["best", "last"] = "best"


class CourseFile(Table, frozen=True):
    """`course.toml`."""

    name: str
    labs: tuple[str, ...]
    deadlines: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    inbox: str = ""  # where `submit` delivers: a folder, or a file: URL
    receipt_key: str = ""  # in what is released: the public half of the key that signs receipts


class _Ladder(Table, frozen=True):
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Lab:
    """One lab, as its author wrote it. `folder` is what students get."""

    folder: Path
    assignment: Assignment

    @property
    def slug(self) -> str:
        return self.assignment.slug

    @property
    def rubric(self) -> tuple[RubricItem, ...]:
        return self.assignment.rubric

    @property
    def entry(self) -> str:
        """The module name a submission is imported under."""
        return Path(self.assignment.file).stem

    @property
    def stub(self) -> Path:
        return self.folder / self.assignment.file

    @property
    def public_suite(self) -> Path:
        return self.folder / "test_public.py"

    @cached_property
    def functions(self) -> Mapping[str, tuple[str, ...]]:
        """The functions the stub asks for, and the names of their parameters, in order."""
        return {
            node.name: tuple(arg.arg for arg in [*node.args.posonlyargs, *node.args.args])
            for node in tree_of(self.stub).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }

    @cached_property
    def hints(self) -> Mapping[str, tuple[str, ...]]:
        """The ladder of hints of each rubric item."""
        path = self.folder / "hints.toml"
        ladders = read_table(path, dict[str, _Ladder])
        _same_names(path, set(ladders), {each.item for each in self.rubric}, "a ladder of hints")
        for item, ladder in ladders.items():
            if len(ladder.hints) != HINTS_IN_A_LADDER:
                raise CourseError(
                    f"{path}: key '{item}.hints': expected {HINTS_IN_A_LADDER} hints, "
                    f"got {len(ladder.hints)}"
                )
        return {item: ladder.hints for item, ladder in ladders.items()}

    def item(self, name: str) -> RubricItem:
        return next(each for each in self.rubric if each.item == name)


@dataclass(frozen=True)
class Course:
    """A folder with a `course.toml`. Students' copies lack solutions and hidden suites."""

    root: Path
    name: str
    slugs: tuple[str, ...]
    inbox: str = ""
    receipt_key: str = ""
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)

    def lab(self, slug: str) -> Lab:
        """The lab of that name, read and checked; an unknown one is the caller's mistake."""
        if slug not in self.slugs:
            bundles = (
                "; two bundles were unzipped into one folder: give each a folder of its own"
                if (self.root / "assignments" / slug).is_dir()
                else ""
            )
            raise UsageError(
                f"no lab '{slug}' in this course; it has: {', '.join(self.slugs)}{bundles}"
            )
        lab = load_lab(self.root / "assignments" / slug)
        if lab.slug != slug:
            where = lab.folder / "assignment.toml"
            raise CourseError(f"{where}: key 'slug': expected '{slug}', got '{lab.slug}'")
        return lab

    def labs(self) -> list[Lab]:
        """All labs, in the order in which they are to be worked."""
        return sorted(map(self.lab, self.slugs), key=lambda lab: lab.assignment.order)

    def deadline(self, slug: str) -> Deadline | None:
        """When the lab is due; None where it never is late."""
        return self.deadlines.get(slug)

    def hidden_suite(self, lab: Lab) -> Path:
        """The folder of the lab's hidden tests; a student's copy of the course has none."""
        folder = self.root / "tests" / "hidden" / lab.slug
        if not any(folder.glob("test_*.py")):
            raise CourseError(
                f"{folder}: no test_*.py; grading needs the hidden suite, "
                "which only the instructor's copy of the course has"
            )
        return folder

    def solutions(self, lab: Lab) -> Path:
        return self.root / "solutions" / lab.slug

    def key(self) -> bytes:
        """The secret that hidden inputs are drawn from; see `grader.course.key`."""
        return course_key(self.root)


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
    course = read_table(root / "course.toml", CourseFile)
    deadlines = dict(_deadlines(root / "course.toml", course))
    return Course(root, course.name, course.labs, course.inbox, course.receipt_key, deadlines)


def load_lab(folder: Path) -> Lab:
    """The lab whose assignment lies in `folder`, checked."""
    path = folder / "assignment.toml"
    lab = Lab(folder, read_table(path, Assignment))
    for problem in _problems(lab):
        raise CourseError(f"{path}: {problem}")
    for needed in (lab.stub, lab.public_suite, folder / "README.md", folder / "hints.toml"):
        if not needed.is_file():
            raise CourseError(f"{needed}: missing; every lab has one")
    return lab


def suite_digest(lab: Lab, hidden: Path) -> str:
    """sha256 over everything of the lab that a result depends on, but the submission.

    That is the assignment, both suites with whatever files lie beside the hidden one, what
    verifies traces, and the stub, from which messages have the names of parameters.
    """
    digest = hashlib.sha256()
    suite, evidence = list(written_files(hidden)), list(written_files(lab.folder / "evidence"))
    for path in (lab.folder / "assignment.toml", lab.stub, lab.public_suite, *evidence, *suite):
        name = path.relative_to(hidden if path in suite else lab.folder).as_posix()
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def written_files(folder: Path) -> Iterator[Path]:
    """The files below the folder that an author wrote, in order: no caches, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "__")) for part in parts if part != "__init__.py")
        if path.is_file() and not hidden:
            yield path


def _deadlines(path: Path, course: CourseFile) -> Iterator[tuple[str, Deadline]]:
    for slug, table in course.deadlines.items():
        key = f"deadlines.{slug}"
        if slug not in course.labs:
            raise CourseError(f"{path}: key '{key}': no lab of that name in 'labs'")
        yield slug, convert(path, table, Deadline, key)


def _problems(lab: Lab) -> Iterator[str]:
    """What is wrong with an assignment beyond the types of its keys."""
    assignment = lab.assignment
    path = Path(assignment.file)
    if path.name != assignment.file or path.suffix != ".py" or not path.stem.isidentifier():
        yield f"key 'file': expected a module name like 'my_lab.py', got '{assignment.file}'"
    for name, limit in msgspec.structs.asdict(assignment.limits).items():
        if not 0 < limit < math.inf:
            yield f"key 'limits.{name}': expected a number above 0, got {limit}"
    yield from _rubric_problems(assignment)
    total = sum(each.points for each in assignment.rubric)
    if total != POINTS_OF_A_LAB:
        yield f"key 'rubric': points add up to {total}, expected {POINTS_OF_A_LAB}"


def _rubric_problems(assignment: Assignment) -> Iterator[str]:
    seen = set[str]()
    for number, each in enumerate(assignment.rubric):
        key = f"key 'rubric[{number}]"
        if each.item in seen:
            yield f"{key}.item': '{each.item}' stands twice"
        if each.points <= 0:
            yield f"{key}.points': expected a whole number above 0, got {each.points}"
        if each.invariant not in assignment.invariants:
            yield f"{key}.invariant': '{each.invariant}' is not one of [invariants]"
        for name in each.builds_on:
            if name not in seen:
                yield f"{key}.builds_on': expected an item that stands above, got '{name}'"
        seen.add(each.item)


def _same_names(path: Path, got: set[str], expected: set[str], what: str) -> None:
    if missing := sorted(expected - got):
        raise CourseError(f"{path}: rubric item '{missing[0]}' has no {what.removeprefix('a ')}")
    if extra := sorted(got - expected):
        raise CourseError(f"{path}: key '{extra[0]}': no rubric item of that name")
