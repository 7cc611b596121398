"""A student's folder for one lab: made by `start`, found again by every other command.

::

    <lab>/
        README.md  <file>.py  test_public.py  …     the student's to read and edit
        .shardlab/lab/                              all of the lab as released, to go back to
        .shardlab/course.json                       where to submit, what signs receipts
        .shardlab/state.json                        hints taken, predictions, submissions
"""

import itertools
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple, TypeVar

import msgspec

from grader.course import Course, Lab, load_lab, written_files
from grader.errors import UsageError
from grader.evidence import PRACTICE
from grader.files.writing import write_whole
from grader.intake.inbox import absolute_inbox
from grader.intake.receipts import known_key
from grader.text.times import zone_of, zone_problem

_OWN = ".shardlab"
_COURSE, _STATE = f"{_OWN}/course.json", f"{_OWN}/state.json"
_T = TypeVar("_T")
_NOT_SHOWN = ("assignment.toml", "hints.toml", "evidence")  # of the lab's folder


class CourseFacts(msgspec.Struct, frozen=True):
    """The facts that a workspace has of its course; a field is empty if the course lacks it."""

    name: str = ""
    inbox: str = ""
    receipt_key: str = ""
    timezone: str = ""


class Dispatch(msgspec.Struct, frozen=True):
    """One submission as it left this machine. `attempt` is a guess: staff number the attempts."""

    sha256: str
    at: datetime
    attempt: int
    delivered_to: str


class State(msgspec.Struct):
    """The memory of a workspace between commands. None of it is graded."""

    last_failed: str = ""
    hints_taken: dict[str, int] = msgspec.field(default_factory=dict)
    predictions: dict[str, str] = msgspec.field(default_factory=dict)
    student: str = ""
    sent: list[Dispatch] = msgspec.field(default_factory=list)


class Hint(NamedTuple):
    """Hint `number`, from 1 to `total`, of a rubric item's ladder."""

    item: str
    title: str
    number: int
    total: int
    text: str


@dataclass(frozen=True)
class Workspace:
    """A folder that `start` made."""

    folder: Path
    lab: Lab

    @property
    def file(self) -> Path:
        """The student's own file."""
        return self.folder / self.lab.assignment.file

    @property
    def public_suite(self) -> Path:
        """The student's public tests, edited or not; the released ones if those are gone."""
        own = self.folder / self.lab.public_suite.name
        return own if own.is_file() else self.lab.public_suite

    @property
    def public_suite_changed(self) -> bool:
        """Whether the public tests differ from those that were released."""
        return self.public_suite.read_bytes() != self.lab.public_suite.read_bytes()

    @property
    def trace(self) -> Path:
        """The file that `shardlab capture` writes."""
        return self.file.with_suffix(".trace")

    @property
    def nonce(self) -> str:
        """The text that decides the student's challenge; the one for practice by default."""
        path = self.folder / _OWN / "nonce"
        return path.read_text("utf-8").strip() if path.is_file() else PRACTICE

    @property
    def nonce_is_practice(self) -> bool:
        return self.nonce == PRACTICE

    @property
    def course(self) -> CourseFacts:
        """The facts of the course from when the workspace was made; empty if they are lost."""
        return _read(self.folder / _COURSE, CourseFacts)

    @property
    def zone(self) -> tzinfo:
        """The course's zone; UTC where it has none, or one that this machine does not know."""
        name = self.course.timezone
        return UTC if zone_problem(name) else zone_of(name)

    def state(self) -> State:
        """The state that was remembered; a new one if it can't be read."""
        return _read(self.folder / _STATE, State)

    def remember(self, state: State) -> None:
        """Writes the state, whole or not at all; UsageError if that fails."""
        write_whole(self.folder / _STATE, msgspec.json.format(msgspec.json.encode(state)))

    def next_hint(self, item: str) -> Hint | None:
        """The next hint for the item, or for what failed last; None where nothing did.

        The last one stays. An item that the lab has not raises UsageError.
        """
        state, hints = self.state(), self.lab.hints
        item = item or state.last_failed
        if not item:
            return None
        if item not in hints:
            raise UsageError(f"no rubric item '{item}'; there are: {', '.join(hints)}")
        ladder = hints[item]
        number = min(state.hints_taken.get(item, 0) + 1, len(ladder))
        return Hint(item, self.lab.item(item).title, number, len(ladder), ladder[number - 1])

    def remember_hint(self, hint: Hint) -> None:
        """Keeps that the hint was shown: the one after it is next."""
        state = self.state()
        state.hints_taken[hint.item] = hint.number
        self.remember(state)

    def reset(self) -> Path | None:
        """Brings the stub back; returns the new place of the student's file, if there was one."""
        kept = None
        if self.file.exists():
            names = (f"{self.file.name}.kept-{number}" for number in itertools.count(1))
            kept = next(path for path in map(self.file.with_name, names) if not path.exists())
            self.file.rename(kept)
        shutil.copyfile(self.lab.stub, self.file)
        return kept


def start(lab: Lab, parent: Path, nonce: str = "", course: Course | None = None) -> Workspace:
    """Makes the folder of a lab in `parent`, whole or not at all."""
    if nonce and not re.fullmatch("[0-9a-f]{32}", nonce):
        raise UsageError(f"a nonce is 32 digits of 0-9a-f, got {nonce[:40]!r}")
    folder = parent / lab.slug
    if folder.exists():
        raise UsageError(
            f"{folder} is there already; go on in it, or bring the stub back with "
            f"'shardlab reset {lab.slug}'"
        )
    draft = Path(mkdtemp(prefix=f".{lab.slug}-", dir=parent))
    try:
        for member in written_files(lab.folder):
            relative = member.relative_to(lab.folder)
            _copy(member, draft / _OWN / "lab" / relative)
            if relative.parts[0] not in _NOT_SHOWN:
                _copy(member, draft / relative)
        if nonce:
            (draft / _OWN / "nonce").write_text(f"{nonce}\n")
        if course is not None:
            inbox = absolute_inbox(course.inbox, course.root)
            facts = CourseFacts(course.name, inbox, known_key(course), course.timezone)
            (draft / _COURSE).write_bytes(msgspec.json.format(msgspec.json.encode(facts)))
        draft.chmod(0o755)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Workspace(folder, lab)


def find_workspace(start: Path, slug: str | None = None) -> Workspace:
    """The workspace at or above `start`, or the one named `slug` in it."""
    candidates = [start.absolute(), *start.absolute().parents]
    if slug is not None:
        candidates = [start.absolute() / slug, *candidates]
    for folder in candidates:
        lab_folder = folder / _OWN / "lab"
        if lab_folder.is_dir():
            lab = load_lab(lab_folder)
            if slug in (None, lab.slug):
                return Workspace(folder, lab)
    name = slug or "a lab"
    raise UsageError(
        f"no folder of {name} here; go to the folder that 'shardlab start' made, "
        f"or make one: shardlab start {slug or '<lab>'}"
    )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _read(path: Path, kind: type[_T]) -> _T:
    """The file's content, or an empty one if it can't be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return kind()
