"""A student's folder for one lab: made by `start`, found again by every other command.

::

    <lab>/
        README.md  <file>.py  test_public.py  …     the student's to read and edit
        .shardlab/lab/                              all of the lab as released, to go back to
        .shardlab/course.json                       where to submit, what signs receipts
        .shardlab/nonce                             of the student's challenge, if they have one
        .shardlab/state.json                        last check, hints, predictions, submissions

Where `.shardlab` or some of it is lost, `mending` makes it again around the student's file.
"""

import re
import shlex
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple, TypeVar

import msgspec

from grader.course import Course, Lab, load_lab, written_files
from grader.errors import CourseError, UsageError
from grader.evidence import PRACTICE
from grader.files.writing import kept_name, told_if_refused, write_whole
from grader.intake.inbox import absolute_inbox
from grader.intake.receipts import known_key
from grader.student.folders import OWN, has_lab, is_hand_out, lost_in, mend_of, not_found
from grader.text.times import zone_of, zone_problem

COURSE, _STATE = f"{OWN}/course.json", f"{OWN}/state.json"
_T = TypeVar("_T")
OWN_TESTS_MEND = "Without test_public.py, the tests as released are run: remove yours to have them"
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


class Checked(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many rubric items passed in the last check of the public tests, and of how many.

    `open` ones did not, and no work here would change that.
    """

    passed: int
    total: int
    open: int = 0


class State(msgspec.Struct):
    """The memory of a workspace between commands. None of it is graded."""

    last_failed: str = ""
    checked: Checked | None = None
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
        """Whether the public tests differ from those released; UsageError if they can't be read."""
        return self.public_tests() != self.lab.public_suite.read_bytes()

    def public_tests(self) -> bytes:
        """The content of the public tests as they are now; UsageError if they can't be read."""
        try:
            return self.public_suite.read_bytes()
        except OSError as error:
            why = error.strerror
            raise UsageError(
                f"{self.public_suite} can't be read: {why}. {OWN_TESTS_MEND}"
            ) from None

    @property
    def trace(self) -> Path:
        """The file that `shardlab capture` writes."""
        return self.file.with_suffix(".trace")

    @property
    def nonce(self) -> str:
        """The text that decides the student's challenge; the one for practice by default."""
        path = self.folder / OWN / "nonce"
        return path.read_text("utf-8").strip() if path.is_file() else PRACTICE

    @property
    def nonce_is_practice(self) -> bool:
        return self.nonce == PRACTICE

    @property
    def course(self) -> CourseFacts:
        """The facts of the course from when the workspace was made; empty if they are lost."""
        return _read(self.folder / COURSE, CourseFacts)

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
        write_whole(self.folder / _STATE, encoded(state))

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
            kept = kept_name(self.file)
            self.file.rename(kept)
        shutil.copyfile(self.lab.stub, self.file)
        return kept


def start(lab: Lab, parent: Path, nonce: str = "", course: Course | None = None) -> Workspace:
    """Makes the folder of a lab in `parent`, whole or not at all."""
    check_nonce(nonce)
    folder = parent / lab.slug
    if is_hand_out(folder):
        raise UsageError(
            f"{folder} is the hand-out itself, which stays as it is; go to where you want to work"
        )
    for around in (parent.absolute(), *parent.absolute().parents):
        if has_lab(around):
            raise UsageError(
                f"you are in a lab's folder; make the other one beside it:\n"
                f"  cd {shlex.quote(str(around.parent))} && shardlab start {lab.slug}"
            )
    if folder.exists():
        raise UsageError(
            f"{folder} is there already; go on in it, or bring the stub back with "
            f"'shardlab reset {lab.slug}'{lost_in(folder)}"
        )
    with told_if_refused():
        draft = Path(mkdtemp(prefix=f".{lab.slug}-", dir=parent))
        try:
            fill(draft, lab, nonce, course)
            draft.chmod(0o755)
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return Workspace(folder, lab)


def shown_files(lab: Lab) -> dict[str, bytes]:
    """The files of the lab that a student is to see, by their paths in the folder."""
    files = ((path, path.relative_to(lab.folder)) for path in written_files(lab.folder))
    return {
        relative.as_posix(): path.read_bytes()
        for path, relative in files
        if relative.parts[0] not in _NOT_SHOWN
    }


def find_workspace(start: Path, slug: str | None = None) -> Workspace:
    """The workspace at or above `start`, or the one named `slug`: a lab, or a path to or into it.

    A lab is looked for in `start` by its name, and else at or above it.
    """
    here = start.absolute()
    named = here / slug if slug else here
    if slug and has_lab(named):
        return workspace_in(named)
    if slug and (named.is_file() or ({"/", "."} & {*slug} and named.exists())):
        here, slug = named.resolve(), None
    for folder in (here, *here.parents):
        if has_lab(folder):
            found = workspace_in(folder)
            if slug in (None, found.lab.slug):
                return found
    raise UsageError(not_found(start.absolute(), named, slug))


def workspace_in(folder: Path) -> Workspace:
    """The workspace that the folder is; CourseError with the mend where its lab is damaged."""
    try:
        return Workspace(folder, load_lab(folder / OWN / "lab"))
    except CourseError as error:
        raise CourseError(*error.problems, mend_of(folder)) from None


def check_nonce(nonce: str) -> None:
    """Refuses what can't be a nonce; none at all is fine."""
    if nonce and not re.fullmatch("[0-9a-f]{32}", nonce):
        raise UsageError(f"a nonce is 32 digits of 0-9a-f, got {nonce[:40]!r}")


def fill(folder: Path, lab: Lab, nonce: str, course: Course | None) -> None:
    """Writes all of a workspace into the folder."""
    for member in written_files(lab.folder):
        relative = member.relative_to(lab.folder)
        _copy(member, folder / OWN / "lab" / relative)
        if relative.parts[0] not in _NOT_SHOWN:
            _copy(member, folder / relative)
    if nonce:
        (folder / OWN / "nonce").write_text(f"{nonce}\n")
    if course is not None:
        write_whole(folder / COURSE, encoded(facts_of(course)))


def facts_of(course: Course) -> CourseFacts:
    """What a workspace knows of its course."""
    inbox = absolute_inbox(course.inbox, course.root)
    return CourseFacts(course.name, inbox, known_key(course), course.timezone)


def encoded(facts: msgspec.Struct) -> bytes:
    """The content of a file of the hidden part."""
    return msgspec.json.format(msgspec.json.encode(facts))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _read(path: Path, kind: type[_T]) -> _T:
    """The file's content, or an empty one if it can't be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return kind()
