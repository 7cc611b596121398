"""One lab of a course: what its author wrote, its hidden suite, and what a result depends on."""

import ast
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.course.assignment import Assignment, RubricItem, problems
from grader.course.authored import tree_of
from grader.course.key import Approve, course_key
from grader.course.tables import Table, read_table
from grader.errors import CourseError

HINTS_IN_A_LADDER = 3


class _Ladder(Table, frozen=True):
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Lab:
    """One lab, as its author wrote it. `folder` is what students get.

    `root` is the instructor's course; a student's copy has none. Suite and key are read once, so a
    command sees the lab as it was when the command began.
    """

    folder: Path
    assignment: Assignment
    root: Path | None = None
    approve: Approve | None = field(default=None, repr=False, compare=False)

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
        items = {each.item for each in self.rubric}
        for item in sorted(items - set(ladders)):
            raise CourseError(f"{path}: rubric item '{item}' has no ladder of hints")
        for item in sorted(set(ladders) - items):
            raise CourseError(f"{path}: key '{item}': no rubric item of that name")
        for item, ladder in ladders.items():
            if len(ladder.hints) != HINTS_IN_A_LADDER:
                raise CourseError(
                    f"{path}: key '{item}.hints': expected {HINTS_IN_A_LADDER} hints, "
                    f"got {len(ladder.hints)}"
                )
        return {item: ladder.hints for item, ladder in ladders.items()}

    def item(self, name: str) -> RubricItem:
        return next(each for each in self.rubric if each.item == name)

    def invariant_text(self, item: RubricItem) -> str:
        """`I3: what it says`, as hand-out and messages name it."""
        return f"{item.invariant}: {self.assignment.invariants[item.invariant]}"

    @cached_property
    def hidden_suite(self) -> Path:
        """The folder of the hidden tests; a student's copy of the course has none."""
        folder = self._course / "tests" / "hidden" / self.slug
        if not any(folder.glob("test_*.py")):
            raise CourseError(
                f"{folder}: no test_*.py; grading needs the hidden suite, "
                "which only the instructor's copy of the course has"
            )
        return folder

    @cached_property
    def key(self) -> bytes:
        """The secret that hidden inputs are drawn from; see `grader.course.key`."""
        return course_key(self._course, self.approve)

    @cached_property
    def suite_digest(self) -> str:
        """sha256 over everything of the lab that a result depends on, but the submission.

        That is the assignment, both suites with whatever files lie beside the hidden one, what
        verifies traces, and the stub, from which messages have the names of parameters.
        """
        digest = hashlib.sha256()
        own = (self.folder / "assignment.toml", self.stub, self.public_suite)
        named = [(self.folder, path) for path in (*own, *written_files(self.folder / "evidence"))]
        named += [(self.hidden_suite, path) for path in written_files(self.hidden_suite)]
        for folder, path in named:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    @property
    def stamp(self) -> str:
        """Names this suite with this course key; the key can't be found from it."""
        return hmac.digest(self.key, self.suite_digest.encode(), hashlib.sha256).hex()

    def seed(self, student: str) -> bytes:
        """The seed of this student's hidden inputs."""
        return hmac.digest(self.key, f"{self.slug}\0{student}".encode(), hashlib.sha256)

    @property
    def _course(self) -> Path:
        if self.root is None:
            raise CourseError(f"{self.folder}: a student's copy; only the course can be graded")
        return self.root

    def __getstate__(self) -> dict[str, Any]:
        """Fields only: another process reads suite and key itself, and no key goes on a wire."""
        own = (each.name for each in fields(self) if each.name != "approve")
        return {name: getattr(self, name) for name in own}


def load_lab(folder: Path, root: Path | None = None, approve: Approve | None = None) -> Lab:
    """The lab whose assignment lies in `folder`, checked."""
    path = folder / "assignment.toml"
    lab = Lab(folder, read_table(path, Assignment), root, approve)
    for problem in problems(lab.assignment):
        raise CourseError(f"{path}: {problem}")
    for needed in (lab.stub, lab.public_suite, folder / "README.md", folder / "hints.toml"):
        if not needed.is_file():
            raise CourseError(f"{needed}: missing; every lab has one")
    return lab


def written_files(folder: Path) -> Iterator[Path]:
    """The files below the folder that an author wrote, in order: no caches, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "__")) for part in parts if part != "__init__.py")
        if path.is_file() and not hidden:
            yield path
